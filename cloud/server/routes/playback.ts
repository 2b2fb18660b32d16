import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { badRequest } from '../errors.ts'
import { masterPlaylist } from '../hls/playlist.ts'
import {
  checkTimeshift,
  LIVE_BACK_MS,
  RANGE_MAX_MS,
  timeshiftPlaylist,
  timeshiftSegments,
} from '../hls/timeshift.ts'
import type { Services } from '../services.ts'
import { deviceKey, sliceFileName, sliceSpan } from '../slice.ts'
import { isTimeZone, localDays } from '../time-zone.ts'
import { mediaPath } from './media.ts'
import { pathChannel, pathDevice, query } from './params.ts'

const CHANNEL = '/devices/:productId/:deviceName/channels/:channel'
export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'
const TIMELINE_MAX_MS = 400 * 86_400_000
const DAYS_MAX = 366
const DEFAULT_GAP_MS = 1000

const msSchema = z.coerce.number().int().nonnegative()
const playlistSchema = z.object({
  from: msSchema.optional(),
  to: msSchema.optional(),
  token: z.string().optional(),
})
const rangeSchema = z.object({ from: msSchema, to: msSchema })
const timelineSchema = rangeSchema.extend({ gapMs: msSchema.default(DEFAULT_GAP_MS) })
const dateSchema = z.iso.date()
const daysSchema = z.object({
  from: dateSchema,
  to: dateSchema,
  tz: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin')
    .default('UTC'),
})

const checkRange = (from: number, to: number, maxMs: number): void => {
  if (to <= from) throw badRequest('"to" must be after "from"')
  if (to - from > maxMs) throw badRequest(`the range has at most ${maxMs / 3_600_000} hours`)
}

/** What was recorded, and how to play it. Times are UTC in ms. */
export const playbackRoutes = (services: Services) => {
  const { catalog, now } = services
  const target = async (c: Context) => {
    const device = await pathDevice(c, services)
    return { device, channel: pathChannel(c) }
  }
  /** A token in the playlist's URL goes on to what the playlist names: such a player has no other way. */
  const tokenQuery = (token: string | undefined, first = '?') =>
    token === undefined ? '' : `${first}token=${encodeURIComponent(token)}`

  /** `from` of a live playlist that has none: it must be part of the URL, as the list counts from it. */
  const liveRedirect = (c: Context, name: string, token: string | undefined) =>
    c.redirect(`${name}?from=${now() - LIVE_BACK_MS}${tokenQuery(token, '&')}`, 302)

  return new Hono()
    .get(`${CHANNEL}/days`, query(daysSchema), async (c) => {
      const { device, channel } = await target(c)
      const { from, to, tz } = c.req.valid('query')
      const days = localDays(from, to, tz)
      if (days.length === 0 || days.length > DAYS_MAX)
        throw badRequest(`"from" to "to" must be 1 to ${DAYS_MAX} days`)
      const recorded = await catalog.recordedIn(device.id, channel, days)
      return c.json({
        days: days.map((day, at) => ({ ...day, recorded: recorded[at] === true })),
      })
    })
    .get(`${CHANNEL}/timeline`, query(timelineSchema), async (c) => {
      const { device, channel } = await target(c)
      const { from: fromMs, to: toMs, gapMs } = c.req.valid('query')
      checkRange(fromMs, toMs, TIMELINE_MAX_MS)
      const range = { deviceId: device.id, channel, fromMs, toMs }
      const recordings = await catalog.timeline(range, gapMs)
      return c.json({ recordings, losses: await services.losses.missing(range), nowMs: now() })
    })
    .get(`${CHANNEL}/slices`, query(rangeSchema), async (c) => {
      const { device, channel } = await target(c)
      const { from: fromMs, to: toMs } = c.req.valid('query')
      checkRange(fromMs, toMs, RANGE_MAX_MS)
      const slices = await catalog.slices({ deviceId: device.id, channel, fromMs, toMs })
      return c.json({
        slices: slices.map((slice) => ({
          id: slice.id,
          state: slice.state,
          format: slice.format,
          codecs: slice.codecs,
          width: slice.width,
          height: slice.height,
          ...sliceSpan(slice),
          bytes: slice.bytes,
          pieces: slice.pieces.length,
          reason: slice.end?.reason ?? null,
          frames: slice.end?.frames ?? null,
          url: `${mediaPath(deviceKey(device), channel)}/${sliceFileName(slice)}`,
        })),
      })
    })
    .get(`${CHANNEL}/playlist.m3u8`, query(playlistSchema), async (c) => {
      const { device, channel } = await target(c)
      const { from: fromMs, to: toMs, token } = c.req.valid('query')
      if (fromMs === undefined) {
        if (toMs !== undefined) throw badRequest('"to" needs "from"')
        return liveRedirect(c, 'playlist.m3u8', token)
      }
      const timeshift = { deviceId: device.id, channel, fromMs, toMs, nowMs: now() }
      checkTimeshift(timeshift)
      const path = mediaPath(deviceKey(device), channel)
      const text = await timeshiftPlaylist(
        catalog,
        timeshift,
        (file) => `${path}/${file}${tokenQuery(token)}`,
      )
      return c.body(text, 200, { 'Content-Type': PLAYLIST_TYPE, 'Cache-Control': 'no-store' })
    })
    .get(`${CHANNEL}/master.m3u8`, query(playlistSchema), async (c) => {
      const { device, channel } = await target(c)
      const { from, to: toMs, token } = c.req.valid('query')
      if (from === undefined && toMs !== undefined) throw badRequest('"to" needs "from"')
      const fromMs = from ?? now() - LIVE_BACK_MS
      const timeshift = { deviceId: device.id, channel, fromMs, toMs, nowMs: now() }
      checkTimeshift(timeshift)
      const { slices, segments } = await timeshiftSegments(catalog, timeshift)
      const described = slices[0] ?? (await catalog.latest(device.id, channel, now()))
      const to = toMs === undefined ? '' : `&to=${toMs}`
      const text = masterPlaylist(segments, {
        codecs: described?.codecs ?? '',
        width: described?.width ?? 0,
        height: described?.height ?? 0,
        uri: `playlist.m3u8?from=${fromMs}${to}${tokenQuery(token, '&')}`,
      })
      return c.body(text, 200, { 'Content-Type': PLAYLIST_TYPE, 'Cache-Control': 'no-store' })
    })
}
