import type { Context } from 'hono'
import { badRequest } from '../errors.ts'
import { blockingReload } from '../hls/blocking-reload.ts'
import { LiveLists } from '../hls/live-lists.ts'
import { mediaQuery } from '../hls/media-link.ts'
import { masterPlaylist } from '../hls/playlist.ts'
import {
  checkTimeshift,
  LIVE_BACK_MS,
  playlistText,
  RANGE_MAX_MS,
  timeshiftSegments,
} from '../hls/timeshift.ts'
import {
  getMasterPlaylist,
  getPlaylist,
  getTimeline,
  listDays,
  listSlices,
  PLAYLIST_TYPE,
} from '../openapi/playback.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { deviceKey, sliceFileName, sliceSpan } from '../slice.ts'
import { checkSpan } from '../span.ts'
import { localDays } from '../time-zone.ts'
import { timelineOf } from '../timeline.ts'
import { mediaPath } from './media.ts'
import { pathChannel, pathDevice } from './params.ts'

const TIMELINE_MAX_MS = 400 * 86_400_000
const DAYS_MAX = 366

const checkRange = (from: number, to: number, maxMs: number): void => {
  if (to <= from) throw badRequest('"to" must be after "from"')
  checkSpan({ startMs: from, endMs: to }, maxMs)
}

/** A playlist as an answer: it is never kept, as it grows and its links expire. */
export const sendPlaylist = (c: Context, text: string): Response =>
  c.body(text, 200, { 'Content-Type': PLAYLIST_TYPE, 'Cache-Control': 'no-store' })

/** What was recorded, and how to play it. Times are UTC in ms. */
export const playbackRoutes = (services: Services) => {
  const { catalog, ingest, now } = services
  const liveLists = new LiveLists()
  const target = async (c: Context) => {
    const device = await pathDevice(c, services)
    return { device, channel: pathChannel(c) }
  }
  const latencyQuery = (latency: 'low' | undefined) => (latency ? `&latency=${latency}` : '')
  const tokenQuery = (token: string | undefined) =>
    token === undefined ? '' : `&token=${encodeURIComponent(token)}`

  return createRouter()
    .openapi(listDays, async (c) => {
      const { device, channel } = await target(c)
      const { from, to, tz = device.timeZone } = c.req.valid('query')
      const days = localDays(from, to, tz)
      if (days.length === 0 || days.length > DAYS_MAX)
        throw badRequest(`"from" to "to" must be 1 to ${DAYS_MAX} days`)
      const recorded = await catalog.recordedIn(device.id, channel, days)
      return c.json(
        {
          timeZone: tz,
          days: days.map((day, at) => ({ ...day, recorded: recorded[at] === true })),
        },
        200,
      )
    })
    .openapi(getTimeline, async (c) => {
      const { device, channel } = await target(c)
      const { from: fromMs, to: toMs, resolution, gapMs } = c.req.valid('query')
      checkRange(fromMs, toMs, TIMELINE_MAX_MS)
      const query = { channel, fromMs, toMs, resolutionMs: resolution, gapMs }
      return c.json({ ...(await timelineOf(services, device, query)), nowMs: now() }, 200)
    })
    .openapi(listSlices, async (c) => {
      const { device, channel } = await target(c)
      const { from: fromMs, to: toMs } = c.req.valid('query')
      checkRange(fromMs, toMs, RANGE_MAX_MS)
      const slices = await catalog.slices({ deviceId: device.id, channel, fromMs, toMs })
      return c.json(
        {
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
        },
        200,
      )
    })
    .openapi(getPlaylist, async (c) => {
      const { device, channel } = await target(c)
      const {
        from: fromMs,
        to: toMs,
        token,
        latency,
        _HLS_msn: msn,
        _HLS_part: part,
      } = c.req.valid('query')
      if (fromMs === undefined) {
        if (toMs !== undefined) throw badRequest('"to" needs "from"')
        // `from` must be part of a live playlist's URL, as the list counts from it
        const more = `${latencyQuery(latency)}${tokenQuery(token)}`
        return c.redirect(`playlist.m3u8?from=${now() - LIVE_BACK_MS}${more}`, 302)
      }
      const hasParts = latency === 'low' && toMs === undefined
      const read = () => {
        const timeshift = { deviceId: device.id, channel, fromMs, toMs, nowMs: now() }
        checkTimeshift(timeshift)
        return timeshiftSegments(catalog, timeshift, liveLists, hasParts)
      }
      const live = () => ingest.live(device.id, channel)
      const list =
        hasParts && msn !== undefined
          ? await blockingReload(read, live, { msn, part }, services.isClosing)
          : await read()
      const path = mediaPath(deviceKey(device), channel)
      const query = mediaQuery(services, device, channel)
      const uriOf = (file: string) => `${path}/${file}${query}`
      return sendPlaylist(c, playlistText(list, { toMs }, uriOf, hasParts))
    })
    .openapi(getMasterPlaylist, async (c) => {
      const { device, channel } = await target(c)
      const { from, to: toMs, token, latency } = c.req.valid('query')
      if (from === undefined && toMs !== undefined) throw badRequest('"to" needs "from"')
      const fromMs = from ?? now() - LIVE_BACK_MS
      const timeshift = { deviceId: device.id, channel, fromMs, toMs, nowMs: now() }
      checkTimeshift(timeshift)
      const { slices, segments } = await timeshiftSegments(catalog, timeshift)
      const described = slices[0] ?? (await catalog.latest(device.id, channel, now()))
      const to = toMs === undefined ? '' : `&to=${toMs}`
      return sendPlaylist(
        c,
        masterPlaylist(segments, {
          codecs: described?.codecs ?? '',
          width: described?.width ?? 0,
          height: described?.height ?? 0,
          uri: `playlist.m3u8?from=${fromMs}${to}${latencyQuery(latency)}${tokenQuery(token)}`,
        }),
      )
    })
}
