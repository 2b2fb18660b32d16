import { locale } from './i18n/index.ts'

/** Name of an IANA time zone. */
export type Zone = string

export const BROWSER_ZONE: Zone = Intl.DateTimeFormat().resolvedOptions().timeZone
export const DAY_MS = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (zone: Zone, key: string, options: Intl.DateTimeFormatOptions, tag = locale()) => {
  const name = `${tag} ${zone} ${key}`
  const known = formats.get(name)
  if (known) return known
  const made = new Intl.DateTimeFormat(tag, { ...options, timeZone: zone })
  formats.set(name, made)
  return made
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const

/** `14:03:09` */
export const timeText = (utcMs: number, zone: Zone): string =>
  format(zone, 'seconds', { ...CLOCK, second: '2-digit' }).format(utcMs)

/** `14:03` */
export const minuteText = (utcMs: number, zone: Zone): string =>
  format(zone, 'minutes', CLOCK).format(utcMs)

/** `Tue, 24 Nov 2026` */
export const dateText = (utcMs: number, zone: Zone): string =>
  format(zone, 'date', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(utcMs)

/** `24 Nov` */
export const shortDateText = (utcMs: number, zone: Zone): string =>
  format(zone, 'short', { day: 'numeric', month: 'short' }).format(utcMs)

/** `November 2026` */
export const monthText = (utcMs: number, zone: Zone): string =>
  format(zone, 'month', { month: 'long', year: 'numeric' }).format(utcMs)

/** `24 Nov 14:03:09` */
export const momentText = (utcMs: number, zone: Zone): string =>
  `${shortDateText(utcMs, zone)} ${timeText(utcMs, zone)}`

/** `2026-11-24` */
export const isoDate = (utcMs: number, zone: Zone): string => {
  const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
  return format(zone, 'iso', options, 'en-GB').format(utcMs).split('/').reverse().join('-')
}

/** The date so many days later (or earlier). */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * DAY_MS).toISOString().slice(0, 10)

/** How far the zone's wall clock is ahead of UTC at a moment. */
const offsetMs = (utcMs: number, zone: Zone): number => {
  const clock = format(zone, 'clock', { ...CLOCK, second: '2-digit' }, 'en-GB').format(utcMs)
  const wallMs = Date.parse(`${isoDate(utcMs, zone)}T${clock}Z`)
  return wallMs - Math.floor(utcMs / 1000) * 1000
}

/** UTC of a wall-clock time of a zone; the offset is asked for twice since the clocks may change on the way. */
export const fromWall = (wallMs: number, zone: Zone): number =>
  wallMs - offsetMs(wallMs - offsetMs(wallMs, zone), zone)

/** UTC of the midnight that begins a date. */
export const midnight = (date: string, zone: Zone): number => fromWall(Date.parse(date), zone)

/** A day of a zone: 23 or 25 hours when the clocks change in it. */
export const daySpan = (date: string, zone: Zone): { fromMs: number; toMs: number } => ({
  fromMs: midnight(date, zone),
  toMs: midnight(addDays(date, 1), zone),
})

/** Wall-clock text for an `<input type="datetime-local">`, and back. */
export const toInput = (utcMs: number, zone: Zone): string => {
  const clock = format(zone, 'clock', { ...CLOCK, second: '2-digit' }, 'en-GB').format(utcMs)
  return `${isoDate(utcMs, zone)}T${clock}`
}
export const fromInput = (text: string, zone: Zone): number => {
  const wallMs = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`)
  return Number.isNaN(wallMs) ? Number.NaN : fromWall(wallMs, zone)
}
