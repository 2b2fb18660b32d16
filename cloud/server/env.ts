import { z } from 'zod'
import { faultText } from './faults.ts'
import { LOG_FORMATS, LOG_LEVELS, type LogFormat } from './log.ts'
import type { S3StoreOptions } from './store/objects/s3/s3.ts'

const portSchema = z.coerce.number().int().min(0).max(65_535)
/** Tokens are compared and put into URLs: no blanks, and long enough not to be guessed. */
const tokenSchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 printable characters without blanks')

/** Compose files and shells know no booleans. */
const flagSchema = z.enum(['0', '1']).transform((text) => text === '1')

const MIB = 1024 * 1024

/** Environment of the server; every variable has a default that is safe on one machine. */
const variablesSchema = z.object({
  SKYRILL_HOST: z.string().min(1).default('127.0.0.1'),
  SKYRILL_HTTP_PORT: portSchema.default(8080),
  SKYRILL_MQTT_PORT: portSchema.default(1883),
  SKYRILL_DATA: z.string().min(1).default('data'),
  SKYRILL_DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  SKYRILL_MQTT_BROKER_URL: z.url({ protocol: /^(mqtts?|wss?)$/ }).optional(),
  SKYRILL_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SKYRILL_ADMIN_TOKEN: tokenSchema.optional(),
  SKYRILL_VIEWER_TOKEN: tokenSchema.optional(),
  SKYRILL_SIGNING_KEY: tokenSchema.optional(),
  SKYRILL_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  SKYRILL_S3_BUCKET: z
    .string()
    .regex(
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      'must be a bucket name: 3 to 63 of a-z, 0-9, . and -',
    )
    .optional(),
  SKYRILL_S3_REGION: z.string().min(1).default('us-east-1'),
  SKYRILL_S3_ACCESS_KEY: z.string().min(1).optional(),
  SKYRILL_S3_SECRET_KEY: z.string().min(1).optional(),
  SKYRILL_S3_PATH_STYLE: flagSchema.default(true),
  SKYRILL_S3_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/, 'must be names joined by /, such as site-1')
    .optional(),
  SKYRILL_S3_CA: z.string().min(1).optional(),
  SKYRILL_S3_PUBLIC_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  SKYRILL_MIN_FREE_MIB: z.coerce.number().int().min(0).default(256),
  SKYRILL_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  SKYRILL_MAIL_FROM: z.string().min(3).max(320).default('skyrill@localhost'),
  SKYRILL_HOOKS_PRIVATE: flagSchema.default(false),
  SKYRILL_PROXIES: z.coerce.number().int().min(0).max(8).default(0),
  SKYRILL_API_RATE: z.coerce.number().int().min(1).max(100_000).default(100),
  SKYRILL_LINK_SEC: z.coerce.number().int().min(60).max(86_400).default(3600),
  SKYRILL_LOG: z.enum(LOG_LEVELS).default('info'),
  SKYRILL_LOG_FORMAT: z.enum(LOG_FORMATS).default('json'),
})

/** Half a store is a mistake that would otherwise record to the disk. */
const S3_NEEDED = [
  'SKYRILL_S3_ENDPOINT',
  'SKYRILL_S3_BUCKET',
  'SKYRILL_S3_ACCESS_KEY',
  'SKYRILL_S3_SECRET_KEY',
] as const
const envSchema = variablesSchema.superRefine((value, context) => {
  if (S3_NEEDED.every((name) => value[name] === undefined)) return
  for (const name of S3_NEEDED)
    if (value[name] === undefined)
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `is needed with the other SKYRILL_S3_ variables`,
      })
})

/** Every variable that is read; the documents and the example file must name each. */
export const ENV_NAMES: readonly string[] = Object.keys(variablesSchema.shape)

