/**
 * Every message between a device and the cloud. This file and docs/PROTOCOL.md are the contract; the cloud imports
 * nothing of the runtime but this folder and `identity.ts`. Unknown members are ignored by both sides, so that either can be the newer one.
 */
import { z } from 'zod'
import {
  aiResultReplySchema,
  aiResultSchema,
  destroyReplySchema,
  destroySchema,
  eventReportReplySchema,
  eventReportSchema,
  eventStartReplySchema,
  eventStartSchema,
  eventStopReplySchema,
  eventStopSchema,
} from './event-messages.ts'
import { CHANNEL_MAX, channelSchema, clientTokenSchema, utcMsSchema } from './fields.ts'
import {
  clockEpochReplySchema,
  clockEpochSchema,
  lossReportReplySchema,
  lossReportSchema,
} from './loss-messages.ts'

export * from './event-messages.ts'
export * from './loss-messages.ts'
export { CHANNEL_MAX, channelSchema, clientTokenSchema }

/** Boot id (16 hexadecimal digits) and slice number of that boot and channel (8 decimal digits). */
export const sliceIdSchema = z.string().regex(/^[0-9a-f]{16}-[0-9]{8}$/)

// ── plan ("balance") ──────────────────────────────────────────────────────────────────────────────

/** Thing-model properties of a channel's plan; they match `iv_cs_balance_info_s` one to one. */
export const planSchema = z.object({
  /** cs_switch: 1 on, 0 off */
  _sys_cs_status: z.int().min(0).max(1),
  /** cs_type: 0 none, 1 full time, 2 event, 3 free trial */
  _sys_cs_type: z.int().min(0).max(3),
  /** cs_days: look-back in days */
  _sys_cs_days: z.int().nonnegative(),
  /** free_trial_remaining_sec: meaningful for the trial only */
  _sys_cs_trial_sec: z.int().nonnegative(),
})
export type PlanProperties = z.infer<typeof planSchema>

/** up/property: the device asks for a channel's plan. */
export const getStatusSchema = z.object({
  method: z.literal('get_status'),
  clientToken: clientTokenSchema,
  params: z.object({ channel: channelSchema }),
})

/** down/property: the answer. */
export const getStatusReplySchema = z.object({
  method: z.literal('get_status_reply'),
  clientToken: clientTokenSchema,
  code: z.int(),
  status: z.string(),
  data: planSchema.extend({ channel: channelSchema }).optional(),
})

/** down/property: the cloud says that a channel's plan changed. */
export const controlSchema = z.object({
  method: z.literal('control'),
  clientToken: clientTokenSchema,
  params: planSchema.extend({ channel: channelSchema }),
})

/** up/property: the device has taken it. */
export const controlReplySchema = z.object({
  method: z.literal('control_reply'),
  clientToken: clientTokenSchema,
  code: z.int(),
  status: z.string(),
})

// ── presence ──────────────────────────────────────────────────────────────────────────────────────

/** up/event: sent on connect and then every `intervalMs`; a device silent for 2.5 intervals is offline. */
export const heartbeatSchema = z.object({
  method: z.literal('heartbeat'),
  clientToken: clientTokenSchema,
  params: z.object({
    utcMs: utcMsSchema,
    intervalMs: z.int().min(1000).max(900_000),
    bootId: z.string().regex(/^[0-9a-f]{16}$/),
    version: z.string().max(32),
    channels: z.array(channelSchema).max(CHANNEL_MAX + 1),
  }),
})

// ── upload token ──────────────────────────────────────────────────────────────────────────────────

/** up/service: the device asks for leave to upload to one channel. */
export const uploadTokenSchema = z.object({
  method: z.literal('upload_token'),
  clientToken: clientTokenSchema,
  params: z.object({ channel: channelSchema }),
})

/** down/service: `url` is where slices are created (tus); the token goes into `Authorization: Bearer`. */
export const uploadTokenReplySchema = z.object({
  method: z.literal('upload_token_reply'),
  clientToken: clientTokenSchema,
  code: z.int(),
  status: z.string(),
  data: z
    .object({ token: z.string().min(1).max(1024), expiresAtMs: utcMsSchema, url: z.url() })
    .optional(),
})

/** `code` of replies. */
export const ReplyCode = {
  ok: 0,
  badRequest: 400,
  noPlan: 402,
  forbidden: 403,
  notFound: 404,
  internal: 500,
} as const

/** What a device may send. */
export const upMessageSchema = z.discriminatedUnion('method', [
  getStatusSchema,
  controlReplySchema,
  heartbeatSchema,
  uploadTokenSchema,
  eventStartSchema,
  eventStopSchema,
  eventReportSchema,
  destroySchema,
  aiResultReplySchema,
  lossReportSchema,
  clockEpochSchema,
])
export type UpMessage = z.infer<typeof upMessageSchema>

