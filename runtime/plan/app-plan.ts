import { errorText, type Logger } from '../log.ts'
import type {
  iv_cs_balance_answer_s,
  iv_cs_balance_info_s,
  iv_cs_init_func_cb_s,
} from '../types.ts'
import { NO_PLAN } from './rules.ts'

/**
 * The plan as the app tells it (onGetBalance), for a chip without MQTT whose neighbour has it. The app is asked every second and once per blocking
 * query; it is never asked from within its own answer.
 */
export class AppPlan {
  readonly #callback: NonNullable<iv_cs_init_func_cb_s['onGetBalance']>
  readonly #log: Logger
  #asking = false

  constructor(callback: NonNullable<iv_cs_init_func_cb_s['onGetBalance']>, log: Logger) {
    this.#callback = callback
    this.#log = log
  }

  get isAsking(): boolean {
    return this.#asking
  }

  /** The plan; NO_PLAN when the app says that there is no valid one; undefined when it says nothing usable. */
  ask(channel: number, timeoutMs: number): iv_cs_balance_info_s | undefined {
    if (this.#asking) return undefined
    const answer: iv_cs_balance_answer_s = { is_vaild: 0, balance: { ...NO_PLAN } }
    this.#asking = true
    try {
      this.#callback(channel, answer, timeoutMs)
    } catch (error) {
      this.#log.error(`onGetBalance threw: ${errorText(error)}`)
      return undefined
    } finally {
      this.#asking = false
    }
    return answer.is_vaild ? { ...answer.balance } : { ...NO_PLAN }
  }
}
