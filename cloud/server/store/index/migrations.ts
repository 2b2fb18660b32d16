import { SLICE_SUMMARY } from './summary-migration.ts'

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
    // people: their accounts and the sessions of their browsers
    `create table accounts (
      id serial primary key,
      name text not null unique,
      role text not null,
      password text not null,
      created_ms bigint not null
    )`,
    // no reference to devices: an account that saw only a device that is gone must not see all of a sudden
    `create table account_devices (
      account_id integer not null references accounts (id) on delete cascade,
      device_id integer not null,
      primary key (account_id, device_id)
    )`,
    `create table sessions (
      hash text not null primary key,
      account_id integer references accounts (id) on delete cascade,
      token_hash text,
      created_ms bigint not null,
      expires_ms bigint not null
    )`,
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
  [
    // pins, shares, exports, audit log, quotas
    `alter table devices add column time_zone text not null default 'UTC'`,
    `alter table devices add column quota_bytes bigint not null default 0`,
    `create table pins (
      id text primary key,
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      start_ms bigint not null,
      end_ms bigint,
      event_key text,
      note text not null,
      created_ms bigint not null,
      created_by text not null,
      constraint pins_event unique (device_id, channel, event_key)
    )`,
    `create index pins_time on pins (device_id, channel, start_ms)`,
    `create table shares (
      id text primary key,
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      start_ms bigint not null,
      end_ms bigint not null,
      event_key text,
      note text not null,
      expires_ms bigint not null,
      revoked_ms bigint not null default 0,
      created_ms bigint not null,
      created_by text not null
    )`,
    `create index shares_device on shares (device_id)`,
    `create table exports (
      id text primary key,
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      start_ms bigint not null,
      end_ms bigint not null,
      state text not null,
      progress double precision not null default 0,
      bytes bigint not null default 0,
      duration_ms double precision not null default 0,
      reason text not null default '',
      created_ms bigint not null,
      created_by text not null,
      touched_ms bigint not null,
      expires_ms bigint not null default 0
    )`,
    `create index exports_channel on exports (device_id, channel)`,
    `create table audit (
      id serial primary key,
      at_ms bigint not null,
      actor text not null,
      action text not null,
      device text not null,
      channel smallint,
      start_ms bigint,
      end_ms bigint,
      detail text not null
    )`,
    // room is made oldest first, whoever recorded it
    `create index slices_age on slices (start_ms)`,
  ],
  [
    // keys are compared byte by byte, as the object store does
    `create table instances (
      id text primary key,
      until_ms bigint not null
    )`,
    `create table jobs (
      name text primary key,
      owner text not null
    )`,
    `create table uploads (
      key text collate "C" primary key,
      owner text not null,
      header text not null,
      base_bytes bigint not null,
      version integer not null default 0,
      sealed boolean not null default false,
      superseded boolean not null default false
    )`,
    `create index uploads_owner on uploads (owner)`,
    `create table upload_appends (
      key text collate "C" not null references uploads (key) on delete cascade,
      version integer not null,
      at bigint not null,
      bytes integer not null,
      sha256 text not null,
      note text not null,
      part text not null,
      primary key (key, version)
    )`,
  ],
  // recordings that were encrypted before they left their device
  [`alter table slices add column encryption text`],
  [
    // where news goes, the queue of what is to be told, what was told last; products whose devices register themselves
    `create table hooks (
      id text primary key,
      kind text not null,
      name text not null,
      target text not null,
      secret text not null,
      rule text not null,
      enabled boolean not null,
      account_id integer references accounts (id) on delete cascade,
      created_ms bigint not null
    )`,
    `create table deliveries (
      id serial primary key,
      hook_id text not null references hooks (id) on delete cascade,
      subject text not null,
      source text not null,
      payload text not null,
      state text not null,
      attempts integer not null,
      next_ms bigint not null,
      created_ms bigint not null,
      reason text not null,
      constraint deliveries_once unique (hook_id, subject)
    )`,
    `create index deliveries_due on deliveries (next_ms) where state = 'waiting'`,
    `create index deliveries_source on deliveries (hook_id, source, created_ms)`,
    `create table states (
      name text primary key,
      value text not null,
      changed_ms bigint not null
    )`,
    `create table products (
      product_id text primary key,
      secret text not null,
      mode text not null,
      max_devices integer not null,
      plan text not null,
      created_ms bigint not null
    )`,
    `create table product_names (
      product_id text not null references products (product_id) on delete cascade,
      device_name text not null,
      primary key (product_id, device_name)
    )`,
  ],
  [
    // clocks that were wrong: by how much what they labelled is to be moved, and by how much it has been
    `create table clock_shifts (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      boot text not null,
      kind text not null,
      first integer not null,
      last integer not null,
      shift_ms bigint not null,
      primary key (device_id, channel, boot, kind, first)
    )`,
    `alter table slices add column shift_ms bigint not null default 0`,
    `alter table events add column shift_ms bigint not null default 0`,
  ],
  [
    // exports lie in the object store, and any instance may write them; files of before lay beside one instance, for a day
    `delete from exports`,
    `alter table exports drop column touched_ms`,
    `alter table exports add column owner text not null default ''`,
    `alter table exports add column until_ms bigint not null default 0`,
    `alter table exports add column attempts smallint not null default 0`,
  ],
  SLICE_SUMMARY,
  [
    // recordings of plans that keep only what events cover, until an event has claimed them
    `create table unclaimed_slices (
      device_id integer not null references devices (id) on delete cascade,
      channel smallint not null,
      id text not null,
      since_ms bigint not null,
      primary key (device_id, channel, id)
    )`,
  ],
]
