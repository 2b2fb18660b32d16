import { actorOf, audit } from '../audit.ts'
import {
  deleteRange as deleteRangeOf,
  deleteRecorded,
  release,
  summary,
} from '../deletion/delete-range.ts'
import { deleteEvents } from '../deletion/delete-slices.ts'
import { badRequest } from '../errors.ts'
import { createRouter } from '../openapi/router.ts'
import { deleteEvent, deleteRange, listAudit } from '../openapi/storage.ts'
import type { Services } from '../services.ts'
import { pathEvent } from './events.ts'
import { pathChannel, pathDevice } from './params.ts'

const NO_RANGE = 'a running event cannot be deleted; wait for its end'

/** People delete recordings and events: each leaves a line of who, when and what. */
export const deletionRoutes = (services: Services) => {
  const { index } = services
  return createRouter()
    .openapi(deleteRange, async (c) => {
      const device = await pathDevice(c, services)
      const channel = pathChannel(c)
      const { from: startMs, to: endMs, force } = c.req.valid('query')
      if (endMs <= startMs) throw badRequest('"to" must be after "from"')
      const range = { startMs, endMs }
      const deleted = await deleteRangeOf(services, device, channel, range, force)
      const detail = `${deleted.slices} slices, ${deleted.events} events, ${deleted.bytes} bytes`
      const done = { action: 'delete_range', device, channel, ...range, detail }
      await audit(services, actorOf(c), done)
      return c.json(deleted, 200)
    })
    .openapi(deleteEvent, async (c) => {
      const { device, event } = await pathEvent(c, services)
      const { video, force } = c.req.valid('query')
      const { channel, key } = event
      if (event.videoEndMs === null) throw badRequest(NO_RANGE)
      const range = { startMs: event.videoStartMs, endMs: event.videoEndMs }
      const asked = { deviceId: device.id, channel, fromMs: range.startMs, toMs: range.endMs }
      const pins = await index.pins.list(device.id, channel)
      const own = pins.filter((pin) => pin.eventKey === key)
      if (video || own.length > 0) await release(services, asked, force)
      const others = video
        ? await index.events.withVideo(device.id, channel, range.startMs, range.endMs)
        : []
      const gone = video
        ? await deleteRecorded(
            services,
            device,
            channel,
            range,
            others
              .filter((other) => other.key !== key)
              .map((other) => ({ startMs: other.videoStartMs, endMs: other.videoEndMs ?? 0 })),
          )
        : []
      await deleteEvents(services, device, channel, [event])
      const deleted = summary(gone, 1, range)
      const detail = `event ${key}, ${deleted.slices} slices, ${deleted.bytes} bytes`
      const done = { action: 'delete_event', device, channel, ...range, detail }
      await audit(services, actorOf(c), done)
      return c.json(deleted, 200)
    })
    .openapi(listAudit, async (c) => {
      const { limit, before } = c.req.valid('query')
      return c.json({ lines: await index.audit.list(limit, before) }, 200)
    })
}
