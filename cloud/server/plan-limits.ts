import type { Catalog } from './catalog.ts'
import { ApiError } from './errors.ts'
import type { EventService } from './events/events.ts'
import { planFault, UNCLAIMED_MAX_MS } from './plan.ts'
import type { Registry } from './registry.ts'
import { SLICE_MAX_MS } from './slice.ts'
import type { Device, IndexStore, Plan } from './store/index/types.ts'

export type PlanLimitsParts = {
  index: IndexStore
  registry: Registry
  catalog: Catalog
  events: Pick<EventService, 'endTrial'>
  now: () => number
}

const seconds = (ms: number): string => `${Math.ceil(ms / 1000)} s`

/**
 * What a plan allows is asked when a slice is to begin. Under an event plan or a trial the slice is taken whether an event is known or not, as
 * a device may tell of an event after its video; how much may wait so is limited.
 */
export class PlanLimits {
  constructor(private readonly parts: PlanLimitsParts) {}

  /** Throws 402 with the plan and its limit unless a slice may begin. */
  async check(device: Device, channel: number): Promise<void> {
    const { index } = this.parts
    const plan = await this.#planThatRuns(device, channel)
    if (plan.type === 'full') return
    const waitingMs = await index.claims.waitingMs(device.id, channel)
    if (plan.type === 'trial') await this.#checkTrial(device, channel, plan, waitingMs)
    else if (waitingMs >= UNCLAIMED_MAX_MS)
      throw limit(
        `the event plan of channel ${channel} keeps what events cover: ${seconds(waitingMs)} that none covers wait already (at most ${seconds(UNCLAIMED_MAX_MS)})`,
      )
  }

  async #planThatRuns(device: Device, channel: number): Promise<Plan> {
    const plan = await this.parts.registry.plan(device, channel)
    const ended = planFault(plan, channel)
    if (ended !== undefined) throw new ApiError(402, 'no_plan', ended)
    return plan
  }

  /** The seconds of a trial are taken when its events end; what is recorded for them before that counts too. */
  async #checkTrial(device: Device, channel: number, plan: Plan, waitingMs: number): Promise<void> {
    const usedMs = await this.#runningMs(device, channel)
    if (usedMs + waitingMs < plan.trialLeftMs) return
    if (usedMs > 0) {
      await this.parts.events.endTrial(device, channel)
      await this.#planThatRuns(device, channel)
    }
    throw limit(
      `the free trial of channel ${channel} has ${seconds(plan.trialLeftMs)} left, and ${seconds(waitingMs)} that no event covers wait already`,
    )
  }

  /** Recorded time of the events that run. */
  async #runningMs(device: Device, channel: number): Promise<number> {
    const { index, catalog, now } = this.parts
    const running = await index.events.running(device.id)
    const starts = running.filter((event) => event.channel === channel && !event.isMoment)
    if (starts.length === 0) return 0
    const fromMs = Math.min(...starts.map((event) => event.videoStartMs))
    const toMs = now() + SLICE_MAX_MS
    if (fromMs >= toMs) return 0
    const range = { deviceId: device.id, channel, fromMs, toMs }
    const recorded = await catalog.timeline(range, 0)
    return recorded.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  }
}

const limit = (message: string): ApiError => new ApiError(402, 'plan_limit', message)
