import { randomUUID } from 'node:crypto'
import { actorOf, audit } from '../audit.ts'
import { notFound } from '../errors.ts'
import { createPin, deletePin, listPins } from '../openapi/pins.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import type { Pin } from '../store/index/pin-store.ts'
import { pathChannel, pathDevice } from './params.ts'
import { targetOf } from './target.ts'

const view = ({ deviceId: _, startMs, endMs, ...pin }: Pin) => ({
  ...pin,
  fromMs: startMs,
  toMs: endMs,
})

/** What is kept whatever the plan's days, a quota or a full disk say. */
export const pinRoutes = (services: Services) => {
  const { index, now } = services
  return createRouter()
    .openapi(createPin, async (c) => {
      const device = await pathDevice(c, services)
      const channel = pathChannel(c)
      const target = await targetOf(services, device, channel, c.req.valid('json'))
      const made = { id: randomUUID(), deviceId: device.id, channel, ...target }
      const actor = actorOf(c)
      const pin = await index.pins.put({ ...made, createdMs: now(), createdBy: actor })
      const { startMs, endMs, eventKey } = pin
      const detail = eventKey ? `event ${eventKey}` : ''
      await audit(services, actor, { action: 'pin', device, channel, startMs, endMs, detail })
      return c.json(view(pin), 201)
    })
    .openapi(listPins, async (c) => {
      const device = await pathDevice(c, services)
      const { from, to } = c.req.valid('query')
      const pins = await index.pins.list(device.id, undefined, from, to)
      return c.json({ pins: pins.map(view) }, 200)
    })
    .openapi(deletePin, async (c) => {
      const device = await pathDevice(c, services)
      const { id } = c.req.valid('param')
      if (!(await index.pins.delete(device.id, id))) throw notFound('there is no such pin')
      await audit(services, actorOf(c), { action: 'unpin', device, detail: id })
      return c.body(null, 204)
    })
}
