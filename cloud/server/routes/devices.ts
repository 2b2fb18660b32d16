import { actorOf, audit } from '../audit.ts'
import { ApiError, notFound } from '../errors.ts'
import { maySee } from '../middleware/auth.ts'
import {
  changeDevice,
  createDevice,
  deleteDevice,
  getDevice,
  getUsage,
  listDevices,
  rotateSecret,
} from '../openapi/devices.ts'
import { createRouter } from '../openapi/router.ts'
import { planView } from '../plan.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'
import { pathDevice } from './params.ts'

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
  const { productId, deviceName, label, createdMs, timeZone, quotaBytes } = device
  const about = { productId, deviceName, label, createdMs, timeZone, quotaBytes }
  return { ...about, ...services.presence.view(device), channels }
}

/** Registry of devices: looking is for viewers, changing for admins. */
export const deviceRoutes = (services: Services) =>
  createRouter()
    .openapi(listDevices, async (c) => {
      const devices = (await services.index.devices()).filter((device) => maySee(c, device))
      const views = await Promise.all(devices.map((device) => view(services, device)))
      return c.json({ devices: views }, 200)
    })
    .openapi(createDevice, async (c) => {
      const { deviceSecret, ...given } = c.req.valid('json')
      const device = await services.registry.create({ ...given, secret: deviceSecret })
      if (!device)
        throw new ApiError(
          409,
          'conflict',
          `${given.productId}/${given.deviceName} exists, or its MQTT client id (product id and name in one) is taken`,
        )
      await audit(services, actorOf(c), { action: 'device.create', device })
      return c.json({ ...(await view(services, device)), deviceSecret: device.secret }, 201)
    })
    .openapi(getDevice, async (c) =>
      c.json(await view(services, await pathDevice(c, services)), 200),
    )
    .openapi(changeDevice, async (c) => {
      const device = await pathDevice(c, services)
      const { label, timeZone, quotaBytes } = c.req.valid('json')
      const changed = await services.registry.change(device, {
        ...(label !== undefined && { label }),
        ...(timeZone !== undefined && { timeZone }),
        ...(quotaBytes !== undefined && { quotaBytes }),
      })
      if (!changed) throw notFound('the device was deleted meanwhile')
      const detail = JSON.stringify(c.req.valid('json'))
      await audit(services, actorOf(c), { action: 'device.change', device, detail })
      return c.json(await view(services, changed), 200)
    })
    .openapi(rotateSecret, async (c) => {
      const device = await pathDevice(c, services)
      const rotated = await services.registry.rotateSecret(device, c.req.valid('json').deviceSecret)
      if (!rotated) throw notFound('the device was deleted meanwhile')
      services.disconnect(`${device.productId}${device.deviceName}`)
      await audit(services, actorOf(c), { action: 'device.secret', device })
      return c.json({ deviceSecret: rotated.secret }, 200)
    })
    .openapi(deleteDevice, async (c) => {
      const device = await pathDevice(c, services)
      // while the index still says which files are its
      await services.exports.destroy(device.id)
      // the registry before the rest: from then on its uploads are refused, so nothing appears behind the deletion
      await services.registry.delete(device)
      services.presence.forget(device.id)
      services.disconnect(`${device.productId}${device.deviceName}`)
      await services.ingest.destroy(device)
      await audit(services, actorOf(c), { action: 'delete_device', device })
      return c.body(null, 204)
    })
    .openapi(getUsage, async (c) => {
      const device = await pathDevice(c, services)
      const { usage } = services.index
      const channels = await usage.ofDevice(device.id)
      const pictureBytes = await usage.pictureBytes(device.id)
      const usedBytes = channels.reduce((sum, channel) => sum + channel.bytes, pictureBytes)
      const pinnedBytes = await usage.pinnedBytes(device.id)
      const { quotaBytes } = device
      return c.json({ usedBytes, pictureBytes, pinnedBytes, quotaBytes, channels }, 200)
    })
