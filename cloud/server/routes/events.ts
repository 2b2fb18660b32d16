import type { Context } from 'hono'
import { actorOf } from '../audit.ts'
import { eventKeySchema } from '../contract.ts'
import { badRequest, notFound } from '../errors.ts'
import { destroyRecordings } from '../events/destroy.ts'
import { pictureObjectKey } from '../events/picture-key.ts'
import { eventView, eventViews } from '../events/view.ts'
import { LiveLists } from '../hls/live-lists.ts'
import { mediaQuery } from '../hls/media-link.ts'
import { timeshiftPlaylist } from '../hls/timeshift.ts'
import {
  deleteAllRecordings,
  getEvent,
  getEventPicture,
  getEventPlaylist,
  listChannelEvents,
  listDeviceEvents,
  setAiResult,
} from '../openapi/events.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device } from '../store/index/types.ts'
import { localDays } from '../time-zone.ts'
import { mediaPath } from './media.ts'
import { pathChannel, pathDevice } from './params.ts'
import { sendPlaylist } from './playback.ts'

type RangeQuery = {
  from?: number | undefined
  to?: number | undefined
  day?: string | undefined
  tz?: string | undefined
  limit: number
}

const rangeOf = ({ from, to, day, tz }: RangeQuery, device: Device): [number, number] => {
  if (day !== undefined) {
    if (from !== undefined || to !== undefined)
      throw badRequest('give "day", or "from" and "to", not both')
    const [only] = localDays(day, day, tz ?? device.timeZone)
    return [only!.startMs, only!.endMs]
  }
  if (from === undefined || to === undefined) throw badRequest('give "from" and "to", or "day"')
  if (to <= from) throw badRequest('"to" must be after "from"')
  return [from, to]
}

/** The event that a path names, or 404. */
export const pathEvent = async (c: Context, services: Services) => {
  const device = await pathDevice(c, services)
  const channel = pathChannel(c)
  const key = eventKeySchema.safeParse(c.req.param('key'))
  const event = key.success
    ? await services.index.events.event(device.id, channel, key.data)
    : undefined
  if (!event) throw notFound('there is no such event; it may have been deleted')
  return { device, event }
}

/** An event's picture as an answer. */
export const sendPicture = (
  c: Context,
  { objects }: Pick<Services, 'objects'>,
  device: Device,
  event: CloudEvent,
): Response => {
  if (event.pictureType === null) throw notFound('the event has no picture')
  const objectKey = pictureObjectKey(device, event.channel, event.key)
  c.header('Content-Type', event.pictureType)
  c.header('Content-Length', String(event.pictureBytes))
  // a device may put it again
  c.header('Cache-Control', 'private, no-cache')
  return c.body(objects.read(objectKey, 0, event.pictureBytes))
}

/** Events of devices, with their pictures and playlists. Times are UTC in ms. */
export const eventRoutes = (services: Services) => {
  const { catalog, index, now } = services
  const liveLists = new LiveLists()

  const list = async (device: Device, asked: RangeQuery, channel?: number) => {
    const [fromMs, toMs] = rangeOf(asked, device)
    const range = { deviceId: device.id, channel, fromMs, toMs, limit: asked.limit }
    const events = await index.events.events(range)
    return { events: await eventViews(services, device, events, now()), nowMs: now() }
  }

  return createRouter()
    .openapi(listDeviceEvents, async (c) => {
      const asked = c.req.valid('query')
      return c.json(await list(await pathDevice(c, services), asked, asked.channel), 200)
    })
    .openapi(listChannelEvents, async (c) => {
      const device = await pathDevice(c, services)
      return c.json(await list(device, c.req.valid('query'), pathChannel(c)), 200)
    })
    .openapi(getEvent, async (c) => {
      const { device, event } = await pathEvent(c, services)
      return c.json(await eventView(services, device, event, now()), 200)
    })
    .openapi(getEventPicture, async (c) => {
      const { device, event } = await pathEvent(c, services)
      return sendPicture(c, services, device, event)
    })
    .openapi(getEventPlaylist, async (c) => {
      const { device, event } = await pathEvent(c, services)
      const path = mediaPath(deviceKey(device), event.channel)
      const fromMs = event.videoStartMs
      if (event.isMoment || (event.videoEndMs !== null && event.videoEndMs <= fromMs))
        throw notFound('the event has no video')
      const range = { fromMs, toMs: event.videoEndMs ?? undefined, nowMs: now() }
      const query = mediaQuery(services, device, event.channel)
      return sendPlaylist(
        c,
        await timeshiftPlaylist(
          catalog,
          { deviceId: device.id, channel: event.channel, ...range },
          (file) => `${path}/${file}${query}`,
          liveLists,
        ),
      )
    })
    .openapi(setAiResult, async (c) => {
      const { device, event } = await pathEvent(c, services)
      const { text, expiresAtMs } = c.req.valid('json')
      if (event.ai === 0) throw badRequest('the device has asked for no analysis of this event')
      await index.events.setAiText(event, text)
      const { channel, ai, key, eventId } = event
      await services.bridge.pushAiResult(device, {
        channel,
        ai,
        expiresAtMs: expiresAtMs ?? 0,
        event: { key, eventId },
        text,
      })
      const changed = { ...event, aiText: text }
      return c.json(await eventView(services, device, changed, now()), 200)
    })
    .openapi(deleteAllRecordings, async (c) => {
      const device = await pathDevice(c, services)
      await destroyRecordings(
        { ...services, pushPlan: (...plan) => services.bridge.pushPlan(...plan) },
        device,
        actorOf(c),
      )
      return c.body(null, 204)
    })
}
