import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/** Product ids are at most 10 characters, device names at most 48 (system module, `iv_sys_device_info`). */
export const PRODUCT_ID_MAX_LENGTH = 10
export const DEVICE_NAME_MAX_LENGTH = 48

/** Letters, digits and `_ - .` only: both stand in MQTT topics, URLs and object keys. */
export const productIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,10}$/, '1 to 10 letters, digits, "_" or "-"')
export const deviceNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,47}$/, '1 to 48 letters, digits, "_", "-" or "."')

/** The application id that the public access documents show in the user name. */
const SDK_APP_ID = '12010126'

export type MqttLogin = { clientId: string; username: string; password: string }

/** A device secret is base64 text as the console hands it out, or any other string, taken as UTF-8 then. */
const secretKey = (deviceSecret: string): Buffer => {
  const decoded = Buffer.from(deviceSecret, 'base64')
  return decoded.length > 0 && decoded.toString('base64') === deviceSecret
    ? decoded
    : Buffer.from(deviceSecret, 'utf8')
}

const digest = (algorithm: 'sha256' | 'sha1', key: Buffer, username: string): string =>
  createHmac(algorithm, key).update(username).digest('hex')

/**
 * Key-mode MQTT login: `password = hex(HMAC-SHA256(secret, username));hmacsha256`.
 * @param expiryS UTC seconds until which the login may be used
 * @param connectionId 5 random letters or digits that tell connections apart
 */
export const hmacLogin = (
  productId: string,
  deviceName: string,
  deviceSecret: string,
  expiryS: number,
  connectionId: string,
): MqttLogin => {
  const clientId = `${productId}${deviceName}`
  const username = `${clientId};${SDK_APP_ID};${connectionId};${Math.floor(expiryS)}`
  return {
    clientId,
    username,
    password: `${digest('sha256', secretKey(deviceSecret), username)};hmacsha256`,
  }
}

/** Login for brokers that know only a password file: `productId/deviceName` and a password. */
export const staticLogin = (
  productId: string,
  deviceName: string,
  password: string,
): MqttLogin => ({
  clientId: `${productId}${deviceName}`,
  username: `${productId}/${deviceName}`,
  password,
})

/** Parts of an `hmac` user name; the client id says which device it is. */
export const parseHmacUsername = (
  username: string,
): { clientId: string; expiryS: number } | undefined => {
  const parts = username.split(';')
  const [clientId, sdkAppId, connectionId, expiry] = parts
  if (parts.length !== 4 || !clientId || !sdkAppId || !connectionId || !/^\d{1,15}$/.test(expiry!))
    return undefined
  return { clientId, expiryS: Number(expiry) }
}

/** Whether a password fits user name and secret. HMAC-SHA1 is accepted too, as the public documents allow it. */
export const verifyHmacPassword = (
  username: string,
  password: string,
  deviceSecret: string,
): boolean => {
  const [hex, method] = password.split(';')
  if (!hex || (method !== 'hmacsha256' && method !== 'hmacsha1')) return false
  const algorithm = method === 'hmacsha256' ? 'sha256' : 'sha1'
  const given = Buffer.from(hex, 'hex')
  const wanted = Buffer.from(digest(algorithm, secretKey(deviceSecret), username), 'hex')
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
