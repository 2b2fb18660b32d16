import type { PlanProperties } from '../mqtt/messages.ts'
import { type iv_cs_balance_info_s, iv_cs_type_e } from '../types.ts'

/** What the device assumes before the cloud has said anything. */
export const NO_PLAN: Readonly<iv_cs_balance_info_s> = {
  cs_switch: 0,
  cs_days: 0,
  cs_type: iv_cs_type_e.CS_TYPE_NONE,
  free_trial_remaining_sec: 0,
}

/** The plan of a device that has no cloud: what it records is kept for as long as its owner likes. */
export const ALWAYS: Readonly<iv_cs_balance_info_s> = {
  cs_switch: 1,
  cs_days: 0,
  cs_type: iv_cs_type_e.CS_TYPE_FULL_TIME,
  free_trial_remaining_sec: 0,
}

/** The wire's properties as the structure of the API. */
export const balanceOf = (plan: PlanProperties): iv_cs_balance_info_s => ({
  cs_switch: plan._sys_cs_status,
  cs_days: plan._sys_cs_days,
  cs_type: plan._sys_cs_type as iv_cs_type_e,
  free_trial_remaining_sec: plan._sys_cs_trial_sec,
})

export const isSame = (a: iv_cs_balance_info_s, b: iv_cs_balance_info_s): boolean =>
  a.cs_switch === b.cs_switch &&
  a.cs_days === b.cs_days &&
  a.cs_type === b.cs_type &&
  a.free_trial_remaining_sec === b.free_trial_remaining_sec

/** Record all the time? Only the full-time plan starts and stops recording by itself (specification, note 13). */
export const permitsFullTime = (plan: iv_cs_balance_info_s): boolean =>
  plan.cs_switch === 1 && plan.cs_type === iv_cs_type_e.CS_TYPE_FULL_TIME

/** Record what events ask for? A full-time plan covers them; a trial does while it has seconds left. */
export const permitsEvents = (plan: iv_cs_balance_info_s): boolean => {
  if (plan.cs_switch !== 1) return false
  if (plan.cs_type === iv_cs_type_e.CS_TYPE_FREE_TRIAL) return plan.free_trial_remaining_sec > 0
  return plan.cs_type !== iv_cs_type_e.CS_TYPE_NONE
}
