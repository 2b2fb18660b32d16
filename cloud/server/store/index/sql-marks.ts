import { sql } from 'drizzle-orm'
import type { EventMark, MarkRange, MarkStore } from './mark-store.ts'
import type { SqlDatabase } from './sql.ts'

/** An event that began longer ago than this is not looked for: the index knows when events begin. */
const EVENT_MAX_MS = 86_400_000

type Row = {
  key: string
  count: string | number
  event_id: number
  start_ms: string | number
  end_ms: string | number | null
  moment: boolean
  pinned: boolean
  picture: boolean
}

const toMark = (row: Row): EventMark => ({
  key: row.key,
  count: Number(row.count),
  eventId: row.event_id,
  startMs: Number(row.start_ms),
  endMs: row.end_ms === null ? null : Number(row.end_ms),
  isMoment: row.moment,
  isPinned: row.pinned,
  hasPicture: row.picture,
})

/** Gathered events, in SQL. */
export const sqlMarks = (db: SqlDatabase): MarkStore => ({
  async eventMarks({ deviceId, channel, fromMs, toMs, stepMs }: MarkRange) {
    const { rows } = (await db.execute(sql`
      with found as (
        select e.key, e.event_id, e.start_ms, e.end_ms, e.moment, e.picture_type is not null as picture,
          exists (select 1 from pins p where p.device_id = e.device_id and p.channel = e.channel
            and p.event_key = e.key) as pinned
        from events e
        where e.device_id = ${deviceId} and e.channel = ${channel}
          and e.start_ms > ${fromMs - EVENT_MAX_MS} and e.start_ms < ${toMs}
          and (e.start_ms >= ${fromMs} or coalesce(e.end_ms, ${toMs}) > ${fromMs})
      )
      select (array_agg(key order by start_ms, key))[1] as key, count(*) as count,
        (array_agg(event_id order by start_ms, key))[1] as event_id, min(start_ms) as start_ms,
        case when bool_or(end_ms is null) then null else max(end_ms) end as end_ms,
        bool_and(moment) as moment, bool_or(pinned) as pinned,
        (array_agg(picture order by start_ms, key))[1] as picture
      from found group by start_ms / ${sql.raw(String(Math.max(1, Math.round(stepMs))))}
      order by 4`)) as unknown as { rows: Row[] }
    return rows.map(toMark)
  },
})
