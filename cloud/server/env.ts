import { z } from 'zod'
import { faultText } from './faults.ts'
import { LOG_LEVELS } from './log.ts'

const portSchema = z.coerce.number().int().min(0).max(65_535)
/** Tokens are compared and put into URLs: no blanks, and long enough not to be guessed. */
const tokenSchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,256}$/, 'must be 16 to 256 printable characters without blanks')

const MIB = 1024 * 1024

/** Environment of the server; every variable has a default that is safe on one machine. */
const envSchema = z.object({
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
  SKYRILL_MIN_FREE_MIB: z.coerce.number().int().min(0).default(256),
  SKYRILL_PROXIES: z.coerce.number().int().min(0).max(8).default(0),
  SKYRILL_API_RATE: z.coerce.number().int().min(1).max(100_000).default(100),
  SKYRILL_LOG: z.enum(LOG_LEVELS).default('info'),
})

/** Every variable that is read; the documents and the example file must name each. */
export const ENV_NAMES: readonly string[] = Object.keys(envSchema.shape)

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
  /** MQTT broker that runs elsewhere; absent: one in this process */
  mqttBrokerUrl?: string
  /** how devices and browsers reach the HTTP server when that is not its own address */
  publicUrl?: string
  adminToken?: string
  viewerToken?: string
  signingKey?: string
  /** uploads are answered 507 while the disk has less than this free */
  minFreeBytes?: number
  /** proxies in front of the server: so many addresses at the end of X-Forwarded-For are believed */
  proxies?: number
  /** requests of the API per address and second, on average; six times as many at once */
  apiPerSecond?: number
  logLevel?: (typeof LOG_LEVELS)[number]
}

/** Options from environment variables. Throws one message that names every fault. */
export const parseEnv = (env: Record<string, string | undefined>): CloudOptions => {
  // an empty variable is one that is not set: compose files and shells produce them
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = envSchema.safeParse(given)
  if (!parsed.success) throw new Error(`environment: ${faultText(parsed.error)}`)
  const value = parsed.data
  return {
    host: value.SKYRILL_HOST,
    httpPort: value.SKYRILL_HTTP_PORT,
    mqttPort: value.SKYRILL_MQTT_PORT,
    dataDir: value.SKYRILL_DATA,
    minFreeBytes: value.SKYRILL_MIN_FREE_MIB * MIB,
    proxies: value.SKYRILL_PROXIES,
    apiPerSecond: value.SKYRILL_API_RATE,
    logLevel: value.SKYRILL_LOG,
    ...(value.SKYRILL_DATABASE_URL && { databaseUrl: value.SKYRILL_DATABASE_URL }),
    ...(value.SKYRILL_MQTT_BROKER_URL && { mqttBrokerUrl: value.SKYRILL_MQTT_BROKER_URL }),
    ...(value.SKYRILL_PUBLIC_URL && { publicUrl: value.SKYRILL_PUBLIC_URL }),
    ...(value.SKYRILL_ADMIN_TOKEN && { adminToken: value.SKYRILL_ADMIN_TOKEN }),
    ...(value.SKYRILL_VIEWER_TOKEN && { viewerToken: value.SKYRILL_VIEWER_TOKEN }),
    ...(value.SKYRILL_SIGNING_KEY && { signingKey: value.SKYRILL_SIGNING_KEY }),
  }
}
