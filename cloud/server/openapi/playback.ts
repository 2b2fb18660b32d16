import { createRoute, z } from '@hono/zod-openapi'
import { SLICE_STATES } from '../store/index/types.ts'
import {
  bytes,
  CHANNEL_PATH,
  channelParams,
  dateSchema,
  durationQuery,
  ms,
  msQuery,
  timeZoneSchema,
} from './fields.ts'
import { binary, empty, errors, json } from './responses.ts'

export const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl'

const daySchema = z
  .object({
    date: dateSchema,
    startMs: ms('UTC of the midnight that begins the day'),
    endMs: ms('UTC of the next midnight; 23 or 25 hours later when the clocks change'),
    recorded: z.boolean(),
  })
  .openapi('Day')

export const listDays = createRoute({
  operationId: 'listDays',
  tags: ['playback'],
  summary: 'Days of a time zone, with whether something was recorded',
  method: 'get',
  path: `${CHANNEL_PATH}/days`,
  request: {
    params: channelParams,
    query: z.object({
      from: dateSchema,
      to: dateSchema,
      tz: timeZoneSchema.optional().openapi({ description: "absent: the device's time zone" }),
    }),
  },
  responses: {
    200: json(
      z.object({ timeZone: z.string(), days: z.array(daySchema) }).openapi('Days'),
      'The days, from and to included',
    ),
    ...errors(400, 404),
  },
})

export const intervalSchema = z.object({ startMs: ms(), endMs: ms() }).openapi('Interval')

export const lossSchema = z
  .object({
    id: z.string().nullable().openapi({ description: 'null: several in one' }),
    startMs: ms(),
    endMs: ms(),
    bytes: bytes(),
    cause: z.string().openapi({ description: 'why it was not recorded', example: 'evicted' }),
  })
  .openapi('Loss')

export const eventMarkSchema = z
  .object({
    key: z.string().openapi({ description: 'of the first, when there are several' }),
    count: z.int().openapi({ description: 'how many events lie this close together' }),
    eventId: z.int(),
    startMs: ms(),
    endMs: ms().nullable().openapi({ description: 'null while it runs' }),
    isMoment: z.boolean(),
    isPinned: z.boolean(),
    picture: z.string().nullable().openapi({ description: 'path of its picture' }),
  })
  .openapi('EventMark')

export const timelineSchema = z
  .object({
    fromMs: ms(),
    toMs: ms(),
    resolutionMs: z.int().openapi({ description: 'what lies closer than this is drawn as one' }),
    recordings: z.array(intervalSchema),
    losses: z.array(lossSchema),
    events: z.array(eventMarkSchema),
    nowMs: ms("the server's clock"),
  })
  .openapi('Timeline')

export const getTimeline = createRoute({
  operationId: 'getTimeline',
  tags: ['playback'],
  summary: 'Recordings, losses and events of a range, from seconds to months',
  description:
    'The answer is bounded: the resolution is raised to 1/2000 of the range, and what lies closer together is told as one.',
  method: 'get',
  path: `${CHANNEL_PATH}/timeline`,
  request: {
    params: channelParams,
    query: z.object({
      from: msQuery,
      to: msQuery,
      resolution: durationQuery(0, 'ms that one point of a drawing stands for'),
      gapMs: durationQuery(1000, 'recordings this close together are one'),
    }),
  },
  responses: { 200: json(timelineSchema, 'The time line'), ...errors(400, 404) },
})

export const sliceSchema = z
  .object({
    id: z.string(),
    state: z.enum(SLICE_STATES),
    format: z.enum(['ts', 'fmp4']),
    codecs: z.string(),
    width: z.int(),
    height: z.int(),
    startMs: ms(),
    endMs: ms(),
    bytes: bytes(),
    pieces: z.int(),
    reason: z.string().nullable(),
    frames: z.int().nullable(),
    url: z.string(),
  })
  .openapi('Slice')

export const listSlices = createRoute({
  operationId: 'listSlices',
  tags: ['playback'],
  summary: 'Slices of a range, with the address of each file',
  method: 'get',
  path: `${CHANNEL_PATH}/slices`,
  request: { params: channelParams, query: z.object({ from: msQuery, to: msQuery }) },
  responses: {
    200: json(z.object({ slices: z.array(sliceSchema) }).openapi('Slices'), 'The slices'),
    ...errors(400, 404),
  },
})

const numberQuery = z
  .string()
  .regex(/^\d{1,7}$/, 'must be a whole number')
  .transform(Number)
  .openapi({ type: 'integer', minimum: 0 })

const playlistQuery = z.object({
  latency: z
    .enum(['low'])
    .optional()
    .openapi({ description: 'live: fragments of fMP4 are listed before their GOP is whole' }),
  from: msQuery.optional(),
  to: msQuery.optional().openapi({ description: 'absent: what is being recorded' }),
  token: z
    .string()
    .optional()
    .openapi({ description: 'for players that can send neither a header nor a cookie' }),
})
const playlistResponses = {
  200: binary(PLAYLIST_TYPE, 'HLS playlist; the addresses in it are signed and expire'),
  302: empty('A live playlist names the moment that it counts from'),
  ...errors(400, 404, 503),
}

export const getPlaylist = createRoute({
  operationId: 'getPlaylist',
  tags: ['playback'],
  summary: 'HLS media playlist of a range, or of what is being recorded',
  method: 'get',
  path: `${CHANNEL_PATH}/playlist.m3u8`,
  request: {
    params: channelParams,
    query: playlistQuery.extend({
      _HLS_msn: numberQuery
        .optional()
        .openapi({ description: 'answer when the list has this segment' }),
      _HLS_part: numberQuery.optional().openapi({ description: 'or this part of it' }),
    }),
  },
  responses: playlistResponses,
})

export const getMasterPlaylist = createRoute({
  operationId: 'getMasterPlaylist',
  tags: ['playback'],
  summary: 'HLS master playlist of the same',
  method: 'get',
  path: `${CHANNEL_PATH}/master.m3u8`,
  request: { params: channelParams, query: playlistQuery },
  responses: playlistResponses,
})

export const listLosses = createRoute({
  operationId: 'listLosses',
  tags: ['playback'],
  summary: 'What is missing in a range, and why',
  method: 'get',
  path: `${CHANNEL_PATH}/losses`,
  request: { params: channelParams, query: z.object({ from: msQuery, to: msQuery }) },
  responses: {
    200: json(z.object({ losses: z.array(lossSchema) }).openapi('Losses'), 'The losses'),
    ...errors(400, 404),
  },
})
