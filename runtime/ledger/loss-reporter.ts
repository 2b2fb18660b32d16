import type { Clock } from '../clock.ts'
import { type ClockEpoch, type LossReport, ReplyCode } from '../mqtt/messages.ts'
import type { Reply } from '../mqtt/session.ts'
import type { Ledger } from './ledger.ts'

/** Losses are told of once they have not grown for so long, or in any case after so much longer. */
const QUIET_MS = 3000
const REPORT_TIMEOUT_MS = 30_000
/** A cloud that does not take a report is not asked at every tick. */
const RETRY_MS = 15_000

export type LossReporterOptions = {
  ledger: Ledger
  clock: Clock
  isOnline(): boolean
  tell(params: LossReport, timeoutMs: number): Promise<Reply | undefined>
  tellClock(params: ClockEpoch, timeoutMs: number): Promise<Reply | undefined>
}

/** Tells the cloud what is missing, until it has taken it: a report may arrive twice, and says the same then. */
export class LossReporter {
  readonly #options: LossReporterOptions
  #isAsking = false
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #seen = ''
  #clockNotBeforeMs = Number.NEGATIVE_INFINITY

  constructor(options: LossReporterOptions) {
    this.#options = options
  }

  /** Called about once a second. */
  tick(): void {
    const { ledger, clock, isOnline } = this.#options
    if (this.#isAsking || !isOnline()) return
    const nowMs = clock.monoMs()
    const { shiftReport, report } = ledger
    if (shiftReport && nowMs >= this.#clockNotBeforeMs) {
      void this.#sendClock(shiftReport)
      return
    }
    if (!report) return
    const looks = JSON.stringify(report)
    if (looks !== this.#seen) {
      // what grows by the frame is not told of by the frame
      if (this.#seen === '' || nowMs < this.#notBeforeMs)
        this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs + QUIET_MS)
      this.#seen = looks
    }
    if (nowMs >= this.#notBeforeMs) void this.#send(report)
  }

  async #sendClock(report: ClockEpoch): Promise<void> {
    const { ledger, clock, tellClock } = this.#options
    this.#isAsking = true
    const reply = await tellClock(report, REPORT_TIMEOUT_MS)
    this.#isAsking = false
    if (reply?.code === ReplyCode.ok) ledger.shiftsTold(report)
    else this.#clockNotBeforeMs = clock.monoMs() + RETRY_MS
  }

  async #send(report: LossReport): Promise<void> {
    const { ledger, clock, tell } = this.#options
    this.#isAsking = true
    const reply = await tell(report, REPORT_TIMEOUT_MS)
    this.#isAsking = false
    if (reply?.code === ReplyCode.ok) {
      ledger.reported(report)
      this.#seen = ''
      this.#notBeforeMs = Number.NEGATIVE_INFINITY
    } else this.#notBeforeMs = clock.monoMs() + RETRY_MS
  }
}
