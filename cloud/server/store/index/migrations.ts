/**
 * The schema, as steps that are never edited once released: a change is a further step. Each is run once, in a
 * transaction, in this order, on PGlite and on PostgreSQL alike. `schema.ts` describes the result to the queries.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table devices (
      id serial primary key,
      product_id text not null,
      device_name text not null,
      client_id text not null unique,
      secret text not null,
      label text not null,
      epoch integer not null default 0,
      created_ms bigint not null,
      last_seen_ms bigint not null default 0,
      constraint devices_name unique (product_id, device_name)
    )`,
    `create table plans (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      enabled boolean not null,
      type text not null,
      days integer not null,
      trial_ends_ms bigint not null,
      changed_ms bigint not null,
      primary key (device_id, channel)
    )`,
    `create table slices (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      id text not null,
      state text not null,
      format text not null,
      codecs text not null,
      width smallint not null,
      height smallint not null,
      start_ms bigint not null,
      end_ms bigint not null,
      start_pts_ms double precision not null,
      start_seq bigint not null,
      discontinuity boolean not null,
      init_bytes integer not null,
      bytes bigint not null,
      pieces text not null,
      end_utc_ms bigint,
      end_pts_ms double precision,
      end_seq bigint,
      frames integer,
      reason text,
      primary key (device_id, channel, id)
    )`,
    // every question about a range of time is answered from this index; time lines need nothing but it
    `create index slices_time on slices (device_id, channel, start_ms) include (end_ms)`,
  ],
  [
    // a free trial counts seconds of video, not days on the calendar
    `alter table plans add column trial_left_ms bigint not null default 0`,
    `update plans set trial_left_ms = greatest(0, trial_ends_ms - (extract(epoch from now()) * 1000)::bigint)
      where type = 'trial'`,
    `alter table plans drop column trial_ends_ms`,
    // upload tokens from before are void
    `alter table devices add column destroyed_ms bigint not null default 0`,
    `create table events (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      key text not null,
      event_id smallint not null,
      info text not null,
      ai integer not null,
      moment boolean not null,
      start_ms bigint not null,
      end_ms bigint,
      video_start_ms bigint not null,
      video_end_ms bigint,
      video text not null,
      picture_type text,
      picture_bytes integer not null default 0,
      ai_text text,
      charged_ms bigint not null default 0,
      primary key (device_id, channel, key)
    )`,
    `create index events_time on events (device_id, start_ms)`,
  ],
  [
    // what devices say is missing
    `create table losses (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      id text not null,
      start_ms bigint not null,
      end_ms bigint not null,
      bytes bigint not null,
      cause text not null,
      primary key (device_id, channel, id)
    )`,
    `create index losses_time on losses (device_id, channel, start_ms)`,
  ],
]
