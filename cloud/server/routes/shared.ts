import { eventKeySchema } from '../contract.ts'
import { badRequest, notFound } from '../errors.ts'
import { mediaQuery } from '../hls/media-link.ts'
import { timeshiftPlaylist } from '../hls/timeshift.ts'
import { createRouter } from '../openapi/router.ts'
import { getShared, getSharedPicture, getSharedPlaylist } from '../openapi/shares.ts'
import type { Services } from '../services.ts'
import { type Share, shareOfToken } from '../share/share.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'
import { sendPicture } from './events.ts'
import { mediaPath } from './media.ts'
import { sendPlaylist } from './playback.ts'

const GAP_MS = 1000

/**
 * What a link shows, to anyone who has it. Nothing here asks who it is; everything is cut to the range that the link is
 * for, and its media links are good for that range only.
 */
export const sharedRoutes = (services: Services) => {
  const { catalog, index, now } = services

  const open = async (token: string): Promise<{ share: Share; device: Device }> => {
    const share = await shareOfToken(services, token)
    const device = await index.deviceById(share.deviceId)
    if (!device) throw notFound('there is no such link')
    return { share, device }
  }
  const eventOf = async ({ deviceId, channel, eventKey }: Share) => {
    const key = eventKeySchema.safeParse(eventKey)
    return key.success ? await index.events.event(deviceId, channel, key.data) : undefined
  }

  return createRouter()
    .openapi(getShared, async (c) => {
      const { token } = c.req.valid('param')
      const { share, device } = await open(token)
      const { channel, startMs: fromMs, endMs: toMs, expiresMs, note } = share
      const range = { deviceId: device.id, channel, fromMs, toMs }
      const event = await eventOf(share)
      const path = `/api/shared/${token}`
      c.header('Cache-Control', 'no-store')
      return c.json(
        {
          label: device.label,
          timeZone: device.timeZone,
          fromMs,
          toMs,
          expiresMs,
          note,
          recordings: await catalog.timeline(range, GAP_MS),
          event: event
            ? {
                eventId: event.eventId,
                info: event.info,
                startMs: event.startMs,
                endMs: event.endMs,
                aiText: event.aiText,
              }
            : null,
          picture: event && event.pictureType !== null ? `${path}/picture` : null,
          playlist: `${path}/playlist.m3u8`,
          nowMs: now(),
        },
        200,
      )
    })
    .openapi(getSharedPlaylist, async (c) => {
      const { share, device } = await open(c.req.valid('param').token)
      const { from = share.startMs, to = share.endMs } = c.req.valid('query')
      const range = { fromMs: Math.max(from, share.startMs), toMs: Math.min(to, share.endMs) }
      if (range.toMs <= range.fromMs) throw badRequest('the link does not show that')
      const path = mediaPath(deviceKey(device), share.channel)
      const query = mediaQuery(services, device, share.channel, share.id)
      const timeshift = { deviceId: device.id, channel: share.channel, ...range, nowMs: now() }
      return sendPlaylist(
        c,
        await timeshiftPlaylist(catalog, timeshift, (file) => `${path}/${file}${query}`),
      )
    })
    .openapi(getSharedPicture, async (c) => {
      const { share, device } = await open(c.req.valid('param').token)
      const event = await eventOf(share)
      if (!event) throw notFound('the link shows no event')
      return sendPicture(c, services, device, event)
    })
}
