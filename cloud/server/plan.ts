import type { PlanProperties } from './contract.ts'
import { PLAN_TYPES, type Plan, type PlanType } from './store/index/types.ts'

/** Plan of a channel for which none was ever set. */
export const NO_PLAN: Plan = { enabled: false, type: 'none', days: 0, trialEndsMs: 0, changedMs: 0 }

/**
 * How long after a plan ended its open slices may still be completed: the device needs a moment to hear of it, and what
 * it recorded before should not be lost.
 */
const COMPLETION_GRACE_MS = 30_000

const trialSecondsLeft = (plan: Plan, nowMs: number): number =>
  plan.type === 'trial' ? Math.max(0, Math.ceil((plan.trialEndsMs - nowMs) / 1000)) : 0

/** Whether a new slice may be started. */
export const permitsRecording = (plan: Plan, nowMs: number): boolean =>
  plan.enabled &&
  plan.type !== 'none' &&
  (plan.type !== 'trial' || trialSecondsLeft(plan, nowMs) > 0)

/** Whether a slice that was started may still be appended to. */
export const permitsAppend = (plan: Plan, nowMs: number): boolean => {
  if (permitsRecording(plan, nowMs)) return true
  const endedMs = plan.enabled && plan.type === 'trial' ? plan.trialEndsMs : plan.changedMs
  return nowMs - endedMs <= COMPLETION_GRACE_MS
}

/** The plan as devices know it: thing-model properties. A trial that is over is told as switched off. */
export const planProperties = (plan: Plan, nowMs: number): PlanProperties => ({
  _sys_cs_status: permitsRecording(plan, nowMs) ? 1 : 0,
  _sys_cs_type: PLAN_TYPES.indexOf(plan.type),
  _sys_cs_days: plan.days,
  _sys_cs_trial_sec: trialSecondsLeft(plan, nowMs),
})

/** The plan as people know it. */
export type PlanView = {
  enabled: boolean
  type: PlanType
  days: number
  trialSecondsLeft: number
  recording: boolean
}

export const planView = (plan: Plan, nowMs: number): PlanView => ({
  enabled: plan.enabled,
  type: plan.type,
  days: plan.days,
  trialSecondsLeft: trialSecondsLeft(plan, nowMs),
  recording: permitsRecording(plan, nowMs),
})
