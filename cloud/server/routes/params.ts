import type { Context } from 'hono'
import { validator } from 'hono/validator'
import { z } from 'zod'
import { channelSchema, deviceNameSchema, productIdSchema } from '../contract.ts'
import { badRequest, notFound } from '../errors.ts'
import { faultText } from '../faults.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'

/** The value, or a 400 that names every fault. */
export const check = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> => {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw badRequest(faultText(parsed.error))
}

/** Validates the JSON body. */
export const body = <Schema extends z.ZodType>(schema: Schema) =>
  validator('json', (value: unknown): z.output<Schema> => check(schema, value))

/** The device that the path names, or 404. */
export const pathDevice = async (c: Context, services: Services): Promise<Device> => {
  const productId = productIdSchema.safeParse(c.req.param('productId'))
  const deviceName = deviceNameSchema.safeParse(c.req.param('deviceName'))
  const device =
    productId.success && deviceName.success
      ? await services.registry.device(productId.data, deviceName.data)
      : undefined
  if (!device) throw notFound('there is no such device; GET /api/devices lists them')
  return device
}

export const pathChannel = (c: Context): number => {
  const channel = z.coerce.number().pipe(channelSchema).safeParse(c.req.param('channel'))
  if (!channel.success) throw notFound('a channel is a number from 0 to 64')
  return channel.data
}
