import { Hono } from 'hono'
import { sliceIdSchema } from '../contract.ts'
import { ApiError, forbidden, notFound } from '../errors.ts'
import { mediaShare } from '../hls/media-link.ts'
import { segmentsOf, segmentsWithin } from '../hls/segments.ts'
import { isKeyExtension, sendKey } from '../hls/slice-key.ts'
import type { Services } from '../services.ts'
import type { Share } from '../share/share.ts'
import { EXTENSIONS, sliceObjectKey } from '../slice.ts'
import type { Slice } from '../store/index/types.ts'
import { pathChannel, pathDevice } from './params.ts'
import { parseRange } from './range.ts'

export const MEDIA_PATH = '/media'
const TYPES = { ts: 'video/mp2t', fmp4: 'video/mp4' } as const
/** Bytes once written never change, so a range that was answered may be kept for as long as anyone likes. */
const FOREVER = 'private, max-age=31536000, immutable'

/**
 * A GOP fits. What is read first is sent with its length and in one piece; Bun sends every stream chunked, and players
 * then cannot tell a cut connection from the end.
 */
const BUFFER_MAX_BYTES = 4 * 1024 * 1024

export const mediaPath = (device: string, channel: number): string =>
  `${MEDIA_PATH}/${device}/${channel}`

/** Whether a share lets its holder read these bytes of a slice: its init segment, and the segments that its range touches. */
const mayRead = (share: Share, slice: Slice, start: number, end: number): boolean => {
  if (share.deviceId !== slice.deviceId || share.channel !== slice.channel) return false
  if (end <= slice.initBytes) return true
  const shown = segmentsWithin(segmentsOf([slice]), share.startMs, share.endMs)
  const [first, last] = [shown[0], shown.at(-1)]
  return first !== undefined && start >= first.offset && end <= last!.offset + last!.bytes
}

const mayReadSome = (share: Share, slice: Slice): boolean =>
  share.deviceId === slice.deviceId &&
  share.channel === slice.channel &&
  segmentsWithin(segmentsOf([slice]), share.startMs, share.endMs).length > 0

/** Readers go to the object store themselves where they can reach it: for finished slices, and for an hour. */
const PRESIGNED_S = 3600
const PRESIGNED_KEPT_S = 1800

const presignedUrl = (
  services: Services,
  slice: Slice,
  key: string,
): Promise<string | undefined> | undefined =>
  slice.state === 'done'
    ? services.objects.presign(key, {
        bytes: slice.bytes,
        seconds: PRESIGNED_S,
        type: TYPES[slice.format],
      })
    : undefined

/** Slices as files, whole or by byte range, and the keys of those that are encrypted. */
export const mediaRoutes = (services: Services) =>
  new Hono().get('/:productId/:deviceName/:channel/:file', async (c) => {
    const device = await pathDevice(c, services)
    const channel = pathChannel(c)
    const [id, extension, rest] = (c.req.param('file') ?? '').split('.')
    const slice =
      rest === undefined && sliceIdSchema.safeParse(id).success
        ? await services.catalog.slice(device.id, channel, id!)
        : undefined
    if (slice && isKeyExtension(extension)) {
      const share = mediaShare(c)
      // who may read a part of the slice may have its key
      if (share && !mayReadSome(share, slice))
        throw forbidden('the link does not show this part of the recording')
      return sendKey(c, slice, extension!)
    }
    if (!slice || EXTENSIONS[slice.format] !== extension)
      throw notFound('there is no such recording; it may have been deleted')

    const key = sliceObjectKey(device, slice)
    if (((await services.objects.size(key, slice.bytes)) ?? 0) < slice.bytes) {
      services.log.error('a recording is not in the store', { slice: key })
      throw notFound('this recording was lost')
    }
    // never more than was acknowledged: an append may be half written
    const size = slice.bytes
    const isDone = slice.state === 'done'
    const etag = `"${slice.id}-${size}"`
    c.header('Accept-Ranges', 'bytes')
    c.header('Content-Type', TYPES[slice.format])
    if (isDone) c.header('ETag', etag)
    const range = parseRange(c.req.header('Range'), size)
    if (range === 'unsatisfiable')
      throw new ApiError(416, 'range_not_satisfiable', `the slice has ${size} bytes`, {
        'Content-Range': `bytes */${size}`,
      })
    const { start, end } = range ?? { start: 0, end: size }
    const share = mediaShare(c)
    if (share && !mayRead(share, slice, start, end))
      throw forbidden('the link does not show this part of the recording')
    if (isDone && !range && c.req.header('If-None-Match') === etag) return c.body(null, 304)
    // the URL shows the whole slice, which a share may not, and answers no HEAD
    const isHead = c.req.method === 'HEAD'
    const url = share || isHead ? undefined : await presignedUrl(services, slice, key)
    if (url !== undefined) {
      c.header('Cache-Control', `private, max-age=${PRESIGNED_KEPT_S}`)
      return c.redirect(url, 302)
    }
    c.header('Cache-Control', isDone || range?.isExact ? FOREVER : 'no-store')
    c.header('Content-Length', String(end - start))
    if (range) c.header('Content-Range', `bytes ${start}-${end - 1}/${isDone ? size : '*'}`)
    if (isHead) return c.body(null, range ? 206 : 200)
    const stream = services.objects.read(key, start, end)
    if (end - start > BUFFER_MAX_BYTES) return c.body(stream, range ? 206 : 200)
    return c.body(await new Response(stream).arrayBuffer(), range ? 206 : 200)
  })
