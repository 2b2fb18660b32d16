import { type SQL, sql } from 'drizzle-orm'
import { SLICE_MAX_MS } from '../../slice.ts'
import type { SqlDatabase } from './sql.ts'
import type { FreeQuery, StoredSlice, UsageStore } from './usage-store.ts'

type Row = Record<string, string | number | null>

/** Rows of a query in SQL; both drivers give 64-bit numbers as text or as numbers. */
export const rowsOf = async (db: SqlDatabase, query: SQL): Promise<Row[]> =>
  ((await db.execute(query)) as unknown as { rows: Row[] }).rows

/** End of a pin: that of its event, which may still run. */
const PIN_END = sql`coalesce(p.end_ms, (select e.video_end_ms from events e where e.device_id = p.device_id
  and e.channel = p.channel and e.key = p.event_key), 9000000000000000)`

export const IS_PINNED = sql`exists (select 1 from pins p where p.device_id = s.device_id and p.channel = s.channel
  and p.start_ms < s.end_ms and ${PIN_END} > s.start_ms)`

export const IS_EXPORTED = sql`exists (select 1 from exports x where x.device_id = s.device_id and x.channel = s.channel
  and x.state = 'running' and x.start_ms < s.end_ms and x.end_ms > s.start_ms)`

/** What a `StoredSlice` is made of, of the table `slices` as `s`. */
export const STORED_COLUMNS = sql`s.device_id, s.channel, s.id, s.format, s.bytes, s.start_ms, s.end_ms`

export const toStored = (row: Row): StoredSlice => ({
  deviceId: Number(row.device_id),
  channel: Number(row.channel),
  id: String(row.id),
  format: row.format as StoredSlice['format'],
  bytes: Number(row.bytes),
  startMs: Number(row.start_ms),
  endMs: Number(row.end_ms),
})

/** What is stored, in SQL. */
export const sqlUsage = (db: SqlDatabase): UsageStore => ({
  async ofDevice(deviceId: number) {
    const rows = await rowsOf(
      db,
      sql`select u.channel, u.slices, u.bytes,
        (select min(start_ms) from slices s where s.device_id = ${deviceId} and s.channel = u.channel) as oldest_ms,
        (select max(end_ms) from slices s where s.device_id = ${deviceId} and s.channel = u.channel
          and s.start_ms >= (select max(start_ms) - ${SLICE_MAX_MS}::bigint from slices l
            where l.device_id = ${deviceId} and l.channel = u.channel)) as newest_ms
        from (select channel, sum(slices) as slices, sum(bytes) as bytes from slice_summaries
          where device_id = ${deviceId} group by channel having sum(slices) > 0) as u
        order by u.channel`,
    )
    return rows.map((row) => ({
      channel: Number(row.channel),
      slices: Number(row.slices),
      bytes: Number(row.bytes),
      oldestMs: Number(row.oldest_ms ?? 0),
      newestMs: Number(row.newest_ms ?? 0),
    }))
  },

  async pictureBytes(deviceId: number) {
    const [row] = await rowsOf(
      db,
      sql`select coalesce(sum(picture_bytes), 0) as bytes from events where device_id = ${deviceId}`,
    )
    return Number(row?.bytes ?? 0)
  },

  async bytesByDevice() {
    const rows = await rowsOf(
      db,
      sql`select device_id, sum(bytes) as bytes from (
        select device_id, sum(bytes) as bytes from slice_summaries group by device_id
        union all
        select device_id, sum(picture_bytes) as bytes from events group by device_id
      ) as parts group by device_id`,
    )
    return new Map(rows.map((row) => [Number(row.device_id), Number(row.bytes)]))
  },

  async pinnedBytes(deviceId: number) {
    const [row] = await rowsOf(
      db,
      // from the few pins to the slices that they touch, each once
      sql`select coalesce(sum(bytes), 0) as bytes from slices where device_id = ${deviceId} and (channel, id) in (
        select s.channel, s.id from pins p join slices s on s.device_id = p.device_id and s.channel = p.channel
          and s.start_ms > p.start_ms - ${SLICE_MAX_MS}::bigint and s.start_ms < ${PIN_END} and s.end_ms > p.start_ms
        where p.device_id = ${deviceId})`,
    )
    return Number(row?.bytes ?? 0)
  },

  async free({ deviceId, channel, beforeMs, touching, limit }: FreeQuery) {
    const wanted = [sql`s.state <> 'open'`, sql`not ${IS_PINNED}`, sql`not ${IS_EXPORTED}`]
    if (channel !== undefined) wanted.push(sql`s.channel = ${channel}`)
    if (beforeMs !== undefined)
      wanted.push(sql`s.start_ms < ${beforeMs}`, sql`s.end_ms < ${beforeMs}`)
    if (touching !== undefined)
      wanted.push(
        sql`s.start_ms > ${touching.startMs - SLICE_MAX_MS}`,
        sql`s.start_ms < ${touching.endMs}`,
        sql`s.end_ms > ${touching.startMs}`,
      )
    const oldest = (from: SQL) => sql`select ${STORED_COLUMNS} from ${from}
      where ${sql.join(wanted, sql` and `)} order by s.start_ms, s.id limit ${limit}`
    if (deviceId === undefined) return (await rowsOf(db, oldest(sql`slices s`))).map(toStored)
    // the oldest of each channel, each found at the head of its part of the index, and of those the oldest
    wanted.push(sql`s.device_id = ${deviceId}`, sql`s.channel = c.channel`)
    const rows = await rowsOf(
      db,
      sql`select ${STORED_COLUMNS} from (select distinct channel from slice_summaries where device_id = ${deviceId}) as c
        cross join lateral (${oldest(sql`slices s`)}) as s order by s.start_ms, s.id limit ${limit}`,
    )
    return rows.map(toStored)
  },

  async page(after: StoredSlice | undefined, limit: number) {
    const behind = after
      ? sql`and (s.device_id, s.channel, s.id) > (${after.deviceId}, ${after.channel}, ${after.id})`
      : sql``
    const rows = await rowsOf(
      db,
      sql`select ${STORED_COLUMNS} from slices s where s.state <> 'open' ${behind}
        order by s.device_id, s.channel, s.id limit ${limit}`,
    )
    return rows.map(toStored)
  },
})
