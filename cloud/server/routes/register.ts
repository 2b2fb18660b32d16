import { Hono } from 'hono'
import { audit } from '../audit.ts'
import {
  isRegistrationSigned,
  REGISTRATION_PATH,
  type Registration,
  registrationSchema,
  sealSecret,
} from '../contract.ts'
import { ApiError, forbidden, tooManyRequests, unauthorized } from '../errors.ts'
import { KeyedLock } from '../ingest/keyed-lock.ts'
import { addressKey, clientAddress } from '../limits/client-address.ts'
import { jsonLimit } from '../middleware/body-limit.ts'
import type { Product } from '../registration/products.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'
import { body } from './params.ts'

const BODY_MAX_BYTES = 4096

/** Devices register themselves by the secret of their product. Spec: docs/PROTOCOL.md section 5. */
export const registerRoutes = (services: Services) => {
  const { products, registry, index, presence, limits, log, now } = services
  const lock = new KeyedLock()

  /** A device is told its secret until it has connected: the answer may have been lost. */
  const existing = (device: Device): Device => {
    if (device.lastSeenMs === 0 && presence.view(device).lastSeenMs === 0) return device
    throw new ApiError(
      409,
      'conflict',
      'this device has registered and connected already; an admin can give it a new secret, or delete it',
    )
  }

  const register = async (product: Product, { productId, deviceName }: Registration) => {
    const known = await registry.device(productId, deviceName)
    if (known) return existing(known)
    if (product.mode === 'listed' && !(await products.isListed(productId, deviceName)))
      throw forbidden('the name of this device is not on the list of its product')
    const all = await index.devices()
    if (all.filter((device) => device.productId === productId).length >= product.maxDevices)
      throw forbidden(`the product has its ${product.maxDevices} devices`)
    const device = await registry.create({ productId, deviceName })
    if (!device)
      throw new ApiError(
        409,
        'conflict',
        'the MQTT client id (product id and name in one) is taken',
      )
    if (product.plan)
      await registry.setPlan(device, 0, {
        type: product.plan.type,
        days: product.plan.days,
        enabled: true,
        trialLeftMs: product.plan.type === 'trial' ? product.plan.trialSec * 1000 : 0,
        changedMs: now(),
      })
    await audit(services, `product ${productId}`, { action: 'device.register', device })
    log.info('device registered', { device: `${productId}/${deviceName}` })
    return device
  }

  return new Hono().post(
    REGISTRATION_PATH,
    jsonLimit(BODY_MAX_BYTES),
    body(registrationSchema),
    async (c) => {
      const address = addressKey(clientAddress(c, limits.proxies))
      const waitS = limits.registration.take(address)
      if (waitS > 0) throw tooManyRequests('too many registrations; wait a moment', waitS)
      const request = c.req.valid('json')
      const product = await products.get(request.productId)
      // the same words and the same work whether the product exists or not
      const isSigned = isRegistrationSigned(
        request,
        product?.secret ?? 'no product has this secret',
      )
      if (!product || !isSigned || product.mode === 'off')
        throw unauthorized('the signature does not fit, or the product takes no registrations')
      // right ones do not count: a factory has one address and many devices
      limits.registration.giveBack(address)
      const device = await lock.run(request.productId, () => register(product, request))
      c.header('Cache-Control', 'no-store')
      return c.json({ sealed: sealSecret(request, product.secret, device.secret) })
    },
  )
}
