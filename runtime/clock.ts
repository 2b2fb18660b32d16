/** A timer that can be called off. */
export type Timer = { cancel(): void }

/** Time and timers, injected everywhere so that tests run on a fake clock. */
export type Clock = {
  /** UTC, ms; may be stepped by NTP or by hand */
  nowMs(): number
  /** monotonic, ms; never stepped, arbitrary origin */
  monoMs(): number
  /** Calls `run` once after `delayMs`. */
  after(delayMs: number, run: () => void): Timer
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monoMs: () => performance.now(),
  after(delayMs, run) {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Uniform in [0, 1). */
export type Random = () => number

/** NTP slews by at most 500 ppm, 30 ms a minute; what is off by more than this between two looks was a step. */
export const STEP_MIN_MS = 500

/**
 * Finds steps of the wall clock by comparing it with the monotonic one. PTS are never used for this: a camera's clock drifts,
 * is reset, and is not ours to judge by.
 */
export class StepWatch {
  readonly #clock: Clock
  #offsetMs: number
  /** grows by one with every step */
  epoch = 0
  /** size of the last step, ms; positive is forward */
  lastStepMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.nowMs() - clock.monoMs()
  }

  /** Looks at both clocks; true when the wall clock was stepped since the last look. Slewing is followed silently. */
  look(): boolean {
    const offsetMs = this.#clock.nowMs() - this.#clock.monoMs()
    const stepMs = offsetMs - this.#offsetMs
    this.#offsetMs = offsetMs
    if (Math.abs(stepMs) < STEP_MIN_MS) return false
    this.epoch++
    this.lastStepMs = stepMs
    return true
  }
}

/**
 * UTC of frames by their timestamps: start of the stream + (pts − first pts), never the time of arrival, so that a burst of pre-recorded
 * frames, a stalled caller or a slow network do not move the labels.
 */
export class StreamClock {
  #startUtcMs = 0
  #startPtsMs = 0
  #started = false

  get started(): boolean {
    return this.#started
  }

  start(utcMs: number, ptsMs: number): void {
    this.#startUtcMs = utcMs
    this.#startPtsMs = ptsMs
    this.#started = true
  }

  stop(): void {
    this.#started = false
  }

  utcMs(ptsMs: number): number {
    return this.#startUtcMs + (ptsMs - this.#startPtsMs)
  }
}
