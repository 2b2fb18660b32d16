import { Hono } from 'hono'
import { z } from 'zod'
import { deviceNameSchema, productIdSchema } from '../contract.ts'
import { ApiError, notFound } from '../errors.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { planView } from '../plan.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'
import { body, pathDevice } from './params.ts'

/** A secret is used as a key: short ones can be guessed from one captured login. */
const secretSchema = z.string().regex(/^[\x21-\x7e]{16,128}$/, '16 to 128 printable characters')
const newDeviceSchema = z.object({
  productId: productIdSchema,
  deviceName: deviceNameSchema,
  deviceSecret: secretSchema.optional(),
  label: z.string().max(64).optional(),
})
const rotateSchema = z.object({ deviceSecret: secretSchema.optional() })

/** Device as the API shows it; the secret is told once, when it is made. */
const view = async (services: Services, device: Device) => {
  const known = await services.index.channels(device.id)
  const numbers = [...new Set([...known, ...services.presence.channels(device.id)])].sort(
    (a, b) => a - b,
  )
  const channels = await Promise.all(
    numbers.map(async (channel) => ({
      channel,
      plan: planView(await services.registry.plan(device, channel)),
      recording: services.ingest.live(device.id, channel).some((slice) => slice.state === 'open'),
    })),
  )
  const { productId, deviceName, label, createdMs } = device
  return { productId, deviceName, label, createdMs, ...services.presence.view(device), channels }
}

/** Registry of devices: looking is for viewers, changing for admins. */
export const deviceRoutes = (services: Services) =>
  new Hono()
    .get('/devices', async (c) => {
      const devices = await services.index.devices()
      return c.json({ devices: await Promise.all(devices.map((device) => view(services, device))) })
    })
    .post('/devices', requireAdmin(), body(newDeviceSchema), async (c) => {
      const { deviceSecret, ...given } = c.req.valid('json')
      const device = await services.registry.create({ ...given, secret: deviceSecret })
      if (!device)
        throw new ApiError(
          409,
          'conflict',
          `${given.productId}/${given.deviceName} exists, or its MQTT client id (product id and name in one) is taken`,
        )
      return c.json({ ...(await view(services, device)), deviceSecret: device.secret }, 201)
    })
    .get('/devices/:productId/:deviceName', async (c) =>
      c.json(await view(services, await pathDevice(c, services))),
    )
    .post(
      '/devices/:productId/:deviceName/secret',
      requireAdmin(),
      body(rotateSchema),
      async (c) => {
        const device = await pathDevice(c, services)
        const rotated = await services.registry.rotateSecret(
          device,
          c.req.valid('json').deviceSecret,
        )
        if (!rotated) throw notFound('the device was deleted meanwhile')
        services.disconnect(`${device.productId}${device.deviceName}`)
        return c.json({ deviceSecret: rotated.secret })
      },
    )
    .delete('/devices/:productId/:deviceName', requireAdmin(), async (c) => {
      const device = await pathDevice(c, services)
      // the registry first: from then on its uploads are refused, so nothing appears behind the deletion
      await services.registry.delete(device)
      services.presence.forget(device.id)
      services.disconnect(`${device.productId}${device.deviceName}`)
      await services.ingest.destroy(device)
      return c.body(null, 204)
    })
