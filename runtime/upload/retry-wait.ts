import type { Clock, Random, Timer } from '../clock.ts'
import { backoffMs } from './retry.ts'

/** The wait before another try: its length grows with each that fails, until one succeeds. */
export class RetryWait {
  readonly #clock: Clock
  readonly #random: Random
  readonly #over: () => void
  #timer: Timer | undefined
  /** the server has named the time */
  #isAsked = false
  #attempt = 0
  /** waits before another try since the start */
  retries = 0

  constructor(clock: Clock, random: Random, over: () => void) {
    this.#clock = clock
    this.#random = random
    this.#over = over
  }

  get isFirstTry(): boolean {
    return this.#attempt === 0
  }

  /** Something was tried anew without a wait. */
  tried(): void {
    this.#attempt++
  }

  succeeded(): void {
    this.#attempt = 0
  }

  /** As long as the server asks for, else with backoff. */
  backOff(askedMs?: number): number {
    this.retries++
    const waitMs = askedMs ?? backoffMs(this.#attempt++, this.#random)
    this.pause(waitMs, askedMs !== undefined)
    return waitMs
  }

  /** With a backoff of its own kind. */
  backOffLong(baseMs: number, capMs: number): void {
    this.retries++
    this.pause(backoffMs(this.#attempt++, this.#random, baseMs, capMs))
  }

  pause(ms: number, isAsked = false): void {
    this.#isAsked = isAsked
    this.#timer?.cancel()
    this.#timer = this.#clock.after(ms, this.#over)
  }

  /** No reason to wait longer, unless the server has asked for it: whether that ends the wait. */
  cutShort(): boolean {
    if (this.#isAsked) return false
    this.cancel()
    this.#attempt = 0
    return true
  }

  cancel(): void {
    this.#timer?.cancel()
  }
}
