import { t } from './i18n/index.ts'

/** `3 h 05 min`, `4 min 10 s`, `12 s` */
export const durationText = (ms: number): string => {
  const s = Math.round(ms / 1000)
  if (s < 60) return t('unit.seconds', { s })
  if (s < 3600 && s % 60 === 0) return t('unit.whole-minutes', { m: s / 60 })
  if (s < 3600) return t('unit.minutes', { m: Math.floor(s / 60), s: s % 60 })
  if (s < 86_400 && s % 3600 === 0) return t('unit.whole-hours', { h: s / 3600 })
  const m = String(Math.floor((s % 3600) / 60)).padStart(2, '0')
  if (s < 86_400) return t('unit.hours', { h: Math.floor(s / 3600), m })
  return t('unit.days', { d: Math.floor(s / 86_400), h: Math.floor((s % 86_400) / 3600) })
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `12.4 MiB` */
export const bytesText = (bytes: number): string => {
  let at = 0
  let value = bytes
  while (value >= 1024 && at < UNITS.length - 1) {
    value /= 1024
    at++
  }
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`
}
