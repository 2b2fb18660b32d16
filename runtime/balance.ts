import { CHANNEL_MAX } from './mqtt/messages.ts'
import type { AppPlan } from './plan/app-plan.ts'
import { iv_err_code_e } from './status.ts'
import type { System } from './system.ts'
import type { iv_cs_balance_info_s } from './types.ts'

const QUERY_TIMEOUT_MAX_S = 3600

export type BalanceOptions = {
  system: System
  replyMs(): number
  refuse(code: iv_err_code_e, message: string): iv_err_code_e
  /** the app is about to be asked: those who follow the plan must hear of what it says */
  onAsk(): void
}

/** The plans of the channels as getCsBalanceInfo tells them: from the cloud, or from the app where the chip has no MQTT. */
export class Balance {
  readonly #options: BalanceOptions
  /** set when the app tells the plan, not the cloud */
  app: AppPlan | undefined

  constructor(options: BalanceOptions) {
    this.#options = options
  }

  /** Asks the app for a channel's plan; false when it told nothing usable. */
  ask(channel: number, timeoutMs: number): boolean {
    const plan = this.app?.ask(channel, timeoutMs)
    if (plan) this.#options.system.plans?.set(channel, plan)
    return plan !== undefined
  }

  /** Fills in the plan. With `timeoutS` 0 the cached one, at once. */
  get(
    channel: number,
    info: iv_cs_balance_info_s,
    timeoutS: number,
  ): iv_err_code_e | Promise<iv_err_code_e> {
    const { system, refuse } = this.#options
    const { plans } = system
    if (!plans) return refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call sysInit first')
    if (info === null || typeof info !== 'object')
      return refuse(iv_err_code_e.IV_ERR_CS_INIT_PRM_NULL, 'no structure for the plan given')
    if (!Number.isInteger(channel) || channel < 0 || channel > CHANNEL_MAX)
      return refuse(
        iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
        `channel must be 0 to ${CHANNEL_MAX}, not ${channel}`,
      )
    if (!(timeoutS >= 0 && timeoutS <= QUERY_TIMEOUT_MAX_S))
      return refuse(
        iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
        `timeout_s must be 0 to ${QUERY_TIMEOUT_MAX_S} s, not ${timeoutS}`,
      )
    if (this.app?.isAsking)
      return refuse(
        iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE,
        'getCsBalanceInfo must not be called from within onGetBalance',
      )
    if (timeoutS === 0) return this.#cached(channel, info)
    const { IV_ERR_CS_QUERY_SERVICE_TIMEOUT: timeout } = iv_err_code_e
    if (this.app) {
      this.#options.onAsk()
      const answered = this.ask(channel, timeoutS * 1000)
      return Promise.resolve(
        answered
          ? this.#cached(channel, info)
          : refuse(timeout, 'onGetBalance told nothing usable'),
      )
    }
    return plans.query(channel, timeoutS * 1000).then((answered) => {
      if (answered) return this.#cached(channel, info)
      return refuse(timeout, system.lastError || `the cloud did not answer within ${timeoutS} s`)
    })
  }

  #cached(channel: number, info: iv_cs_balance_info_s): iv_err_code_e {
    const { system, replyMs, refuse } = this.#options
    const cached = system.plans?.get(channel)
    if (cached) {
      Object.assign(info, cached)
      return iv_err_code_e.IV_ERR_NONE
    }
    // asked for in the background, so that the next call finds it
    if (!this.app) void system.plans?.query(channel, replyMs())
    return refuse(iv_err_code_e.IV_ERR_CS_NO_BALANCE, 'the cloud has not told the plan yet')
  }
}
