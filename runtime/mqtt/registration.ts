/**
 * Dynamic registration: a device that knows only the secret of its product gets its own. Spec: docs/PROTOCOL.md section 5. The answer is
 * sealed, so a line without TLS does not tell the device's secret.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import { z } from 'zod'
import { deviceNameSchema, productIdSchema } from '../identity.ts'

export const REGISTRATION_PATH = '/register'
const NONCE_BYTES = 16
const IV_BYTES = 12
const TAG_BYTES = 16
const KEY_INFO = 'skyrill registration'

export const registrationSchema = z.object({
  productId: productIdSchema,
  deviceName: deviceNameSchema,
  /** 16 random bytes in hexadecimal: every answer is sealed by another key */
  nonce: z.string().regex(/^[0-9a-f]{32}$/),
  /** hexadecimal HMAC-SHA256 by the product secret over `productId/deviceName/nonce` */
  signature: z.string().regex(/^[0-9a-f]{64}$/),
})
export type Registration = z.infer<typeof registrationSchema>

/** base64 of IV (12 bytes), AES-256-GCM of the device secret, tag (16 bytes). */
export const registrationReplySchema = z.object({ sealed: z.string().max(1024) })

type Named = Pick<Registration, 'productId' | 'deviceName' | 'nonce'>

const named = ({ productId, deviceName, nonce }: Named): string =>
  `${productId}/${deviceName}/${nonce}`

const mac = (request: Named, productSecret: string): Buffer =>
  createHmac('sha256', productSecret).update(named(request)).digest()

/** Key of one answer: HKDF-SHA256 of the product secret, salted with the nonce. Spec: RFC 5869. */
const keyOf = ({ nonce }: Named, productSecret: string): Buffer =>
  Buffer.from(hkdfSync('sha256', productSecret, Buffer.from(nonce, 'hex'), KEY_INFO, 32))

export const signRegistration = (
  productId: string,
  deviceName: string,
  productSecret: string,
): Registration => {
  const request = { productId, deviceName, nonce: randomBytes(NONCE_BYTES).toString('hex') }
  return { ...request, signature: mac(request, productSecret).toString('hex') }
}

export const isRegistrationSigned = (request: Registration, productSecret: string): boolean =>
  timingSafeEqual(Buffer.from(request.signature, 'hex'), mac(request, productSecret))

export const sealSecret = (request: Named, productSecret: string, deviceSecret: string): string => {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', keyOf(request, productSecret), iv)
  cipher.setAAD(Buffer.from(named(request)))
  const sealed = Buffer.concat([cipher.update(deviceSecret, 'utf8'), cipher.final()])
  return Buffer.concat([iv, sealed, cipher.getAuthTag()]).toString('base64')
}

/** Throws when the answer is not one to this request by somebody who knows the product secret. */
export const openSecret = (request: Named, productSecret: string, sealed: string): string => {
  const data = Buffer.from(sealed, 'base64')
  if (data.length <= IV_BYTES + TAG_BYTES) throw new Error('the answer is too short')
  const decipher = createDecipheriv(
    'aes-256-gcm',
    keyOf(request, productSecret),
    data.subarray(0, IV_BYTES),
  )
  decipher.setAAD(Buffer.from(named(request)))
  decipher.setAuthTag(data.subarray(data.length - TAG_BYTES))
  const text = decipher.update(data.subarray(IV_BYTES, data.length - TAG_BYTES))
  return Buffer.concat([text, decipher.final()]).toString('utf8')
}
