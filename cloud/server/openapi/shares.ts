import { createRoute, z } from '@hono/zod-openapi'
import { requireAdmin } from '../middleware/auth.ts'
import { CHANNEL_PATH, channelParams, DEVICE_PATH, deviceParams, ms, msQuery } from './fields.ts'
import { isTarget, TARGET_FAULT, targetFields } from './pins.ts'
import { intervalSchema, PLAYLIST_TYPE } from './playback.ts'
import { binary, empty, errors, json, jsonBody } from './responses.ts'

const MIN_S = 60
const MAX_S = 90 * 86_400

export const shareSchema = z
  .object({
    id: z.string(),
    channel: z.int(),
    fromMs: ms(),
    toMs: ms(),
    eventKey: z.string().nullable(),
    note: z.string(),
    expiresMs: ms(),
    revokedMs: ms('UTC in ms; 0 while it holds'),
    createdMs: ms(),
    createdBy: z.string(),
    token: z.string(),
    url: z
      .string()
      .openapi({ description: 'the page that shows it, for anyone who has the address' }),
  })
  .openapi('Share')

export const createShare = createRoute({
  operationId: 'createShare',
  tags: ['shares'],
  summary:
    'A link that shows a range or an event to anyone who has it, until it expires or is revoked',
  method: 'post',
  path: `${CHANNEL_PATH}/shares`,
  middleware: requireAdmin(),
  request: {
    params: channelParams,
    body: jsonBody(
      z
        .object({ ...targetFields, expiresInSec: z.int().min(MIN_S).max(MAX_S) })
        .refine(isTarget, TARGET_FAULT)
        .openapi('NewShare'),
    ),
  },
  responses: { 201: json(shareSchema, 'The link'), ...errors(400, 403, 404) },
})

export const listShares = createRoute({
  operationId: 'listShares',
  tags: ['shares'],
  summary: 'Links of a device, newest first',
  method: 'get',
  path: `${DEVICE_PATH}/shares`,
  middleware: requireAdmin(),
  request: { params: deviceParams },
  responses: {
    200: json(z.object({ shares: z.array(shareSchema) }).openapi('Shares'), 'The links'),
    ...errors(403, 404),
  },
})

export const revokeShare = createRoute({
  operationId: 'revokeShare',
  tags: ['shares'],
  summary: 'Revoke a link: it answers 410 from now on',
  method: 'delete',
  path: `${DEVICE_PATH}/shares/{id}`,
  middleware: requireAdmin(),
  request: { params: deviceParams.extend({ id: z.string() }) },
  responses: { 204: empty('It is revoked'), ...errors(403, 404) },
})

/** What follows needs no account: the token in the path is the leave. */
const tokenParams = z.object({ token: z.string() })
const open = { security: [] as [], tags: ['shared'] }

export const sharedSchema = z
  .object({
    label: z.string(),
    timeZone: z.string(),
    fromMs: ms(),
    toMs: ms(),
    expiresMs: ms(),
    note: z.string(),
    recordings: z.array(intervalSchema),
    event: z
      .object({
        eventId: z.int(),
        info: z.string(),
        startMs: ms(),
        endMs: ms().nullable(),
        aiText: z.string().nullable(),
      })
      .nullable(),
    picture: z.string().nullable(),
    playlist: z.string(),
    nowMs: ms(),
  })
  .openapi('Shared')

export const getShared = createRoute({
  ...open,
  operationId: 'getShared',
  summary: 'What a link shows',
  method: 'get',
  path: '/shared/{token}',
  request: { params: tokenParams },
  responses: { 200: json(sharedSchema, 'What it shows'), ...errors(404, 410) },
})

export const getSharedPlaylist = createRoute({
  ...open,
  operationId: 'getSharedPlaylist',
  summary: 'HLS media playlist of what a link shows',
  method: 'get',
  path: '/shared/{token}/playlist.m3u8',
  request: {
    params: tokenParams,
    query: z.object({ from: msQuery.optional(), to: msQuery.optional() }),
  },
  responses: { 200: binary(PLAYLIST_TYPE, 'HLS playlist'), ...errors(400, 404, 410) },
})

export const getSharedPicture = createRoute({
  ...open,
  operationId: 'getSharedPicture',
  summary: 'Picture of the event that a link shows',
  method: 'get',
  path: '/shared/{token}/picture',
  request: { params: tokenParams },
  responses: { 200: binary('image/jpeg', 'The picture'), ...errors(404, 410) },
})
