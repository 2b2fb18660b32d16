import { setTimeout as sleep } from 'node:timers/promises'
import { type Context, Hono } from 'hono'
import { APPEND_MAX_BYTES, INDEX_HEADER, sliceIdSchema } from '../contract.ts'
import { ApiError, badRequest, forbidden, notFound, unauthorized } from '../errors.ts'
import type { SlicePosition } from '../ingest/ingest.ts'
import { answerDelayMs } from '../ingest/pace.ts'
import { readBody } from '../ingest/read-body.ts'
import {
  checkBody,
  parseBytesHeader,
  parseIndexHeader,
  parseSliceMetadata,
  TUS_CHECKSUMS,
  TUS_EXTENSIONS,
  TUS_VERSION,
} from '../ingest/tus-headers.ts'
import { bearerToken } from '../middleware/auth.ts'
import { COMPLETION_GRACE_MS, permitsAppend, planFault } from '../plan.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'
import { UploadTokens } from '../upload-token.ts'
import { pathChannel } from './params.ts'

export const UPLOADS_PATH = '/tus'
const APPEND_TYPE = 'application/offset+octet-stream'

/** Collection of a channel; its slices are created here. */
export const uploadsPath = (device: Pick<Device, 'productId' | 'deviceName'>, channel: number) =>
  `${UPLOADS_PATH}/${deviceKey(device)}/${channel}`

type Target = { device: Device; channel: number }

/**
 * Slices of devices: tus 1.0.0 with an index. An own handler rather than a library, since what is ours is most of it:
 * the index in the journal before the bytes, the checksum before either, plans, creation that can be repeated, and a
 * 204 that holds after kill -9.
 */
export const uploadRoutes = (services: Services) => {
  const tokens = new UploadTokens(services.signer)
  /** Who may upload where: the token must fit the path, and its device must still be known by the same secret. */
  const authorize = async (c: Context): Promise<Target> => {
    if (services.isClosing())
      throw new ApiError(503, 'unavailable', 'the server is restarting', { 'Retry-After': '2' })
    const version = c.req.header('Tus-Resumable')
    if (version !== TUS_VERSION)
      throw new ApiError(412, 'unsupported_version', `Tus-Resumable must be ${TUS_VERSION}`, {
        'Tus-Version': TUS_VERSION,
      })
    const token = bearerToken(c)
    if (!token) throw unauthorized('no upload token; ask for one over MQTT (upload_token)')
    const grant = tokens.read(token, services.now())
    if (!grant) throw unauthorized('the upload token is wrong or has expired; ask for a new one')
    const channel = pathChannel(c)
    if (
      grant.productId !== c.req.param('productId') ||
      grant.deviceName !== c.req.param('deviceName') ||
      grant.channel !== channel
    )
      throw forbidden('the upload token is for another device or channel')
    const device = await services.registry.device(grant.productId, grant.deviceName)
    if (!device) throw new ApiError(410, 'destroyed', 'the device and its recordings were deleted')
    if (grant.issuedAtMs <= device.destroyedMs)
      throw new ApiError(410, 'destroyed', 'the recordings of this device were deleted')
    if (device.epoch !== grant.epoch)
      throw unauthorized('the device secret has changed since; ask for a new upload token')
    return { device, channel }
  }

  const requirePlan = async ({ device, channel }: Target) => {
    const plan = await services.registry.plan(device, channel)
    if (permitsAppend(plan, services.now())) return
    const ended = `it ended more than ${COMPLETION_GRACE_MS / 1000} s ago, so open slices are not taken any more`
    throw new ApiError(402, 'no_plan', `${planFault(plan, channel)}; ${ended}`)
  }

  const sliceId = (c: Context): string => {
    const id = sliceIdSchema.safeParse(c.req.param('slice'))
    if (!id.success) throw notFound('there is no such slice; create it first')
    return id.data
  }

  const tell = (c: Context, { offset, length }: SlicePosition): void => {
    c.header('Upload-Offset', String(offset))
    if (length !== undefined) c.header('Upload-Length', String(length))
    c.header('Cache-Control', 'no-store')
  }

  const COLLECTION = '/:productId/:deviceName/:channel'
  const SLICE = `${COLLECTION}/:slice`

  return new Hono()
    .use(async (c, next) => {
      await next()
      c.header('Tus-Resumable', TUS_VERSION)
    })
    .options('*', (c) => {
      c.header('Tus-Version', TUS_VERSION)
      c.header('Tus-Extension', TUS_EXTENSIONS)
      c.header('Tus-Checksum-Algorithm', TUS_CHECKSUMS.join(','))
      return c.body(null, 204)
    })
    .post(COLLECTION, async (c) => {
      const target = await authorize(c)
      const start = parseSliceMetadata(c.req.header('Upload-Metadata'))
      const length = parseBytesHeader('Upload-Length', c.req.header('Upload-Length'))
      if (length === undefined && c.req.header('Upload-Defer-Length') !== '1')
        throw badRequest('give Upload-Defer-Length: 1, or Upload-Length')
      await services.planLimits.check(target.device, target.channel)
      const { existed, ...position } = await services.ingest.create(
        target.device,
        target.channel,
        start,
        length,
      )
      tell(c, position)
      const path = `${uploadsPath(target.device, target.channel)}/${start.id}`
      c.header('Location', `${services.publicUrl()}${path}`)
      c.header('Content-Length', '0')
      return c.body(null, existed ? 200 : 201)
    })
    .get(SLICE, async (c) => {
      // Hono answers HEAD with GET's handler and leaves the body out
      if (c.req.method !== 'HEAD') throw notFound('slices are read through /media')
      const { device, channel } = await authorize(c)
      const id = sliceId(c)
      const position = await services.ingest.position(device, channel, id)
      if (!position) throw notFound(`no slice ${id} on channel ${channel}; create it first`)
      tell(c, position)
      if (position.length === undefined) c.header('Upload-Defer-Length', '1')
      return c.body(null, 200)
    })
    .patch(SLICE, async (c) => {
      const startedMs = performance.now()
      const target = await authorize(c)
      if (c.req.header('Content-Type') !== APPEND_TYPE)
        throw new ApiError(415, 'unsupported_type', `Content-Type must be ${APPEND_TYPE}`)
      const offset = parseBytesHeader('Upload-Offset', c.req.header('Upload-Offset'))
      if (offset === undefined) throw badRequest('Upload-Offset is missing')
      const length = parseBytesHeader('Upload-Length', c.req.header('Upload-Length'))
      const index = parseIndexHeader(c.req.header(INDEX_HEADER))
      await requirePlan(target)
      services.ingest.admission.check()
      const data = await readBody(c.req.raw, APPEND_MAX_BYTES)
      const sha256 = checkBody(data, c.req.header('Upload-Checksum'))
      const leave = services.ingest.admission.enter(data.length)
      const position = await services.ingest
        .append(target.device, target.channel, sliceId(c), {
          offset,
          data,
          sha256,
          ...(index && { index }),
          ...(length !== undefined && { length }),
        })
        .finally(leave)
      const isLast = position.length !== undefined
      const tookMs = performance.now() - startedMs
      const delayMs = answerDelayMs(services.objects.appendIntervalMs, {
        ...{ bytes: data.length, tookMs, isLast },
      })
      if (delayMs > 0) await sleep(delayMs)
      tell(c, position)
      return c.body(null, 204)
    })
}
