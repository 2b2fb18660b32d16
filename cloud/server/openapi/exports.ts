import { createRoute, z } from '@hono/zod-openapi'
import { EXPORT_STATES } from '../store/index/export-store.ts'
import { bytes, CHANNEL_PATH, channelParams, DEVICE_PATH, deviceParams, ms } from './fields.ts'
import { binary, empty, errors, json, jsonBody } from './responses.ts'

const exportParams = deviceParams.extend({ id: z.string() })

export const exportSchema = z
  .object({
    id: z.string(),
    channel: z.int(),
    fromMs: ms(),
    toMs: ms(),
    state: z.enum(EXPORT_STATES),
    progress: z.number().openapi({ description: '0 to 1' }),
    bytes: bytes('written so far'),
    durationMs: z.number().openapi({ description: 'of the file' }),
    reason: z.string().openapi({ description: 'why it failed; empty otherwise' }),
    fileName: z.string(),
    url: z.string().nullable().openapi({ description: 'path of the file; null until it is done' }),
    createdMs: ms(),
    createdBy: z.string(),
    expiresMs: ms('UTC in ms when the file is deleted; 0 while it is written'),
  })
  .openapi('Export')

export const createExport = createRoute({
  operationId: 'createExport',
  tags: ['exports'],
  summary: 'Write a range as one MP4 file, without encoding it again',
  description:
    'The file begins at the picture from which the range can be decoded and ends behind the range. Gaps are left out. Where codec, size or tracks change ' +
    'the answer is 409 `mixed_formats`, and says where; what only its owner can decrypt is 409 `owner_key_needed`.',
  method: 'post',
  path: `${CHANNEL_PATH}/exports`,
  request: {
    params: channelParams,
    body: jsonBody(
      z
        .object({
          fromMs: z.int().nonnegative().openapi({ format: 'int64' }),
          toMs: z.int().nonnegative().openapi({ format: 'int64' }),
        })
        .refine(({ fromMs, toMs }) => toMs > fromMs, {
          error: 'must be after "fromMs"',
          path: ['toMs'],
        })
        .openapi('NewExport'),
    ),
  },
  responses: { 202: json(exportSchema, 'It has begun'), ...errors(400, 404, 409, 503, 507) },
})

export const listExports = createRoute({
  operationId: 'listExports',
  tags: ['exports'],
  summary: 'Exports of a device, newest first',
  method: 'get',
  path: `${DEVICE_PATH}/exports`,
  request: { params: deviceParams },
  responses: {
    200: json(z.object({ exports: z.array(exportSchema) }).openapi('Exports'), 'The exports'),
    ...errors(404),
  },
})

export const getExport = createRoute({
  operationId: 'getExport',
  tags: ['exports'],
  summary: 'One export: how far it is',
  method: 'get',
  path: `${DEVICE_PATH}/exports/{id}`,
  request: { params: exportParams },
  responses: { 200: json(exportSchema, 'The export'), ...errors(404) },
})

export const deleteExport = createRoute({
  operationId: 'deleteExport',
  tags: ['exports'],
  summary: 'Cancel an export that runs; delete the file of one that is done',
  method: 'delete',
  path: `${DEVICE_PATH}/exports/{id}`,
  request: { params: exportParams },
  responses: { 204: empty('It is gone'), ...errors(404) },
})

export const getExportFile = createRoute({
  operationId: 'getExportFile',
  tags: ['exports'],
  summary: 'The file, whole or by `Range`',
  method: 'get',
  path: `${DEVICE_PATH}/exports/{id}/file`,
  request: { params: exportParams },
  responses: {
    200: binary('video/mp4', 'The file'),
    206: binary('video/mp4', 'Part of it'),
    302: empty('It is read from the object store, by the link in `Location`, for an hour'),
    ...errors(404, 409, 410, 416),
  },
})
