import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'

/** Bytes wait and none is acknowledged for so long: told of, if nothing was before. */
export const STALE_MS = 30_000

export type OutageOptions = {
  clock: Clock
  log: Logger
  /** the line: no answer, or one of something that is not the cloud */
  onConnectFail(reason: string): void
  onConnectRecover(): void
  /** the cloud answers, and cannot take uploads */
  onServiceWrong(reason: string): void
}

/** What is told of while uploads do not get through: each thing once per outage, which only acknowledged bytes end. */
export class Outage {
  readonly #options: OutageOptions
  #isLineDown = false
  #isServiceWrong = false
  #isStale = false
  #misconfigured = ''
  /** when bytes were acknowledged last, or none were waiting */
  #wellMs: number

  constructor(options: OutageOptions) {
    this.#options = options
    this.#wellMs = options.clock.monoMs()
  }

  /** How long bytes have been waiting without an acknowledgement. */
  get waitingMs(): number {
    return this.#options.clock.monoMs() - this.#wellMs
  }

  answered(): void {
    if (!this.#isLineDown) return
    this.#isLineDown = false
    this.#options.onConnectRecover()
  }

  unanswered(reason: string): void {
    if (this.#isLineDown) return
    this.#isLineDown = true
    this.#options.onConnectFail(reason)
  }

  wrong(reason: string): void {
    if (this.#isServiceWrong) return
    this.#isServiceWrong = true
    this.#options.log.warn(`the cloud cannot take uploads: ${reason}`)
    this.#options.onServiceWrong(reason)
  }

  misconfigured(reason: string): void {
    if (this.#misconfigured === reason) return
    this.#misconfigured = reason
    this.#options.log.error(`uploads cannot go to the cloud as it is configured: ${reason}`)
  }

  /** Bytes were acknowledged: whatever failed before is over. An answer to HEAD or POST alone is no progress. */
  progress(): void {
    this.#isServiceWrong = false
    this.#isStale = false
    this.#misconfigured = ''
    this.#wellMs = this.#options.clock.monoMs()
  }

  /** Nothing waits, or nothing may be sent. */
  rest(): void {
    this.#wellMs = this.#options.clock.monoMs()
  }

  /** Bytes wait; `answers` when the cloud has answered what was asked last. */
  look(answers: boolean, reason: string): void {
    if (this.#isStale || this.waitingMs < STALE_MS) return
    this.#isStale = true
    const text = `no acknowledgement for ${STALE_MS / 1000} s${reason ? `: ${reason}` : ''}`
    this.#options.log.warn(text)
    if (this.#isLineDown || this.#isServiceWrong) return
    if (answers) this.wrong(text)
    else this.unanswered(text)
  }
}