/** What the cloud may send. */
export const downMessageSchema = z.discriminatedUnion('method', [
  getStatusReplySchema,
  controlSchema,
  uploadTokenReplySchema,
  eventStartReplySchema,
  eventStopReplySchema,
  eventReportReplySchema,
  destroyReplySchema,
  aiResultSchema,
  lossReportReplySchema,
  clockEpochReplySchema,
])
export type DownMessage = z.infer<typeof downMessageSchema>

// ── tus metadata and index (HTTP) ─────────────────────────────────────────────────────────────────

/** Name of the request header that carries the index of an append. */
export const INDEX_HEADER = 'Skyrill-Index'

/** An append is at most this long; a longer one is answered 413. */
export const APPEND_MAX_BYTES = 4 * 1024 * 1024

/** An index header is at most this long: HTTP servers commonly refuse header blocks over 16 KiB. */
export const INDEX_MAX_BYTES = 8 * 1024

/**
 * How the pieces of a slice are encrypted: AES-128-CBC with PKCS#7 padding, each piece by itself. The IV of the first piece is given, each further
 * piece's is one greater (128 bits, big endian). The init segment of fMP4 stays clear. The key is told to the cloud, or wrapped for the owner alone.
 */
export const sliceEncryptionSchema = z
  .object({
    method: z.literal('AES-128'),
    iv: z.string().regex(/^[0-9a-f]{32}$/),
    /** the key itself, hexadecimal: the cloud gives it to viewers */
    key: z
      .string()
      .regex(/^[0-9a-f]{32}$/)
      .optional(),
    /** the key for the owner's RSA key: RSA-OAEP with SHA-256, base64 */
    wrappedKey: z
      .string()
      .regex(/^[A-Za-z0-9+/]{100,1024}={0,2}$/)
      .optional(),
  })
  .refine(
    ({ key, wrappedKey }) => (key === undefined) !== (wrappedKey === undefined),
    'needs either key or wrappedKey',
  )
export type SliceEncryption = z.infer<typeof sliceEncryptionSchema>

/** `Upload-Metadata` key `slice`: base64 of this object as JSON, given when a slice is created. */
export const sliceStartSchema = z.object({
  id: sliceIdSchema,
  format: z.enum(['ts', 'fmp4']),
  /** RFC 6381, for `EXT-X-STREAM-INF`; empty while unknown */
  codecs: z.string().regex(/^[\w.,+ -]{0,128}$/),
  width: z.int().nonnegative().max(16_384),
  height: z.int().nonnegative().max(16_384),
  startUtcMs: utcMsSchema,
  startPtsMs: z.number().nonnegative(),
  startSeq: z.int().nonnegative(),
  /** timestamps do not continue those of the slice before */
  discontinuity: z.boolean(),
  /** fMP4: bytes of the init segment that the slice begins with; TS: 0 */
  initBytes: z.int().nonnegative().max(1_048_576),
  /** absent: not encrypted */
  encryption: sliceEncryptionSchema.optional(),
})
export type SliceStart = z.infer<typeof sliceStartSchema>

/**
 * A piece of a slice that starts with an IDR (TS: a GOP; fMP4: a fragment, `key` tells whether it starts with an IDR).
 * `open` marks the last piece while it still grows: its figures then cover the whole frames sent so far.
 */
export const pieceSchema = z.object({
  /** offset in the slice, bytes */
  o: z.int().nonnegative(),
  /** length, bytes */
  b: z.int().nonnegative(),
  /** UTC of the first picture, ms */
  t: utcMsSchema,
  /** duration, ms */
  d: z.number().nonnegative(),
  /** pictures */
  n: z.int().nonnegative(),
  /** 1 when it starts with an IDR */
  k: z.int().min(0).max(1),
  /** 1 while it grows */
  open: z.int().min(0).max(1).optional(),
})
export type Piece = z.infer<typeof pieceSchema>

/** Why a slice ended. */
export const sliceEndReasonSchema = z.enum([
  'idr',
  'stop',
  'pause',
  'clock',
  'format',
  'limit',
  'discontinuity',
])

export const sliceEndSchema = z.object({
  endUtcMs: utcMsSchema,
  endPtsMs: z.number().nonnegative(),
  endSeq: z.int().nonnegative(),
  frames: z.int().nonnegative().max(0x7fffffff),
  reason: sliceEndReasonSchema,
})
export type SliceEnd = z.infer<typeof sliceEndSchema>

/**
 * `Skyrill-Index` of an append: JSON. Pieces are named by their offset; a later one with the same offset replaces it.
 * The cloud may know a piece before its bytes: it counts only as far as the bytes are there. `end` comes with the last append.
 */
export const appendIndexSchema = z.object({
  pieces: z.array(pieceSchema).max(64),
  end: sliceEndSchema.optional(),
})
export type AppendIndex = z.infer<typeof appendIndexSchema>
