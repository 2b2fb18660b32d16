import { actorOf, audit } from '../audit.ts'
import { getPlan, setPlan } from '../openapi/plans.ts'
import { createRouter } from '../openapi/router.ts'
import { planView } from '../plan.ts'
import type { Services } from '../services.ts'
import type { Plan } from '../store/index/types.ts'
import { pathChannel, pathDevice } from './params.ts'

const DEFAULT_DAYS = 7

/** What a channel may record. A change is told to the device at once. */
export const planRoutes = (services: Services) =>
  createRouter()
    .openapi(getPlan, async (c) => {
      const device = await pathDevice(c, services)
      const plan = await services.registry.plan(device, pathChannel(c))
      return c.json(planView(plan), 200)
    })
    .openapi(setPlan, async (c) => {
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
      const detail = JSON.stringify(planView(plan))
      await audit(services, actorOf(c), { action: 'plan.set', device, channel, detail })
      await services.bridge.pushPlan(device, channel, plan)
      return c.json(planView(plan), 200)
    })
