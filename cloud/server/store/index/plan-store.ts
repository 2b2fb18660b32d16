export const PLAN_TYPES = ['none', 'full', 'event', 'trial'] as const
export type PlanType = (typeof PLAN_TYPES)[number]

export type Plan = {
  enabled: boolean
  type: PlanType
  /** look-back in days */
  days: number
  /** video that a free trial has left; 0 for other types */
  trialLeftMs: number
  changedMs: number
}

/** Plans in the index. Every call may be repeated. */
export type PlanStore = {
  plan(deviceId: number, channel: number): Promise<Plan | undefined>
  setPlan(deviceId: number, channel: number, plan: Plan): Promise<void>
  /** channels that have a plan or a slice, ascending */
  channels(deviceId: number): Promise<number[]>
}
