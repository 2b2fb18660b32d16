import { sql } from 'drizzle-orm'
import type { ClockStore } from './clock-store.ts'
import type { SqlDatabase } from './sql.ts'

/** Names are `{boot id: 16 hex digits}-{number: 8 digits}`, so that those of a boot stand together in the index. */
const named = (name: string) =>
  sql.raw(
    `${name} between c.boot || '-' || lpad(c.first::text, 8, '0') and c.boot || '-' || lpad(c.last::text, 8, '0')`,
  )

/**
 * Moves the slices of devices to where their clock's shift has them. Those that are there already stay.
 * @param ids the ones that may not be there
 */
export const correctSlices = (
  db: Pick<SqlDatabase, 'execute'>,
  deviceIds: readonly number[],
  ids?: readonly string[],
) =>
  db.execute(sql`
    update slices s set
      start_ms = s.start_ms + c.shift_ms - s.shift_ms,
      end_ms = s.end_ms + c.shift_ms - s.shift_ms,
      end_utc_ms = s.end_utc_ms + c.shift_ms - s.shift_ms,
      shift_ms = c.shift_ms
    from clock_shifts c
    where c.device_id in (select value::integer from json_array_elements_text(${JSON.stringify(deviceIds)}::json))
      and c.kind = 'slice' and s.device_id = c.device_id and s.channel = c.channel
      and ${named('s.id')} and s.shift_ms <> c.shift_ms
      ${ids ? sql`and s.id in (select value from json_array_elements_text(${JSON.stringify(ids)}::json))` : sql``}`)

/** The same for the events of a device. */
export const correctEvents = (db: Pick<SqlDatabase, 'execute'>, deviceId: number) =>
  db.execute(sql`
    update events e set
      start_ms = e.start_ms + c.shift_ms - e.shift_ms,
      end_ms = e.end_ms + c.shift_ms - e.shift_ms,
      video_start_ms = e.video_start_ms + c.shift_ms - e.shift_ms,
      video_end_ms = e.video_end_ms + c.shift_ms - e.shift_ms,
      shift_ms = c.shift_ms
    from clock_shifts c
    where c.device_id = ${deviceId}
      and c.kind = 'event' and e.device_id = c.device_id and e.channel = c.channel
      and ${named('e.key')} and e.shift_ms <> c.shift_ms`)

/** Shifts of wrong clocks in SQL. */
export const sqlClock = (db: SqlDatabase): ClockStore => ({
  async correct(deviceId, { bootId, shifts }) {
    await db.transaction(async (tx) => {
      for (const { channel, kind, first, last, shiftMs } of shifts)
        await tx.execute(sql`
          insert into clock_shifts (device_id, channel, boot, kind, first, last, shift_ms)
          select id, ${channel}, ${bootId}, ${kind}, ${first}, ${last}, ${shiftMs}::bigint
          from devices where id = ${deviceId} for key share
          on conflict (device_id, channel, boot, kind, first)
          do update set last = excluded.last, shift_ms = excluded.shift_ms`)
      await correctSlices(tx, [deviceId])
      await correctEvents(tx, deviceId)
    })
  },
})
