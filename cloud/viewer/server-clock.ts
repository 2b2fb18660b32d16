/** What was measured is believed for so long: clocks are set, and machines sleep. */
const AGE_MAX_MS = 60_000

let offsetMs = 0
let tripMs = Number.POSITIVE_INFINITY
let measuredMs = 0

/** Learns from an answer how far the server's clock is ahead. A quick answer says it better than a slow one. */
export const noteServerTime = (serverMs: number, askedMs: number, answeredMs: number): void => {
  const isFresh = Math.abs(answeredMs - measuredMs) < AGE_MAX_MS
  if (isFresh && answeredMs - askedMs > tripMs) return
  tripMs = answeredMs - askedMs
  offsetMs = serverMs - (askedMs + answeredMs) / 2
  measuredMs = answeredMs
}

/** The time by the clock that cameras are set by; that of the browser's machine may be wrong by minutes. */
export const serverNowMs = (): number => Date.now() + offsetMs
