import { z } from 'zod'
import { type EncryptionOptions, encryptionSchema } from './crypto/options.ts'
import { type Checked, faultsOf, got, refuse } from './faults.ts'
import { deviceNameSchema, productIdSchema } from './identity.ts'
import type { Logger } from './log.ts'
import type { Relay } from './mqtt/relay-session.ts'
import { iv_err_code_e } from './status.ts'
import { type BucketUplinkOptions, bucketUplinkSchema } from './upload/bucket/options.ts'

/** What sysInit is given. */
export type SystemOptions = {
  productId: string
  deviceName: string
  /** may be left out with a bucket uplink, as cloudUrl */
  deviceSecret?: string
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`; `http://host` and `https://host` mean MQTT on port 1883 and 8883 of that host */
  cloudUrl?: string
  /** recordings go to a bucket; without a cloudUrl there is no cloud at all, and the plan is the app's, or always on */
  uplink?: BucketUplinkOptions
  /** recordings leave the device encrypted */
  encryption?: EncryptionOptions
  /** folder for what must survive a restart */
  storePath?: string
  /** how to log in: `hmac` (default) or `static` for brokers with a password file */
  login?: 'hmac' | 'static'
  /** PEM of the authority that signed the cloud's certificate, when no public one did */
  ca?: string
  /** ms until an unanswered question has failed, at least 5000 */
  commandTimeoutMs?: number
  /** ms between MQTT pings, at most 690000 */
  keepAliveMs?: number
  /** in place of cloudUrl, for a chip without MQTT: carries messages to the cloud through a neighbour that has it */
  relay?: Relay
  /** bytes that a metered line may carry in a day (UTC); events and pictures go first. Kept count of in storePath */
  dailyBytes?: number
  onOnline?(utcMs: number): void
  onOffline?(reason: string): void
  logger?: Logger
}

const URL_SCHEMES: Record<string, string> = {
  'mqtt:': 'mqtt:',
  'mqtts:': 'mqtts:',
  'ws:': 'ws:',
  'wss:': 'wss:',
  'http:': 'mqtt:',
  'https:': 'mqtts:',
}

/** Address of the broker: an http address names the host only. */
export const brokerUrl = (cloudUrl: string): string | undefined => {
  if (!URL.canParse(cloudUrl)) return undefined
  const url = new URL(cloudUrl)
  const scheme = URL_SCHEMES[url.protocol]
  if (scheme === undefined || url.hostname === '') return undefined
  if (url.protocol === scheme) return cloudUrl
  return `${scheme}//${url.hostname}:${scheme === 'mqtts:' ? 8883 : 1883}`
}

const systemSchema = z.object({
  productId: z.string(refuse('must be text')).pipe(productIdSchema),
  deviceName: z.string(refuse('must be text')).pipe(deviceNameSchema),
  deviceSecret: z
    .string('must be text')
    .min(1, 'is empty; copy the secret that the cloud gave when the device was registered')
    .max(256, 'is longer than 256 characters')
    .optional(),
  cloudUrl: z
    .string(refuse('must be a URL'))
    .refine((url) => brokerUrl(url) !== undefined, refuse('must be a URL such as mqtt://host:1883'))
    .optional(),
  uplink: bucketUplinkSchema.optional(),
  encryption: encryptionSchema.optional(),
  storePath: z.string().min(1, 'must not be empty').optional(),
  login: z.enum(['hmac', 'static'], refuse("must be 'hmac' or 'static'")).default('hmac'),
  ca: z.string().optional(),
  commandTimeoutMs: z
    .int(refuse('must be a whole number of ms'))
    .min(5000, refuse('must be at least 5000 ms'))
    .default(5000),
  keepAliveMs: z
    .int(refuse('must be a whole number of ms'))
    .min(1000, refuse('must be at least 1000 ms'))
    .max(690_000, refuse('must be at most 690000 ms'))
    .default(60_000),
  relay: z
    .custom<Relay>((relay) => typeof relay === 'function', refuse('must be a function'))
    .optional(),
  dailyBytes: z
    .int(refuse('must be a whole number of bytes'))
    .min(1024 * 1024, refuse('must be at least 1048576 bytes'))
    .optional(),
})

/** Without a bucket there must be a cloud, and to log in there must be a secret. */
const completeSchema = systemSchema.check(({ value: options, issues }) => {
  const { cloudUrl, deviceSecret, encryption, relay, uplink } = options
  const fault = (name: string, what: string, input?: unknown) =>
    issues.push({ code: 'custom', path: [name], message: got(what, input), input })
  if (cloudUrl === undefined && !uplink && !relay) fault('cloudUrl', 'must be a URL')
  if (deviceSecret === undefined && (cloudUrl !== undefined || !(uplink || relay)))
    fault('deviceSecret', 'must be text')
  if (cloudUrl !== undefined && relay) fault('relay', 'must not be given beside cloudUrl', relay)
  // whoever can read the bucket could read the keys in it
  if (uplink && encryption?.mode === 'cloud')
    fault('encryption', "must have mode 'owner' with a bucket, which keeps no secrets", 'cloud')
})

export type CheckedSystemOptions = z.infer<typeof systemSchema>

export const checkSystem = (
  options: SystemOptions | null | undefined,
): Checked<CheckedSystemOptions> => {
  if (options === null || typeof options !== 'object')
    return {
      faults: [{ code: iv_err_code_e.IV_ERR_SYS_INIT_PRM_NULL, message: 'sysInit needs options' }],
    }
  const checked = completeSchema.safeParse(options)
  return checked.success
    ? { value: checked.data }
    : { faults: faultsOf(checked.error, iv_err_code_e.IV_ERR_SYS_INIT_PRM_RANGE) }
}
