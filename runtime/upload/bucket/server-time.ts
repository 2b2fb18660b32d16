import type { Clock } from '../../clock.ts'

/** Stores refuse signatures that are more than 15 minutes off; an offset below this is not worth correcting. */
const OFFSET_MIN_MS = 1000

/**
 * Time for signatures. A store refuses what is signed at a time that is far from its own, so its time is learned from its answers and goes on by the
 * monotonic clock: a device that has none is right from the second request on, and one whose clock is set later stays so.
 */
export class ServerTime {
  readonly #clock: Clock
  /** server time minus monotonic time, once it was needed */
  #baseMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  nowMs(): number {
    return this.#baseMs === undefined ? this.#clock.nowMs() : this.#baseMs + this.#clock.monoMs()
  }

  /** How far the device's clock is behind the store's; 0 while nothing was learned. */
  get offsetMs(): number {
    return Math.round(this.nowMs() - this.#clock.nowMs())
  }

  /** Takes the store's time. False when it says nothing new: signing anew would not help. */
  learn(serverMs: number): boolean {
    const before = this.nowMs()
    if (!Number.isFinite(serverMs) || Math.abs(serverMs - before) < OFFSET_MIN_MS) return false
    this.#baseMs = serverMs - this.#clock.monoMs()
    return true
  }
}
