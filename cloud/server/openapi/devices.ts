import { createRoute, z } from '@hono/zod-openapi'
import { deviceNameSchema, productIdSchema } from '../contract.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { bytes, DEVICE_PATH, deviceParams, ms, timeZoneSchema } from './fields.ts'
import { planSchema } from './plans.ts'
import { empty, errors, json, jsonBody } from './responses.ts'

const LABEL_MAX = 64
/** 1 PiB; more is a slip of the finger. */
const QUOTA_MAX_BYTES = 2 ** 50

/** A secret is used as a key: short ones can be guessed from one captured login. */
const secretSchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,128}$/, '16 to 128 printable characters')
  .openapi({ description: '16 to 128 printable characters' })

export const channelSchema = z
  .object({ channel: z.int(), plan: planSchema, recording: z.boolean() })
  .openapi('Channel')

const deviceFields = {
  productId: z.string(),
  deviceName: z.string(),
  label: z.string(),
  createdMs: ms(),
  timeZone: timeZoneSchema,
  quotaBytes: bytes('what it may keep; 0: as much as there is room for'),
  online: z.boolean(),
  lastSeenMs: ms('UTC in ms; 0 when never seen'),
  version: z.string().openapi({ description: 'of its software' }),
  channels: z.array(channelSchema),
}
export const deviceSchema = z.object(deviceFields).openapi('Device')

export const newDeviceSchema = z
  .object({
    productId: productIdSchema,
    deviceName: deviceNameSchema,
    deviceSecret: secretSchema.optional(),
    label: z.string().max(LABEL_MAX).optional(),
    timeZone: timeZoneSchema.optional(),
  })
  .openapi('NewDevice')

const madeDeviceSchema = z
  .object({
    ...deviceFields,
    deviceSecret: z.string().openapi({ description: 'told this once' }),
  })
  .openapi('MadeDevice')

export const deviceChangeSchema = z
  .object({
    label: z.string().max(LABEL_MAX).optional(),
    timeZone: timeZoneSchema.optional(),
    quotaBytes: z
      .int()
      .min(0)
      .max(QUOTA_MAX_BYTES)
      .optional()
      .openapi({ format: 'int64', description: '0: as much as there is room for' }),
  })
  .openapi('DeviceChange')

export const listDevices = createRoute({
  operationId: 'listDevices',
  tags: ['devices'],
  summary: 'All devices with their channels, plans and presence',
  method: 'get',
  path: '/devices',
  responses: {
    200: json(z.object({ devices: z.array(deviceSchema) }).openapi('Devices'), 'The devices'),
    ...errors(),
  },
})

export const createDevice = createRoute({
  operationId: 'createDevice',
  tags: ['devices'],
  summary: 'Register a device; the answer holds its secret, this once',
  method: 'post',
  path: '/devices',
  middleware: requireAdmin(),
  request: { body: jsonBody(newDeviceSchema) },
  responses: { 201: json(madeDeviceSchema, 'The device'), ...errors(400, 403, 409) },
})

export const getDevice = createRoute({
  operationId: 'getDevice',
  tags: ['devices'],
  summary: 'One device',
  method: 'get',
  path: DEVICE_PATH,
  request: { params: deviceParams },
  responses: { 200: json(deviceSchema, 'The device'), ...errors(404) },
})

export const changeDevice = createRoute({
  operationId: 'changeDevice',
  tags: ['devices'],
  summary: 'Change its label, time zone or quota',
  method: 'patch',
  path: DEVICE_PATH,
  middleware: requireAdmin(),
  request: { params: deviceParams, body: jsonBody(deviceChangeSchema) },
  responses: { 200: json(deviceSchema, 'The device as it is now'), ...errors(400, 403, 404) },
})

export const rotateSecret = createRoute({
  operationId: 'rotateSecret',
  tags: ['devices'],
  summary: 'A new secret; connections and tokens of the old one end',
  method: 'post',
  path: `${DEVICE_PATH}/secret`,
  middleware: requireAdmin(),
  request: {
    params: deviceParams,
    body: jsonBody(z.object({ deviceSecret: secretSchema.optional() }).openapi('SecretChange')),
  },
  responses: {
    200: json(z.object({ deviceSecret: z.string() }).openapi('Secret'), 'The secret'),
    ...errors(400, 403, 404),
  },
})

export const deleteDevice = createRoute({
  operationId: 'deleteDevice',
  tags: ['devices'],
  summary: 'Delete a device with all its recordings',
  method: 'delete',
  path: DEVICE_PATH,
  middleware: requireAdmin(),
  request: { params: deviceParams },
  responses: { 204: empty('It is gone'), ...errors(403, 404) },
})

const channelUsageSchema = z
  .object({
    channel: z.int(),
    slices: z.int(),
    bytes: bytes(),
    oldestMs: ms('UTC in ms; 0 when there is nothing'),
    newestMs: ms('UTC in ms; 0 when there is nothing'),
  })
  .openapi('ChannelUsage')

export const usageSchema = z
  .object({
    usedBytes: bytes('recordings and pictures'),
    pictureBytes: bytes(),
    pinnedBytes: bytes('of it, what is pinned and never deleted by itself'),
    quotaBytes: bytes('0: as much as there is room for'),
    channels: z.array(channelUsageSchema),
  })
  .openapi('Usage')

export const getUsage = createRoute({
  operationId: 'getUsage',
  tags: ['storage'],
  summary: 'What a device has stored',
  method: 'get',
  path: `${DEVICE_PATH}/usage`,
  request: { params: deviceParams },
  responses: { 200: json(usageSchema, 'The use'), ...errors(404) },
})
