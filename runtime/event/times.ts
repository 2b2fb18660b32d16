import { type Clock, STEP_MIN_MS } from '../clock.ts'

/** Below this a time counts back from now, above it is UTC; exactly this is neither (specification, startCsEventExt). */
export const RELATIVE_BELOW_S = 300
/** A device's clock may be off by so much (specification, note 15); what is later than that lies in the future. */
export const FUTURE_MAX_MS = 60_000
const UINT32_MAX = 0xffff_ffff

export type EventTimes = { eventMs: number; streamMs: number }

/** How the wall clock lay to the monotonic one at a moment. */
export type ClockMoment = { offsetMs: number; monoMs: number }

export const clockMoment = (clock: Clock): ClockMoment => {
  const monoMs = clock.monoMs()
  return { offsetMs: clock.nowMs() - monoMs, monoMs }
}

/** NTP slews by at most so much. */
const SLEW = 500e-6

/** By how much the wall clock was stepped since a moment; slewing is none. */
export const stepSince = (clock: Clock, { offsetMs, monoMs }: ClockMoment): number => {
  const now = clockMoment(clock)
  const stepMs = now.offsetMs - offsetMs
  return Math.abs(stepMs) < STEP_MIN_MS + (now.monoMs - monoMs) * SLEW ? 0 : stepMs
}

const isTime = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= UINT32_MAX

/**
 * The two times of one `_ext` call as UTC. Both are seconds ago, or both are UTC seconds; the start and the stop of an event
 * may differ in that.
 * @param nowMs by the clock of the event's start
 * @param stepMs by how much the clock was stepped since; a time of the clock of now is moved back by it
 */
export const resolveTimes = (
  eventS: number,
  streamS: number,
  nowMs: number,
  stepMs = 0,
): EventTimes | { fault: string } => {
  for (const [name, value] of [
    ['event', eventS],
    ['stream', streamS],
  ] as const) {
    if (!isTime(value))
      return { fault: `the ${name} time must be a whole number of seconds, not ${String(value)}` }
    if (value === RELATIVE_BELOW_S)
      return { fault: `the ${name} time is ${value} s: below it is relative, above it is UTC` }
    if (value > RELATIVE_BELOW_S && value * 1000 > nowMs + Math.max(stepMs, 0) + FUTURE_MAX_MS)
      return { fault: `the ${name} time ${value} s lies in the future` }
  }
  const isRelative = eventS < RELATIVE_BELOW_S
  if (isRelative !== streamS < RELATIVE_BELOW_S)
    return {
      fault: `event time (${eventS} s) and stream time (${streamS} s) must both be relative or both UTC`,
    }
  return isRelative
    ? { eventMs: nowMs - eventS * 1000, streamMs: nowMs - streamS * 1000 }
    : {
        eventMs: inEpoch(eventS * 1000, nowMs, stepMs),
        streamMs: inEpoch(streamS * 1000, nowMs, stepMs),
      }
}

/** A UTC that may be of the clock before a step or of the one after it, by the clock before: it is the reading that lies nearer to now. */
const inEpoch = (utcMs: number, nowMs: number, stepMs: number): number =>
  Math.abs(utcMs - stepMs - nowMs) < Math.abs(utcMs - nowMs) ? utcMs - stepMs : utcMs
