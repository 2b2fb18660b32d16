/** People think in their own time, logs in UTC; the page shows either. */
export type Zone = 'local' | 'utc'

const LOCAL = Intl.DateTimeFormat().resolvedOptions().timeZone

export const zoneName = (zone: Zone): string => (zone === 'utc' ? 'UTC' : LOCAL)

const formats = new Map<string, Intl.DateTimeFormat>()

const format = (zone: Zone, key: string, options: Intl.DateTimeFormatOptions) => {
  const name = `${zone} ${key}`
  const known = formats.get(name)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zoneName(zone) })
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

/** `Tue 24 Nov 2026` */
export const dateText = (utcMs: number, zone: Zone): string =>
  format(zone, 'date', {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  }).format(utcMs)

/** `2026-11-24` */
export const isoDate = (utcMs: number, zone: Zone): string => {
  const parts = format(zone, 'iso', { year: 'numeric', month: '2-digit', day: '2-digit' })
  return parts.format(utcMs).split('/').reverse().join('-')
}

/** The date so many days later (or earlier). */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10)

/** `3 h 05 min`, `4 min 10 s`, `12 s` */
export const durationText = (ms: number): string => {
  const s = Math.round(ms / 1000)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} min`
}
