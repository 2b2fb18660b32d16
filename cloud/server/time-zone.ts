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
/** Far enough from midnight for the clocks to have changed, or not yet. */
const AROUND_MS = 4 * 3_600_000

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
  const offset = (utcMs: number) => zoneOffsetMs(utcMs, format)
  /**
   * UTC of the first moment of a date. Where the clocks skip midnight (São Paulo until 2018) the date begins an hour later, where
   * they go back at midnight it begins when that comes for good.
   */
  const midnight = (dateMs: number): number => {
    const aboutMs = dateMs - offset(dateMs)
    const found = [aboutMs - AROUND_MS, aboutMs + AROUND_MS].map((near) => dateMs - offset(near))
    const real = found.filter((atMs) => atMs + offset(atMs) === dateMs)
    return real.length > 0 ? Math.min(...real) : Math.max(...found)
  }
  const days: Day[] = []
  for (let at = Date.parse(fromDate); at <= Date.parse(toDate); at += DAY_MS)
    days.push({
      date: new Date(at).toISOString().slice(0, 10),
      startMs: midnight(at),
      endMs: midnight(at + DAY_MS),
    })
  return days
}
