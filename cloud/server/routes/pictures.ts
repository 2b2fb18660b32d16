import { Hono } from 'hono'
import { PICTURE_MAX_BYTES, PICTURE_TYPES } from '../contract.ts'
import { ApiError, badRequest, forbidden, notFound, unauthorized } from '../errors.ts'
import { pictureObjectKey } from '../events/picture-key.ts'
import { readPictureToken } from '../events/picture-token.ts'
import { readBody } from '../ingest/read-body.ts'
import { checkBody } from '../ingest/tus-headers.ts'
import { bearerToken } from '../middleware/auth.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'
import { pathChannel } from './params.ts'

export const PICTURES_PATH = '/pictures'

export const picturePath = (device: Device, channel: number, key: string): string =>
  `${PICTURES_PATH}/${deviceKey(device)}/${channel}/${key}`

/** Where devices put the pictures of their events. Spec: docs/PROTOCOL.md section 3. */
export const pictureRoutes = (services: Services) =>
  new Hono().put('/:productId/:deviceName/:channel/:key', async (c) => {
    if (services.isClosing())
      throw new ApiError(503, 'unavailable', 'the server is restarting', { 'Retry-After': '2' })
    const token = bearerToken(c)
    if (!token) throw unauthorized('no token; event_start and event_report are answered with one')
    const leave = readPictureToken(services.signer, token, services.now())
    if (!leave) throw unauthorized('the token is wrong or has expired; ask for a new one')
    const channel = pathChannel(c)
    const { productId, deviceName, key } = c.req.param()
    if (
      leave.productId !== productId ||
      leave.deviceName !== deviceName ||
      leave.channel !== channel ||
      leave.key !== key
    )
      throw forbidden('the token is for another event')
    const device = await services.registry.device(leave.productId, leave.deviceName)
    if (!device || leave.issuedAtMs <= device.destroyedMs)
      throw new ApiError(410, 'destroyed', 'the recordings of this device were deleted')
    if (device.epoch !== leave.epoch)
      throw unauthorized('the device secret has changed since; ask for a new token')
    const type = PICTURE_TYPES.find((known) => known === c.req.header('Content-Type'))
    if (!type)
      throw new ApiError(
        415,
        'unsupported_type',
        `Content-Type must be one of ${PICTURE_TYPES.join(', ')}`,
      )
    const event = await services.index.events.event(device.id, channel, leave.key)
    if (!event) throw notFound('there is no such event; tell of it first')
    const data = await readBody(c.req.raw, PICTURE_MAX_BYTES)
    if (data.length === 0) throw badRequest('the picture is empty')
    checkBody(data, c.req.header('Upload-Checksum'))
    const objectKey = pictureObjectKey(device, channel, leave.key)
    await services.objects.put(objectKey, data)
    if (!(await services.index.events.setPicture(event, type, data.length))) {
      // its row went while the picture came
      await services.objects.delete(objectKey)
      throw new ApiError(410, 'destroyed', 'the event was deleted')
    }
    // of a moment there is nothing but its picture to look at
    if (event.isMoment) await services.notifier.eventReady(device, event)
    return c.body(null, 204)
  })
