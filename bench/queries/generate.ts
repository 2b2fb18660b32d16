import { type SQL, sql } from 'drizzle-orm'
import type { SqlDatabase } from '../../cloud/server/store/index/sql.ts'

export const PRODUCT = 'BENCH'
export const SLICE_MS = 10_000
const SLICES_PER_DAY = 86_400_000 / SLICE_MS
const DAYS = 30
/** Every so many slices one is missing: time lines have something to join and something to leave open. */
const GAP_EVERY = 1000
/** A slice of 10 s: five GOPs of 2 s (see `pieces.ts`). */
const PIECES = Array.from(
  { length: 5 },
  (_, at) => `250000 ${at === 0 ? 0 : 2000} 2000 50 1 0`,
).join(' ')

export type Recorded = { devices: number; fromMs: number; toMs: number; rows: number }

/**
 * Fills an index with the slices that cameras which record all the time leave in a month. The indexes are made
 * afterwards, which changes nothing in them but the time that it takes.
 */
export const generate = async (
  db: Pick<SqlDatabase, 'execute'>,
  wantedRows: number,
  say: (text: string) => void,
): Promise<Recorded> => {
  const perDevice = SLICES_PER_DAY * DAYS
  const devices = Math.max(1, Math.ceil(wantedRows / perDevice))
  const each = Math.ceil(wantedRows / devices)
  const toMs = Math.floor(Date.now() / SLICE_MS) * SLICE_MS
  const fromMs = toMs - each * SLICE_MS
  const run = async (query: SQL) =>
    (await db.execute(query)) as unknown as { rows: Record<string, unknown>[] }
  const { rows: indexes } = await run(
    sql`select indexname, indexdef from pg_indexes where tablename = 'slices' and indexname <> 'slices_pkey'`,
  )
  for (const { indexname } of indexes) await run(sql.raw(`drop index ${indexname}`))
  for (let device = 1; device <= devices; device++) {
    await run(sql`insert into devices (id, product_id, device_name, client_id, secret, label, created_ms)
      values (${device}, ${PRODUCT}, ${`cam${device}`}, ${`${PRODUCT}cam${device}`}, 'secret of nobody', '', ${fromMs})`)
    await run(sql`insert into slices (device_id, channel, id, state, format, codecs, width, height, start_ms, end_ms,
        start_pts_ms, start_seq, discontinuity, init_bytes, bytes, pieces, end_utc_ms, end_pts_ms, end_seq, frames, reason)
      select ${device}::integer, 0, '00112233445566aa-' || lpad(n::text, 8, '0'), 'done', 'ts', 'avc1.64001f,mp4a.40.2', 1280, 720,
        ${fromMs}::bigint + n * ${SLICE_MS}::bigint, ${fromMs}::bigint + (n + 1) * ${SLICE_MS}::bigint,
        n * 10000.0, n * 250, false, 0, 1250000, ${PIECES}, ${fromMs}::bigint + (n + 1) * ${SLICE_MS}::bigint,
        (n + 1) * 10000.0, n * 250 + 249, 250, 'idr'
      from generate_series(0, ${each - 1}::integer) n where n % ${GAP_EVERY}::integer <> ${GAP_EVERY - 1}::integer`)
    if (device % 10 === 0) say(`${device} of ${devices} cameras`)
  }
  for (const { indexdef } of indexes) await run(sql.raw(String(indexdef)))
  await run(sql`select setval('devices_id_seq', ${devices})`)
  await run(sql`vacuum (analyze) slices`)
  const { rows } = await run(sql`select count(*)::integer as rows from slices`)
  return { devices, fromMs, toMs, rows: Number(rows[0]?.rows) }
}
