import { Hono } from 'hono'
import { z } from 'zod'
import { requireAdmin } from '../middleware/auth.ts'
import { planView } from '../plan.ts'
import type { Services } from '../services.ts'
import { PLAN_TYPES, type Plan } from '../store/index/types.ts'
import { body, pathChannel, pathDevice } from './params.ts'

const DAYS_MAX = 3650
const TRIAL_MAX_S = 366 * 86_400

const planBodySchema = z
  .object({
    type: z.enum(PLAN_TYPES),
    /** false: the plan exists but is switched off or expired */
    enabled: z.boolean().optional(),
    days: z.int().min(0).max(DAYS_MAX).optional(),
    trialSec: z.int().min(1).max(TRIAL_MAX_S).optional(),
  })
  .refine(({ type, trialSec }) => (type === 'trial') === (trialSec !== undefined), {
    error: 'is for type "trial", and needed there',
    path: ['trialSec'],
  })

const DEFAULT_DAYS = 7
const PATH = '/devices/:productId/:deviceName/channels/:channel/plan'

/** What a channel may record. A change is told to the device at once. */
export const planRoutes = (services: Services) =>
  new Hono()
    .get(PATH, async (c) => {
      const device = await pathDevice(c, services)
      const plan = await services.registry.plan(device, pathChannel(c))
      return c.json(planView(plan))
    })
    .put(PATH, requireAdmin(), body(planBodySchema), async (c) => {
      const device = await pathDevice(c, services)
      const channel = pathChannel(c)
      const { type, enabled, days, trialSec } = c.req.valid('json')
      const plan: Plan = {
        type,
        enabled: enabled ?? type !== 'none',
        days: days ?? (type === 'none' ? 0 : DEFAULT_DAYS),
        trialLeftMs: (trialSec ?? 0) * 1000,
        changedMs: services.now(),
      }
      await services.registry.setPlan(device, channel, plan)
      await services.bridge.pushPlan(device, channel, plan)
      return c.json(planView(plan))
    })
