import { createRoute, z } from '@hono/zod-openapi'
import { requireAdmin } from '../middleware/auth.ts'
import { PLAN_TYPES } from '../store/index/types.ts'
import { CHANNEL_PATH, channelParams } from './fields.ts'
import { errors, json, jsonBody } from './responses.ts'

const DAYS_MAX = 3650
const TRIAL_MAX_S = 366 * 86_400

export const planSchema = z
  .object({
    enabled: z.boolean(),
    type: z.enum(PLAN_TYPES),
    days: z.int().openapi({ description: 'look-back in days; 0: nothing is deleted by age' }),
    trialSecondsLeft: z.int(),
    recording: z.boolean().openapi({ description: 'whether a recording may be started now' }),
  })
  .openapi('Plan')

export const planChangeSchema = z
  .object({
    type: z.enum(PLAN_TYPES),
    enabled: z
      .boolean()
      .optional()
      .openapi({ description: 'false: the plan exists but is switched off or expired' }),
    days: z.int().min(0).max(DAYS_MAX).optional(),
    trialSec: z.int().min(1).max(TRIAL_MAX_S).optional(),
  })
  .refine(({ type, trialSec }) => (type === 'trial') === (trialSec !== undefined), {
    error: 'is for type "trial", and needed there',
    path: ['trialSec'],
  })
  .openapi('PlanChange')

const PLAN_PATH = `${CHANNEL_PATH}/plan` as const

export const getPlan = createRoute({
  operationId: 'getPlan',
  tags: ['plans'],
  summary: 'What a channel may record',
  method: 'get',
  path: PLAN_PATH,
  request: { params: channelParams },
  responses: { 200: json(planSchema, 'The plan'), ...errors(404) },
})

export const setPlan = createRoute({
  operationId: 'setPlan',
  tags: ['plans'],
  summary: 'Change what a channel may record; the device is told at once',
  method: 'put',
  path: PLAN_PATH,
  middleware: requireAdmin(),
  request: { params: channelParams, body: jsonBody(planChangeSchema) },
  responses: { 200: json(planSchema, 'The plan as it is now'), ...errors(400, 403, 404) },
})
