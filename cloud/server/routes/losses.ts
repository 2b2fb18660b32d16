import { badRequest } from '../errors.ts'
import { listLosses } from '../openapi/playback.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { checkSpan } from '../span.ts'
import { pathChannel, pathDevice } from './params.ts'

const RANGE_MAX_MS = 400 * 86_400_000

/** What is missing of a channel, and why. Times are UTC in ms. */
export const lossRoutes = (services: Services) =>
  createRouter().openapi(listLosses, async (c) => {
    const device = await pathDevice(c, services)
    const channel = pathChannel(c)
    const { from: fromMs, to: toMs } = c.req.valid('query')
    if (toMs <= fromMs) throw badRequest('"to" must be after "from"')
    checkSpan({ startMs: fromMs, endMs: toMs }, RANGE_MAX_MS)
    const range = { deviceId: device.id, channel, fromMs, toMs }
    return c.json({ losses: await services.losses.missing(range) }, 200)
  })
