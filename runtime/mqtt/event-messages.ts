/** Messages about events, their pictures, AI results and the destruction of recordings; docs/PROTOCOL.md section 3. */
import { z } from 'zod'
import { answer, channelSchema, clientTokenSchema, utcMsSchema } from './fields.ts'

export const EVENT_ID_MIN = 1
export const EVENT_ID_MAX = 32
/** Characters of an event's info: 128 bytes with the terminator that strings have in C. */
export const EVENT_INFO_MAX = 127
/** A picture is at most this long; a longer one is answered 413. */
export const PICTURE_MAX_BYTES = 4 * 1024 * 1024
export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'application/octet-stream'] as const

/**
 * Boot id (16 hexadecimal digits) and number of the event in that boot and channel (8 decimal digits). It names one
 * event for good, so that every report of it can be repeated.
 */
export const eventKeySchema = z.string().regex(/^[0-9a-f]{16}-[0-9]{8}$/)
export const eventIdSchema = z.int().min(EVENT_ID_MIN).max(EVENT_ID_MAX)
/** Printable ASCII. */
export const eventInfoSchema = z.string().regex(/^[\x20-\x7e]{0,127}$/)

const eventSchema = z.object({
  channel: channelSchema,
  key: eventKeySchema,
  eventId: eventIdSchema,
  info: eventInfoSchema,
  startMs: utcMsSchema,
  /** where its video begins: before the event when video was pre-recorded */
  videoStartMs: utcMsSchema,
  /** analysis that the app wants for this event, bits of `iv_cs_ai_type_e` */
  ai: z.int().nonnegative(),
})

/** up/event: an event began. */
export const eventStartSchema = z.object({
  method: z.literal('event_start'),
  clientToken: clientTokenSchema,
  params: eventSchema,
})
export type EventStart = z.infer<typeof eventStartSchema>['params']

/** up/event: an event is over. It says everything again: the message about its beginning may never have arrived. */
export const eventStopSchema = z.object({
  method: z.literal('event_stop'),
  clientToken: clientTokenSchema,
  params: eventSchema.extend({
    endMs: utcMsSchema,
    videoEndMs: utcMsSchema,
    /** what of its video the device knows to be at the cloud */
    video: z.enum(['none', 'part', 'whole']),
    picture: z.enum(['none', 'failed', 'done']),
  }),
})
export type EventStop = z.infer<typeof eventStopSchema>['params']

/** up/event: an event of one moment, with a picture or without, also without a plan. */
export const eventReportSchema = z.object({
  method: z.literal('event_report'),
  clientToken: clientTokenSchema,
  params: z.object({
    channel: channelSchema,
    key: eventKeySchema,
    eventId: eventIdSchema,
    info: eventInfoSchema,
    atMs: utcMsSchema,
    ai: z.int().nonnegative(),
  }),
})
export type EventReport = z.infer<typeof eventReportSchema>['params']

/** Leave to put the picture of one event. */
const pictureGrantSchema = z.object({
  url: z.url(),
  token: z.string().min(1).max(1024),
  expiresAtMs: utcMsSchema,
})
export type PictureGrant = z.infer<typeof pictureGrantSchema>

/** down/event: the answers. */
export const eventStartReplySchema = answer('event_start_reply').extend({
  data: z.object({ picture: pictureGrantSchema }).optional(),
})
export const eventReportReplySchema = answer('event_report_reply').extend({
  data: z.object({ picture: pictureGrantSchema }).optional(),
})
export const eventStopReplySchema = answer('event_stop_reply').extend({
  /** on a free trial: what is left after this event's video */
  data: z.object({ trialSec: z.int().nonnegative().optional() }).optional(),
})

/** up/service: delete all recordings, events and pictures of this device and end its plans. */
export const destroySchema = z.object({
  method: z.literal('destroy'),
  clientToken: clientTokenSchema,
  params: z.object({}),
})
export const destroyReplySchema = answer('destroy_reply')

/** down/service: what an analysis found in an event, or until when the analysis is booked. */
export const aiResultSchema = z.object({
  method: z.literal('ai_result'),
  clientToken: clientTokenSchema,
  params: z.object({
    channel: channelSchema,
    /** bits of `iv_cs_ai_type_e` */
    ai: z.int().nonnegative(),
    /** UTC until which the analysis is booked; 0 when it does not end */
    expiresAtMs: utcMsSchema,
    /** the event that it is about */
    event: z.object({ key: eventKeySchema, eventId: eventIdSchema }).optional(),
    /** what was found, for people */
    text: z.string().max(512).optional(),
  }),
})
export type AiResult = z.infer<typeof aiResultSchema>['params']

/** up/service: the device has taken it. */
export const aiResultReplySchema = answer('ai_result_reply')
