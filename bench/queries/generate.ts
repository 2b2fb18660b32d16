import { type SQL, sql } from 'drizzle-orm'
import type { SqlDatabase } from '../../cloud/server/store/index/sql.ts'
import { SLICE_SUMMARY } from '../../cloud/server/store/index/summary-migration.ts'

export const PRODUCT = 'BENCH'
export const SLICE_MS = 10_000
const DAY_MS = 86_400_000
const SLICES_PER_DAY = DAY_MS / SLICE_MS
const DAYS = 30
/** Every so many slices one is missing, and its device says why: time lines have something to join and something to leave open. */
const GAP_EVERY = 1000
const EVENTS_PER_DAY = 40
/** A slice of 10 s: five GOPs of 2 s (see `pieces.ts`). */
const PIECES = Array.from(
  { length: 5 },
  (_, at) => `250000 ${at === 0 ? 0 : 2000} 2000 50 1 0`,
).join(' ')

export type Recorded = { devices: number; fromMs: number; toMs: number; rows: number }

type Database = Pick<SqlDatabase, 'execute'>

const rowsOf = async (db: Database, query: SQL): Promise<Record<string, unknown>[]> =>
  ((await db.execute(query)) as unknown as { rows: Record<string, unknown>[] }).rows

/**
 * One camera's month: its slices, a loss for each that is missing, and events with pictures. In one statement, so that checks
 * and triggers can be off for it: what they keep is made for all rows together at the end.
 */
const camera = (device: number, each: number, fromMs: number): SQL => {
  const at = (n: string) => sql`${fromMs}::bigint + ${sql.raw(n)} * ${SLICE_MS}::bigint`
  const id = sql`'00112233445566aa-' || lpad(n::text, 8, '0')`
  const last = `${GAP_EVERY}::integer = ${GAP_EVERY - 1}::integer`
  const everyMs = DAY_MS / EVENTS_PER_DAY
  return sql`
    with slices_made as (
      insert into slices (device_id, channel, id, state, format, codecs, width, height, start_ms, end_ms,
        start_pts_ms, start_seq, discontinuity, init_bytes, bytes, pieces, end_utc_ms, end_pts_ms, end_seq, frames, reason)
      select ${device}::integer, 0, ${id}, 'done', 'ts', 'avc1.64001f,mp4a.40.2', 1280, 720, ${at('n')}, ${at('(n + 1)')},
        n * 10000.0, n * 250, false, 0, 1250000, ${PIECES}, ${at('(n + 1)')}, (n + 1) * 10000.0, n * 250 + 249, 250, 'idr'
      from generate_series(0, ${each - 1}::integer) n where not n % ${sql.raw(last)}
    ), losses_made as (
      insert into losses (device_id, channel, id, start_ms, end_ms, bytes, cause)
      select ${device}::integer, 0, ${id}, ${at('n')}, ${at('(n + 1)')}, 1250000, 'evicted'
      from generate_series(0, ${each - 1}::integer) n where n % ${sql.raw(last)}
    )
    insert into events (device_id, channel, key, event_id, info, ai, moment, start_ms, end_ms, video_start_ms, video_end_ms,
      video, picture_type, picture_bytes)
    select ${device}::integer, 0, ${id}, 1 + n % 3, 'motion', 0, false, start_ms, start_ms + 30000, start_ms - 5000,
      start_ms + 30000, 'whole', 'image/jpeg', 40000
    from (select n, ${fromMs}::bigint + n * ${everyMs}::bigint + (n * 7919 % ${everyMs}::bigint) as start_ms
      from generate_series(0, ${Math.floor((each * SLICE_MS) / everyMs) - 1}::integer) n) as made`
}

/** Runs with checks and triggers off for this connection's statements alone. */
const unchecked = async (db: SqlDatabase, query: SQL): Promise<void> => {
  await db.transaction(async (tx) => {
    await tx.execute(sql`set local session_replication_role = replica`)
    await tx.execute(query)
  })
}

/**
 * Fills an index with what cameras that record all the time leave in a month. Indexes and the summary are made afterwards,
 * which changes nothing in them but the time that it takes.
 * @param workers cameras at a time
 */
export const generate = async (
  db: SqlDatabase,
  wantedRows: number,
  workers: number,
  say: (text: string) => void,
): Promise<Recorded> => {
  const devices = Math.max(1, Math.ceil(wantedRows / (SLICES_PER_DAY * DAYS)))
  const each = Math.ceil(wantedRows / devices)
  const toMs = Math.floor(Date.now() / SLICE_MS) * SLICE_MS
  const fromMs = toMs - each * SLICE_MS
  const indexes = await rowsOf(
    db,
    sql`select indexname, indexdef from pg_indexes where tablename = 'slices' and indexname <> 'slices_pkey'`,
  )
  for (const { indexname } of indexes) await db.execute(sql.raw(`drop index ${indexname}`))
  await db.execute(sql`
    insert into devices (id, product_id, device_name, client_id, secret, label, created_ms)
    select n, ${PRODUCT}, 'cam' || n, ${PRODUCT}::text || 'cam' || n, 'secret of nobody', '', ${fromMs}
    from generate_series(1, ${devices}::integer) n`)
  let next = 1
  const work = async () => {
    while (next <= devices) {
      const device = next++
      await unchecked(db, camera(device, each, fromMs))
      if (device % 5 === 0) say(`${device} of ${devices} cameras`)
    }
  }
  await Promise.all(Array.from({ length: workers }, work))
  say('indexes')
  const make = [...indexes.map(({ indexdef }) => String(indexdef)), SLICE_SUMMARY.at(-1)!]
  const makeNext = async () => {
    for (let query = make.shift(); query; query = make.shift()) await db.execute(sql.raw(query))
  }
  await Promise.all(Array.from({ length: workers }, makeNext))
  await db.execute(sql`select setval('devices_id_seq', ${devices})`)
  say('vacuum')
  for (const table of ['slices', 'slice_summaries', 'events', 'losses'])
    await db.execute(sql.raw(`vacuum (analyze) ${table}`))
  const [counted] = await rowsOf(db, sql`select sum(slices)::integer as rows from slice_summaries`)
  return { devices, fromMs, toMs, rows: Number(counted?.rows) }
}
