/** How far a zone's wall clock is ahead of UTC at a moment, in ms. */
const zoneOffsetMs = (utcMs: number, format: Intl.DateTimeFormat): number => {
  const parts = Object.fromEntries(
    format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]),
  ) as Record<string, number>
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second)
  return wallMs - Math.floor(utcMs / 1000) * 1000
}

export const isTimeZone = (name: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Calendar day, `2026-11-24`. */
export type Day = { date: string; startMs: number; endMs: number }

const DAY_MS = 86_400_000

/**
 * Days of a zone from one date to another, both included, each with the UTC interval that it covers: 23 or 25 hours
 * when the clocks change in it.
 */
export const localDays = (fromDate: string, toDate: string, timeZone: string): Day[] => {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  /** UTC of the midnight that begins a date; the offset is asked for twice since it may change on the way. */
  const midnight = (dateMs: number): number =>
    dateMs - zoneOffsetMs(dateMs - zoneOffsetMs(dateMs, format), format)
  const days: Day[] = []
  for (let at = Date.parse(fromDate); at <= Date.parse(toDate); at += DAY_MS)
    days.push({
      date: new Date(at).toISOString().slice(0, 10),
      startMs: midnight(at),
      endMs: midnight(at + DAY_MS),
    })
  return days
}
