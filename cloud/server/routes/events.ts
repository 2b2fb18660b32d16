import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { channelSchema, eventKeySchema } from '../contract.ts'
import { badRequest, notFound } from '../errors.ts'
import { destroyRecordings } from '../events/destroy.ts'
import { pictureObjectKey } from '../events/picture-key.ts'
import { eventView, eventViews } from '../events/view.ts'
import { timeshiftPlaylist } from '../hls/timeshift.ts'
import { requireAdmin } from '../middleware/auth.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import { isTimeZone, localDays } from '../time-zone.ts'
import { mediaPath } from './media.ts'
import { body, pathChannel, pathDevice, query } from './params.ts'
import { PLAYLIST_TYPE } from './playback.ts'

const DEVICE = '/devices/:productId/:deviceName'
const EVENT = `${DEVICE}/channels/:channel/events/:key`
const LIMIT_MAX = 1000

const msSchema = z.coerce.number().int().nonnegative()
const listSchema = z.object({
  from: msSchema.optional(),
  to: msSchema.optional(),
  /** a calendar day of `tz` instead of `from` and `to` */
  day: z.iso.date().optional(),
  tz: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin')
    .default('UTC'),
  channel: z.coerce.number().pipe(channelSchema).optional(),
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_MAX),
})
const tokenSchema = z.object({ token: z.string().optional() })
const aiSchema = z.object({
  text: z.string().min(1).max(512),
  /** UTC until which the analysis is booked; absent: without an end */
  expiresAtMs: z.int().nonnegative().optional(),
})

const rangeOf = ({ from, to, day, tz }: z.output<typeof listSchema>): [number, number] => {
  if (day !== undefined) {
    if (from !== undefined || to !== undefined)
      throw badRequest('give "day", or "from" and "to", not both')
    const [only] = localDays(day, day, tz)
    return [only!.startMs, only!.endMs]
  }
  if (from === undefined || to === undefined) throw badRequest('give "from" and "to", or "day"')
  if (to <= from) throw badRequest('"to" must be after "from"')
  return [from, to]
}

/** Events of devices, with their pictures and playlists. Times are UTC in ms. */
export const eventRoutes = (services: Services) => {
  const { catalog, index, now, objects } = services

  const target = async (c: Context) => {
    const device = await pathDevice(c, services)
    const channel = pathChannel(c)
    const key = eventKeySchema.safeParse(c.req.param('key'))
    const event = key.success ? await index.events.event(device.id, channel, key.data) : undefined
    if (!event) throw notFound('there is no such event; it may have been deleted')
    return { device, event }
  }

  const list = async (c: Context, asked: z.output<typeof listSchema>, channel?: number) => {
    const device = await pathDevice(c, services)
    const [fromMs, toMs] = rangeOf(asked)
    const range = { deviceId: device.id, channel, fromMs, toMs, limit: asked.limit }
    const events = await index.events.events(range)
    return c.json({ events: await eventViews(catalog, device, events, now()), nowMs: now() })
  }

  return new Hono()
    .get(`${DEVICE}/events`, query(listSchema), (c) => {
      const asked = c.req.valid('query')
      return list(c, asked, asked.channel)
    })
    .get(`${DEVICE}/channels/:channel/events`, query(listSchema), (c) =>
      list(c, c.req.valid('query'), pathChannel(c)),
    )
    .get(EVENT, async (c) => {
      const { device, event } = await target(c)
      return c.json(await eventView(catalog, device, event, now()))
    })
    .get(`${EVENT}/picture`, async (c) => {
      const { device, event } = await target(c)
      if (event.pictureType === null) throw notFound('the event has no picture')
      const objectKey = pictureObjectKey(device, event.channel, event.key)
      c.header('Content-Type', event.pictureType)
      c.header('Content-Length', String(event.pictureBytes))
      // a device may put it again
      c.header('Cache-Control', 'private, no-cache')
      return c.body(objects.read(objectKey, 0, event.pictureBytes))
    })
    .get(`${EVENT}/playlist.m3u8`, query(tokenSchema), async (c) => {
      const { device, event } = await target(c)
      const { token } = c.req.valid('query')
      const tokenQuery = token === undefined ? '' : `?token=${encodeURIComponent(token)}`
      const path = mediaPath(deviceKey(device), event.channel)
      const fromMs = event.videoStartMs
      if (event.isMoment || (event.videoEndMs !== null && event.videoEndMs <= fromMs))
        throw notFound('the event has no video')
      const range = { fromMs, toMs: event.videoEndMs ?? undefined, nowMs: now() }
      const text = await timeshiftPlaylist(
        catalog,
        { deviceId: device.id, channel: event.channel, ...range },
        (file) => `${path}/${file}${tokenQuery}`,
      )
      return c.body(text, 200, { 'Content-Type': PLAYLIST_TYPE, 'Cache-Control': 'no-store' })
    })
    .post(`${EVENT}/ai`, requireAdmin(), body(aiSchema), async (c) => {
      const { device, event } = await target(c)
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
      return c.json(await eventView(catalog, device, { ...event, aiText: text }, now()))
    })
    .delete(`${DEVICE}/recordings`, requireAdmin(), async (c) => {
      const device = await pathDevice(c, services)
      await destroyRecordings(
        { ...services, pushPlan: (...plan) => services.bridge.pushPlan(...plan) },
        device,
      )
      return c.body(null, 204)
    })
}
