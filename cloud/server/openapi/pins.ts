import { createRoute, z } from '@hono/zod-openapi'
import { eventKeySchema } from '../contract.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { CHANNEL_PATH, channelParams, DEVICE_PATH, deviceParams, ms, msQuery } from './fields.ts'
import { empty, errors, json, jsonBody } from './responses.ts'

const NOTE_MAX = 200

/** A range of a channel, or one of its events. */
export const targetFields = {
  fromMs: z.int().nonnegative().optional().openapi({ format: 'int64' }),
  toMs: z.int().nonnegative().optional().openapi({ format: 'int64' }),
  eventKey: eventKeySchema
    .optional()
    .openapi({ description: 'an event instead of `fromMs` and `toMs`' }),
  note: z.string().max(NOTE_MAX).optional(),
}
type Target = { fromMs?: unknown; toMs?: unknown; eventKey?: unknown }
export const isTarget = ({ fromMs, toMs, eventKey }: Target): boolean =>
  eventKey === undefined
    ? typeof fromMs === 'number' && typeof toMs === 'number' && toMs > fromMs
    : fromMs === undefined && toMs === undefined
export const TARGET_FAULT = { error: 'give "eventKey", or "fromMs" and a later "toMs"' }

export const pinSchema = z
  .object({
    id: z.string(),
    channel: z.int(),
    fromMs: ms(),
    toMs: ms().nullable().openapi({ description: 'null while its event runs' }),
    eventKey: z.string().nullable(),
    note: z.string(),
    createdMs: ms(),
    createdBy: z.string(),
  })
  .openapi('Pin')

export const createPin = createRoute({
  operationId: 'createPin',
  tags: ['pins'],
  summary: 'Keep a range or an event from being deleted by itself',
  method: 'post',
  path: `${CHANNEL_PATH}/pins`,
  middleware: requireAdmin(),
  request: {
    params: channelParams,
    body: jsonBody(z.object(targetFields).refine(isTarget, TARGET_FAULT).openapi('NewPin')),
  },
  responses: { 201: json(pinSchema, 'The pin'), ...errors(400, 403, 404) },
})

export const listPins = createRoute({
  operationId: 'listPins',
  tags: ['pins'],
  summary: 'Pins of a device',
  method: 'get',
  path: `${DEVICE_PATH}/pins`,
  request: {
    params: deviceParams,
    query: z.object({ from: msQuery.optional(), to: msQuery.optional() }),
  },
  responses: {
    200: json(z.object({ pins: z.array(pinSchema) }).openapi('Pins'), 'In order of time'),
    ...errors(400, 404),
  },
})

export const deletePin = createRoute({
  operationId: 'deletePin',
  tags: ['pins'],
  summary: 'Let go of what was kept',
  method: 'delete',
  path: `${DEVICE_PATH}/pins/{id}`,
  middleware: requireAdmin(),
  request: { params: deviceParams.extend({ id: z.string() }) },
  responses: { 204: empty('It is gone'), ...errors(403, 404) },
})
