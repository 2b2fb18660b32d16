import type { PlanProperties } from './contract.ts'
import { PLAN_TYPES, type Plan, type PlanType } from './store/index/types.ts'

/** Plan of a channel for which none was ever set. */
export const NO_PLAN: Plan = { enabled: false, type: 'none', days: 0, trialLeftMs: 0, changedMs: 0 }

/**
 * How long after a plan ended its open slices may still be completed: the device needs a moment to hear of it, and what
 * it recorded before should not be lost.
 */
export const COMPLETION_GRACE_MS = 30_000

export const trialSecondsLeft = (plan: Plan): number =>
  plan.type === 'trial' ? Math.max(0, Math.ceil(plan.trialLeftMs / 1000)) : 0

/** Whether a new slice may be started. */
export const permitsRecording = (plan: Plan): boolean =>
  plan.enabled && plan.type !== 'none' && (plan.type !== 'trial' || plan.trialLeftMs > 0)

/** Whether a slice that was started may still be appended to. */
export const permitsAppend = (plan: Plan, nowMs: number): boolean => {
  return permitsRecording(plan) || nowMs - plan.changedMs <= COMPLETION_GRACE_MS
}

/** Why nothing is to be recorded on a channel: which plan it has, and what of it is at an end. Undefined while a recording may start. */
export const planFault = (plan: Plan, channel: number): string | undefined => {
  if (permitsRecording(plan)) return undefined
  if (plan.type === 'none') return `channel ${channel} has no plan`
  const name = PLAN_NAMES[plan.type]
  if (!plan.enabled) return `the ${name} of channel ${channel} is switched off or has expired`
  return `the free trial of channel ${channel} is used up`
}

const PLAN_NAMES: Record<Exclude<PlanType, 'none'>, string> = {
  full: 'full-time plan',
  event: 'event plan',
  trial: 'free trial',
}

/** How long a closed slice that no event covers is kept under a plan that keeps only what events cover, from when it arrived. */
export const CLAIM_GRACE_MS = 24 * 3_600_000
/** So much recorded time may wait for its events at a time. */
export const UNCLAIMED_MAX_MS = 3_600_000

/** Whether a plan keeps only what events cover. */
export const keepsEventsOnly = (plan: Plan): boolean =>
  plan.type === 'event' || plan.type === 'trial'

/** The plan as devices know it: thing-model properties. A trial that is over is told as switched off. */
export const planProperties = (plan: Plan): PlanProperties => ({
  _sys_cs_status: permitsRecording(plan) ? 1 : 0,
  _sys_cs_type: PLAN_TYPES.indexOf(plan.type),
  _sys_cs_days: plan.days,
  _sys_cs_trial_sec: trialSecondsLeft(plan),
})

/** The plan as people know it. */
export type PlanView = {
  enabled: boolean
  type: PlanType
  days: number
  trialSecondsLeft: number
  recording: boolean
}

export const planView = (plan: Plan): PlanView => ({
  enabled: plan.enabled,
  type: plan.type,
  days: plan.days,
  trialSecondsLeft: trialSecondsLeft(plan),
  recording: permitsRecording(plan),
})