/** What `startCloud` takes; everything has a default. */
export type CloudOptions = {
  host?: string
  /** 0 takes a free port */
  httpPort?: number
  mqttPort?: number
  /** folder of recordings, index and tokens */
  dataDir?: string
  /** PostgreSQL server for the index; absent: an index in the data folder */
  databaseUrl?: string
  /** S3-compatible store for recordings and pictures; absent: files in the data folder */
  s3?: S3StoreOptions
  /** MQTT broker that runs elsewhere; absent: one in this process */
  mqttBrokerUrl?: string
  /** how devices and browsers reach the HTTP server when that is not its own address */
  publicUrl?: string
  adminToken?: string
  viewerToken?: string
  signingKey?: string
  /** uploads are answered 507 while the disk has less than this free */
  minFreeBytes?: number
  /** mail server for notifications; absent: no mail */
  smtpUrl?: string
  mailFrom?: string
  /** hooks may reach addresses of this machine and its network */
  allowPrivateHooks?: boolean
  /** proxies in front of the server: so many addresses at the end of X-Forwarded-For are believed */
  proxies?: number
  /** requests of the API per address and second, on average; six times as many at once */
  apiPerSecond?: number
  /** links to media in playlists hold for one to two of these; the page fetches new ones by itself */
  linkMs?: number
  logLevel?: (typeof LOG_LEVELS)[number]
  logFormat?: LogFormat
}

const s3Options = (value: z.output<typeof variablesSchema>): S3StoreOptions | undefined => {
  const { SKYRILL_S3_ENDPOINT: endpoint, SKYRILL_S3_BUCKET: bucket } = value
  const { SKYRILL_S3_ACCESS_KEY: accessKey, SKYRILL_S3_SECRET_KEY: secretKey } = value
  if (!endpoint || !bucket || !accessKey || !secretKey) return undefined
  return {
    ...{ endpoint, bucket, accessKey, secretKey },
    region: value.SKYRILL_S3_REGION,
    pathStyle: value.SKYRILL_S3_PATH_STYLE,
    ...(value.SKYRILL_S3_PREFIX && { prefix: value.SKYRILL_S3_PREFIX }),
    ...(value.SKYRILL_S3_CA && { caFile: value.SKYRILL_S3_CA }),
    ...(value.SKYRILL_S3_PUBLIC_ENDPOINT && { publicEndpoint: value.SKYRILL_S3_PUBLIC_ENDPOINT }),
  }
}

/** Options from environment variables. Throws one message that names every fault. */
export const parseEnv = (env: Record<string, string | undefined>): CloudOptions => {
  // an empty variable is one that is not set: compose files and shells produce them
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = envSchema.safeParse(given)
  if (!parsed.success) throw new Error(`environment: ${faultText(parsed.error)}`)
  const value = parsed.data
  const s3 = s3Options(value)
  return {
    host: value.SKYRILL_HOST,
    httpPort: value.SKYRILL_HTTP_PORT,
    mqttPort: value.SKYRILL_MQTT_PORT,
    dataDir: value.SKYRILL_DATA,
    minFreeBytes: value.SKYRILL_MIN_FREE_MIB * MIB,
    mailFrom: value.SKYRILL_MAIL_FROM,
    allowPrivateHooks: value.SKYRILL_HOOKS_PRIVATE,
    ...(value.SKYRILL_SMTP_URL && { smtpUrl: value.SKYRILL_SMTP_URL }),
    proxies: value.SKYRILL_PROXIES,
    apiPerSecond: value.SKYRILL_API_RATE,
    linkMs: value.SKYRILL_LINK_SEC * 1000,
    logLevel: value.SKYRILL_LOG,
    logFormat: value.SKYRILL_LOG_FORMAT,
    ...(value.SKYRILL_DATABASE_URL && { databaseUrl: value.SKYRILL_DATABASE_URL }),
    ...(s3 && { s3 }),
    ...(value.SKYRILL_MQTT_BROKER_URL && { mqttBrokerUrl: value.SKYRILL_MQTT_BROKER_URL }),
    ...(value.SKYRILL_PUBLIC_URL && { publicUrl: value.SKYRILL_PUBLIC_URL }),
    ...(value.SKYRILL_ADMIN_TOKEN && { adminToken: value.SKYRILL_ADMIN_TOKEN }),
    ...(value.SKYRILL_VIEWER_TOKEN && { viewerToken: value.SKYRILL_VIEWER_TOKEN }),
    ...(value.SKYRILL_SIGNING_KEY && { signingKey: value.SKYRILL_SIGNING_KEY }),
  }
}
