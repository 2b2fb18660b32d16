import { type SQL, sql } from 'drizzle-orm'
import type { ClaimStore } from './claim-store.ts'
import type { SqlDatabase } from './sql.ts'
import { IS_EXPORTED, IS_PINNED, rowsOf, STORED_COLUMNS, toStored } from './sql-usage.ts'

/** Times of an event and of its first and last picture are read separately, and a recording may begin at the IDR before. */
export const CLAIM_TOLERANCE_MS = 10_000

/** Whether the video of an event touches a slice; one that runs has no end yet. */
const isCovered = (
  end: SQL,
) => sql`exists (select 1 from events e where e.device_id = s.device_id and e.channel = s.channel
  and not e.moment and e.video_start_ms - ${CLAIM_TOLERANCE_MS} < s.end_ms and ${end} + ${CLAIM_TOLERANCE_MS} > s.start_ms)`
const COVERED = isCovered(sql`coalesce(e.video_end_ms, 9000000000000000)`)
const COVERED_FOR_GOOD = isCovered(sql`e.video_end_ms`)

const WAITING = sql`unclaimed_slices u join slices s on s.device_id = u.device_id and s.channel = u.channel and s.id = u.id`

/** Slices that wait for an event, in SQL: few, so that they are looked at row by row. */
export const sqlClaims = (db: SqlDatabase): ClaimStore => ({
  async wait(slices, nowMs) {
    if (slices.length === 0) return
    const rows = JSON.stringify(
      slices.map(({ deviceId, channel, id }) => ({ deviceId, channel, id })),
    )
    await db.execute(sql`
      insert into unclaimed_slices (device_id, channel, id, since_ms)
      select w."deviceId", w.channel, w.id, ${nowMs}::bigint
      from json_to_recordset(${rows}::json) as w ("deviceId" integer, channel smallint, id text)
      join devices d on d.id = w."deviceId"
      on conflict (device_id, channel, id) do update set since_ms = excluded.since_ms`)
  },

  async settle(deviceId, channel) {
    await db.execute(sql`
      delete from unclaimed_slices u where u.device_id = ${deviceId} and u.channel = ${channel} and not exists (
        select 1 from slices s where s.device_id = u.device_id and s.channel = u.channel and s.id = u.id
          and not ${COVERED_FOR_GOOD})`)
  },

  async release(deviceId, channel) {
    await db.execute(
      sql`delete from unclaimed_slices where device_id = ${deviceId} and channel = ${channel}`,
    )
  },

  async waitingMs(deviceId, channel) {
    const [row] = await rowsOf(
      db,
      sql`select coalesce(sum(s.end_ms - s.start_ms), 0) as ms from ${WAITING}
        where u.device_id = ${deviceId} and u.channel = ${channel} and not ${COVERED} and not ${IS_PINNED}`,
    )
    return Number(row?.ms ?? 0)
  },

  async overdue(deviceId, channel, beforeMs, limit) {
    const rows = await rowsOf(
      db,
      sql`select ${STORED_COLUMNS} from ${WAITING}
        where u.device_id = ${deviceId} and u.channel = ${channel} and u.since_ms < ${beforeMs}
          and s.state <> 'open' and not ${COVERED} and not ${IS_PINNED} and not ${IS_EXPORTED}
        order by s.start_ms, s.id limit ${limit}`,
    )
    return rows.map(toStored)
  },
})
