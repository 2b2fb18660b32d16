/** Below this a time counts back from now, above it is UTC; exactly this is neither (specification, startCsEventExt). */
export const RELATIVE_BELOW_S = 300
/** A device's clock may be off by so much (specification, note 15); what is later than that lies in the future. */
export const FUTURE_MAX_MS = 60_000
const UINT32_MAX = 0xffff_ffff

export type EventTimes = { eventMs: number; streamMs: number }

const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= UINT32_MAX

/**
 * The two times of one `_ext` call as UTC. Both are seconds ago, or both are UTC seconds; the start and the stop of an event
 * may differ in that.
 */
export const resolveTimes = (
  eventS: number,
  streamS: number,
  nowMs: number,
): EventTimes | { fault: string } => {
  for (const [name, value] of [
    ['event', eventS],
    ['stream', streamS],
  ] as const) {
    if (!isTime(value))
      return { fault: `the ${name} time must be a whole number of seconds, not ${String(value)}` }
    if (value === RELATIVE_BELOW_S)
      return { fault: `the ${name} time is ${value} s: below it is relative, above it is UTC` }
    if (value > RELATIVE_BELOW_S && value * 1000 > nowMs + FUTURE_MAX_MS)
      return { fault: `the ${name} time ${value} s lies in the future` }
  }
  const isRelative = eventS < RELATIVE_BELOW_S
  if (isRelative !== streamS < RELATIVE_BELOW_S)
    return {
      fault: `event time (${eventS} s) and stream time (${streamS} s) must both be relative or both UTC`,
    }
  return isRelative
    ? { eventMs: nowMs - eventS * 1000, streamMs: nowMs - streamS * 1000 }
    : { eventMs: eventS * 1000, streamMs: streamS * 1000 }
}
