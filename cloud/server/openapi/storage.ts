import { createRoute, z } from '@hono/zod-openapi'
import { requireAdmin } from '../middleware/auth.ts'
import {
  bytes,
  CHANNEL_PATH,
  channelParams,
  countQuery,
  EVENT_PATH,
  eventParams,
  ms,
  msQuery,
} from './fields.ts'
import { errors, json, jsonBody } from './responses.ts'

const flagQuery = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true')
  .openapi({ type: 'boolean', default: false })

const forceQuery = flagQuery.openapi({
  description: 'also what is pinned; the pins go with it',
})

export const deletedSchema = z
  .object({
    fromMs: ms('where the deleted recordings begin'),
    toMs: ms('where they end'),
    slices: z.int(),
    events: z.int(),
    bytes: bytes(),
  })
  .openapi('Deleted')

export const deleteRange = createRoute({
  operationId: 'deleteRange',
  tags: ['storage'],
  summary: 'Delete what was recorded in a range, with the events that began in it',
  description:
    'Slices that the range touches go whole, so up to some seconds more on both sides; the answer says what went.',
  method: 'delete',
  path: `${CHANNEL_PATH}/recordings`,
  middleware: requireAdmin(),
  request: {
    params: channelParams,
    query: z.object({ from: msQuery, to: msQuery, force: forceQuery }),
  },
  responses: { 200: json(deletedSchema, 'What went'), ...errors(400, 403, 404, 409) },
})

export const deleteEvent = createRoute({
  operationId: 'deleteEvent',
  tags: ['events'],
  summary: 'Delete an event with its picture, and its video when asked for',
  method: 'delete',
  path: EVENT_PATH,
  middleware: requireAdmin(),
  request: {
    params: eventParams,
    query: z.object({
      video: flagQuery.openapi({
        description: 'also its video, as far as no other event or pin needs it',
      }),
      force: forceQuery,
    }),
  },
  responses: { 200: json(deletedSchema, 'What went'), ...errors(400, 403, 404, 409) },
})

export const auditLineSchema = z
  .object({
    id: z.int(),
    atMs: ms(),
    actor: z.string(),
    action: z.string(),
    device: z.string(),
    channel: z.int().nullable(),
    startMs: ms().nullable(),
    endMs: ms().nullable(),
    detail: z.string(),
  })
  .openapi('AuditLine')

export const listAudit = createRoute({
  operationId: 'listAudit',
  tags: ['storage'],
  summary: 'Who did what, and when; newest first',
  method: 'get',
  path: '/audit',
  middleware: requireAdmin(),
  request: {
    query: z.object({
      limit: countQuery(1000, 100),
      before: z
        .string()
        .regex(/^\d{1,15}$/, 'must be an id')
        .transform(Number)
        .optional()
        .openapi({ type: 'integer', description: 'lines before this id' }),
    }),
  },
  responses: {
    200: json(z.object({ lines: z.array(auditLineSchema) }).openapi('Audit'), 'The lines'),
    ...errors(400, 403),
  },
})

export const storageSchema = z
  .object({
    usedBytes: bytes('by recordings and pictures'),
    freeBytes: bytes().nullable().openapi({ description: 'null when the store cannot tell' }),
    totalBytes: bytes().nullable(),
    minFreeBytes: bytes('below this room is made: the oldest goes first'),
    devices: z.array(
      z.object({
        productId: z.string(),
        deviceName: z.string(),
        usedBytes: bytes(),
        quotaBytes: bytes('0: none'),
      }),
    ),
  })
  .openapi('Storage')

export const getStorage = createRoute({
  operationId: 'getStorage',
  tags: ['storage'],
  summary: 'What is stored, and how much room there is',
  method: 'get',
  path: '/storage',
  responses: { 200: json(storageSchema, 'The storage'), ...errors() },
})

export const checkSchema = z
  .object({
    slices: z.int().openapi({ description: 'rows of the index' }),
    objects: z.int().openapi({ description: 'objects of the store' }),
    missing: z.int().openapi({ description: 'rows whose object is not there, or too short' }),
    orphans: z.int().openapi({ description: 'objects that no row names' }),
    orphanBytes: bytes(),
    examples: z.array(z.string()),
    repaired: z.boolean(),
    refused: z
      .string()
      .nullable()
      .openapi({ description: 'why nothing was repaired, though it was asked for' }),
  })
  .openapi('StorageCheck')

export const checkStorage = createRoute({
  operationId: 'checkStorage',
  tags: ['storage'],
  summary: 'Check the index against the objects, both ways',
  description:
    'With `repair` rows without objects and objects without rows are deleted, unless that were more than `maxPercent` of them: then something else is wrong.',
  method: 'post',
  path: '/storage/check',
  middleware: requireAdmin(),
  request: {
    body: jsonBody(
      z
        .object({
          repair: z.boolean().optional(),
          maxPercent: z.number().min(0).max(100).optional(),
        })
        .openapi('StorageCheckRequest'),
    ),
  },
  responses: { 200: json(checkSchema, 'What was found'), ...errors(400, 403) },
})
