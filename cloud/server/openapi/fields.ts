import { z } from '@hono/zod-openapi'
import { isTimeZone } from '../time-zone.ts'

/** UTC in ms. Query values are text for clients and numbers for handlers. */
const digits = (maxLength: number) =>
  z.string().regex(new RegExp(`^\\d{1,${maxLength}}$`), 'must be a whole number')

export const msQuery = digits(15)
  .transform(Number)
  .openapi({ type: 'integer', format: 'int64', minimum: 0, description: 'UTC in ms' })

export const countQuery = (max: number, fallback: number) =>
  digits(9)
    .transform(Number)
    .refine((value) => value >= 1 && value <= max, `must be 1 to ${max}`)
    .default(fallback)
    .openapi({ type: 'integer', minimum: 1, maximum: max, default: fallback })

export const durationQuery = (fallback: number, description: string) =>
  digits(12)
    .transform(Number)
    .default(fallback)
    .openapi({ type: 'integer', format: 'int64', minimum: 0, default: fallback, description })

export const timeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Berlin')
  .openapi({ example: 'Europe/Berlin', description: 'IANA time zone' })

export const dateSchema = z.iso.date().openapi({ format: 'date', example: '2026-11-24' })

export const ms = (description = 'UTC in ms') => z.int().openapi({ format: 'int64', description })
export const bytes = (description = 'bytes') =>
  z.int().nonnegative().openapi({ format: 'int64', description })

/** Names in paths. What does not fit names nothing: 404, which the handlers answer. */
export const deviceParams = z.object({
  productId: z.string().openapi({ description: 'product id', example: 'P1' }),
  deviceName: z.string().openapi({ description: 'device name', example: 'cam1' }),
})
export const channelParams = deviceParams.extend({
  channel: z
    .string()
    .openapi({ type: 'integer', minimum: 0, maximum: 64, description: 'channel, 0 to 64' }),
})
export const eventParams = channelParams.extend({
  key: z.string().openapi({ description: 'key of the event' }),
})
export const idParams = z.object({ id: z.string() })

export const DEVICE_PATH = '/devices/{productId}/{deviceName}'
export const CHANNEL_PATH = `${DEVICE_PATH}/channels/{channel}` as const
export const EVENT_PATH = `${CHANNEL_PATH}/events/{key}` as const
