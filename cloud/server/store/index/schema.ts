import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  pgTable,
  primaryKey,
  serial,
  smallint,
  text,
  unique,
} from 'drizzle-orm/pg-core'

/** UTC in ms and sizes fit a double exactly; a JavaScript BigInt would only be in the way. */
const int8 = (name: string) => bigint(name, { mode: 'number' })

export const devices = pgTable(
  'devices',
  {
    id: serial('id').primaryKey(),
    productId: text('product_id').notNull(),
    deviceName: text('device_name').notNull(),
    clientId: text('client_id').notNull().unique(),
    secret: text('secret').notNull(),
    label: text('label').notNull(),
    epoch: integer('epoch').notNull().default(0),
    createdMs: int8('created_ms').notNull(),
    lastSeenMs: int8('last_seen_ms').notNull().default(0),
    destroyedMs: int8('destroyed_ms').notNull().default(0),
    timeZone: text('time_zone').notNull().default('UTC'),
    quotaBytes: int8('quota_bytes').notNull().default(0),
  },
  (table) => [unique('devices_name').on(table.productId, table.deviceName)],
)

export const plans = pgTable(
  'plans',
  {
    deviceId: integer('device_id').notNull(),
    channel: smallint('channel').notNull(),
    enabled: boolean('enabled').notNull(),
    type: text('type').notNull(),
    days: integer('days').notNull(),
    trialLeftMs: int8('trial_left_ms').notNull(),
    changedMs: int8('changed_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.channel] })],
)

export const slices = pgTable(
  'slices',
  {
    deviceId: integer('device_id').notNull(),
    channel: smallint('channel').notNull(),
    id: text('id').notNull(),
    state: text('state').notNull(),
    format: text('format').notNull(),
    codecs: text('codecs').notNull(),
    width: smallint('width').notNull(),
    height: smallint('height').notNull(),
    startMs: int8('start_ms').notNull(),
    /** end of the last picture that can be played; the start while there is none */
    endMs: int8('end_ms').notNull(),
    startPtsMs: doublePrecision('start_pts_ms').notNull(),
    startSeq: int8('start_seq').notNull(),
    discontinuity: boolean('discontinuity').notNull(),
    initBytes: integer('init_bytes').notNull(),
    bytes: int8('bytes').notNull(),
    /** packed, see `pieces.ts` */
    pieces: text('pieces').notNull(),
    endUtcMs: int8('end_utc_ms'),
    endPtsMs: doublePrecision('end_pts_ms'),
    endSeq: int8('end_seq'),
    frames: integer('frames'),
    reason: text('reason'),
    /** what its times have been moved by since its device labelled it */
    shiftMs: int8('shift_ms').notNull().default(0),
    /** JSON; null when it is not encrypted */
    encryption: text('encryption'),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.channel, table.id] })],
)

export const events = pgTable(
  'events',
  {
    deviceId: integer('device_id').notNull(),
    channel: smallint('channel').notNull(),
    key: text('key').notNull(),
    eventId: smallint('event_id').notNull(),
    info: text('info').notNull(),
    ai: integer('ai').notNull(),
    isMoment: boolean('moment').notNull(),
    startMs: int8('start_ms').notNull(),
    /** null while it runs */
    endMs: int8('end_ms'),
    videoStartMs: int8('video_start_ms').notNull(),
    videoEndMs: int8('video_end_ms'),
    video: text('video').notNull(),
    pictureType: text('picture_type'),
    pictureBytes: integer('picture_bytes').notNull().default(0),
    aiText: text('ai_text'),
    /** taken from a free trial for it */
    chargedMs: int8('charged_ms').notNull().default(0),
    /** what its times have been moved by since its device labelled it */
    shiftMs: int8('shift_ms').notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.channel, table.key] })],
)

/** What devices say is missing. */
export const losses = pgTable(
  'losses',
  {
    deviceId: integer('device_id').notNull(),
    channel: smallint('channel').notNull(),
    id: text('id').notNull(),
    startMs: int8('start_ms').notNull(),
    endMs: int8('end_ms').notNull(),
    bytes: int8('bytes').notNull(),
    cause: text('cause').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deviceId, table.channel, table.id] })],
)

export const pins = pgTable(
  'pins',
  {
    id: text('id').primaryKey(),
    deviceId: integer('device_id').notNull(),
    channel: smallint('channel').notNull(),
    startMs: int8('start_ms').notNull(),
    /** null while the pinned event runs: its end is read from the event */
    endMs: int8('end_ms'),
    eventKey: text('event_key'),
    note: text('note').notNull(),
    createdMs: int8('created_ms').notNull(),
    createdBy: text('created_by').notNull(),
  },
  (table) => [unique('pins_event').on(table.deviceId, table.channel, table.eventKey)],
)

export const shares = pgTable('shares', {
  id: text('id').primaryKey(),
  deviceId: integer('device_id').notNull(),
  channel: smallint('channel').notNull(),
  startMs: int8('start_ms').notNull(),
  endMs: int8('end_ms').notNull(),
  eventKey: text('event_key'),
  note: text('note').notNull(),
  expiresMs: int8('expires_ms').notNull(),
  revokedMs: int8('revoked_ms').notNull().default(0),
  createdMs: int8('created_ms').notNull(),
  createdBy: text('created_by').notNull(),
})

export const exports = pgTable('exports', {
  id: text('id').primaryKey(),
  deviceId: integer('device_id').notNull(),
  channel: smallint('channel').notNull(),
  startMs: int8('start_ms').notNull(),
  endMs: int8('end_ms').notNull(),
  state: text('state').notNull(),
  progress: doublePrecision('progress').notNull().default(0),
  bytes: int8('bytes').notNull().default(0),
  durationMs: doublePrecision('duration_ms').notNull().default(0),
  reason: text('reason').notNull().default(''),
  createdMs: int8('created_ms').notNull(),
  createdBy: text('created_by').notNull(),
  expiresMs: int8('expires_ms').notNull().default(0),
  owner: text('owner').notNull().default(''),
  untilMs: int8('until_ms').notNull().default(0),
  attempts: smallint('attempts').notNull().default(0),
})

export const audit = pgTable('audit', {
  id: serial('id').primaryKey(),
  atMs: int8('at_ms').notNull(),
  actor: text('actor').notNull(),
  action: text('action').notNull(),
  device: text('device').notNull(),
  channel: smallint('channel'),
  startMs: int8('start_ms'),
  endMs: int8('end_ms'),
  detail: text('detail').notNull(),
})
