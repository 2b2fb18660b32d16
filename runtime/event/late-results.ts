import type { iv_cs_event_result_info } from '../types.ts'
import type { CloudEvent } from './event.ts'

/** Events that are waited for at most: with more of them the oldest is given up. */
export const LATE_RESULTS_MAX = 64

/** Events that were told of as failed because their video was not at the cloud in time. The app hears of each that is complete after all. */
export class LateResults {
  readonly #waiting = new Set<CloudEvent>()
  readonly #tell: (info: iv_cs_event_result_info) => void

  constructor(tell: (info: iv_cs_event_result_info) => void) {
    this.#tell = tell
  }

  /** The event has had its result. */
  keep(event: CloudEvent): void {
    if (event.isSuccess || !event.mayComplete) return
    this.#waiting.add(event)
    const [oldest] = this.#waiting
    if (this.#waiting.size > LATE_RESULTS_MAX && oldest) this.#waiting.delete(oldest)
  }

  /** Called about once a second. */
  tick(): void {
    for (const event of this.#waiting) {
      if (!event.isCompleteByNow) continue
      this.#waiting.delete(event)
      this.#tell({ ...event.result, result_code: 1 })
    }
  }

  /** The module is left, or what was recorded is destroyed. */
  clear(): void {
    this.#waiting.clear()
  }
}
