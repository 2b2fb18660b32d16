import { createRoute, z } from '@hono/zod-openapi'
import { PICTURE_TYPES } from '../contract.ts'
import { requireAdmin } from '../middleware/auth.ts'
import {
  CHANNEL_PATH,
  channelParams,
  countQuery,
  DEVICE_PATH,
  dateSchema,
  deviceParams,
  EVENT_PATH,
  eventParams,
  ms,
  msQuery,
  timeZoneSchema,
} from './fields.ts'
import { binary, empty, errors, json, jsonBody } from './responses.ts'

export const LIMIT_MAX = 1000

export const eventSchema = z
  .object({
    key: z.string(),
    channel: z.int(),
    eventId: z.int(),
    info: z.string(),
    isMoment: z.boolean().openapi({ description: 'told of directly, without a length' }),
    startMs: ms(),
    endMs: ms().nullable().openapi({ description: 'null while it runs' }),
    videoStartMs: ms(),
    videoEndMs: ms().nullable(),
    state: z.enum(['running', 'finished', 'partial', 'failed']),
    video: z
      .enum(['none', 'part', 'whole'])
      .openapi({ description: 'what is recorded of its time now' }),
    recordedMs: z.number(),
    ai: z.int().openapi({ description: 'analyses that its device wants, bits' }),
    aiText: z.string().nullable().openapi({ description: 'what an analysis found' }),
    isPinned: z.boolean().openapi({ description: 'never deleted by itself' }),
    picture: z.string().nullable().openapi({ description: 'path of its picture' }),
    playlist: z.string().nullable().openapi({ description: 'path of its playlist' }),
  })
  .openapi('Event')

const eventsSchema = z.object({ events: z.array(eventSchema), nowMs: ms() }).openapi('Events')

const rangeQuery = z.object({
  from: msQuery.optional(),
  to: msQuery.optional(),
  day: dateSchema
    .optional()
    .openapi({ description: 'a calendar day of `tz` instead of `from` and `to`' }),
  tz: timeZoneSchema.optional().openapi({ description: "absent: the device's time zone" }),
  limit: countQuery(LIMIT_MAX, LIMIT_MAX),
})

export const listDeviceEvents = createRoute({
  operationId: 'listDeviceEvents',
  tags: ['events'],
  summary: 'Events that began in a range, on all channels',
  method: 'get',
  path: `${DEVICE_PATH}/events`,
  request: {
    params: deviceParams,
    query: rangeQuery.extend({
      channel: z
        .string()
        .regex(/^\d{1,2}$/, 'must be a channel')
        .transform(Number)
        .optional()
        .openapi({ type: 'integer', minimum: 0, maximum: 64 }),
    }),
  },
  responses: { 200: json(eventsSchema, 'The events, in order of time'), ...errors(400, 404) },
})

export const listChannelEvents = createRoute({
  operationId: 'listChannelEvents',
  tags: ['events'],
  summary: 'Events that began in a range, on one channel',
  method: 'get',
  path: `${CHANNEL_PATH}/events`,
  request: { params: channelParams, query: rangeQuery },
  responses: { 200: json(eventsSchema, 'The events, in order of time'), ...errors(400, 404) },
})

export const getEvent = createRoute({
  operationId: 'getEvent',
  tags: ['events'],
  summary: 'One event',
  method: 'get',
  path: EVENT_PATH,
  request: { params: eventParams },
  responses: { 200: json(eventSchema, 'The event'), ...errors(404) },
})

export const getEventPicture = createRoute({
  operationId: 'getEventPicture',
  tags: ['events'],
  summary: 'Its picture',
  method: 'get',
  path: `${EVENT_PATH}/picture`,
  request: { params: eventParams },
  responses: {
    200: {
      description: 'The picture',
      content: Object.fromEntries(
        PICTURE_TYPES.map((type) => [type, binary(type, '').content[type]]),
      ) as Record<string, { schema: z.ZodString }>,
    },
    ...errors(404),
  },
})

export const getEventPlaylist = createRoute({
  operationId: 'getEventPlaylist',
  tags: ['events'],
  summary: 'HLS of its video; of one that runs: live',
  method: 'get',
  path: `${EVENT_PATH}/playlist.m3u8`,
  request: { params: eventParams, query: z.object({ token: z.string().optional() }) },
  responses: {
    200: binary('application/vnd.apple.mpegurl', 'HLS playlist'),
    ...errors(404),
  },
})

export const setAiResult = createRoute({
  operationId: 'setAiResult',
  tags: ['events'],
  summary: 'What an analysis found; told to the device',
  method: 'post',
  path: `${EVENT_PATH}/ai`,
  middleware: requireAdmin(),
  request: {
    params: eventParams,
    body: jsonBody(
      z
        .object({
          text: z.string().min(1).max(512),
          expiresAtMs: z.int().nonnegative().optional().openapi({
            format: 'int64',
            description: 'UTC until which the analysis is booked; absent: without an end',
          }),
        })
        .openapi('AiResult'),
    ),
  },
  responses: { 200: json(eventSchema, 'The event as it is now'), ...errors(400, 403, 404) },
})

export const deleteAllRecordings = createRoute({
  operationId: 'deleteAllRecordings',
  tags: ['storage'],
  summary: 'Delete all that a device has recorded and end its plans; pins do not hold it back',
  method: 'delete',
  path: `${DEVICE_PATH}/recordings`,
  middleware: requireAdmin(),
  request: { params: deviceParams },
  responses: { 204: empty('Everything is gone'), ...errors(403, 404) },
})
