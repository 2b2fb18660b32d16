import type { Clock } from '../clock.ts'

/** A measurement is taken once so many bytes or so much busy time have gathered. */
const FOLD_BYTES = 128 * 1024
const FOLD_MS = 500
/** Share of the newest measurement. */
const NEWEST = 0.3

/**
 * What the line carries: acknowledged bytes by the time in which at least one request was under way. Idle time does not count, the wait for answers does,
 * so the figure is what uploads get of the line, not what it could do at best.
 */
export class Throughput {
  readonly #clock: Clock
  #underWay = 0
  #sinceMs = 0
  #busyMs = 0
  #bytes = 0
  #bytesPerS = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Bytes per second; 0 before the first measurement. */
  get bytesPerS(): number {
    return this.#bytesPerS
  }

  began(): void {
    this.#pass()
    this.#underWay++
  }

  /** A request has ended; `bytes` were acknowledged. */
  ended(bytes: number): void {
    this.#pass()
    this.#underWay--
    this.#bytes += bytes
    if (this.#bytes < FOLD_BYTES && this.#busyMs < FOLD_MS) return
    const measured = (this.#bytes * 1000) / Math.max(this.#busyMs, 1)
    this.#bytesPerS =
      this.#bytesPerS === 0 ? measured : this.#bytesPerS + (measured - this.#bytesPerS) * NEWEST
    this.#busyMs = 0
    this.#bytes = 0
  }

  #pass(): void {
    const nowMs = this.#clock.monoMs()
    if (this.#underWay > 0) this.#busyMs += nowMs - this.#sinceMs
    this.#sinceMs = nowMs
  }
}
