import {
  and,
  asc,
  desc,
  eq,
  getTableColumns,
  gt,
  gte,
  inArray,
  lt,
  type SQL,
  sql,
} from 'drizzle-orm'
import { SLICE_MAX_MS } from '../../slice.ts'
import { fromRow, type SliceRow, toRow } from './rows.ts'
import { slices } from './schema.ts'
import type { Interval, OldSlice, Slice, SliceRange, SliceStore } from './slice-store.ts'
import type { SqlDatabase } from './sql.ts'
import { correctSlices } from './sql-clock.ts'

/** The start is the slice's first picture, so a slice reaches into a range from at most SLICE_MAX_MS before it. */
const inRange = (range: SliceRange) =>
  and(
    eq(slices.deviceId, range.deviceId),
    eq(slices.channel, range.channel),
    gt(slices.startMs, range.fromMs - SLICE_MAX_MS),
    lt(slices.startMs, range.toMs),
    gt(slices.endMs, range.fromMs),
  )

/** A range that is longer than a day with a clock change is drawn in steps of many slices: see `strides`. */
const EXACT_MAX_MS = 26 * 3_600_000
/** Slices that are looked at where a stride ends: those of two boots may overlap. */
const STRIDE_SLICES = 8

/** Where recorded time begins and ends: a slice that starts more than gapMs behind everything before it. */
const boundaries = (range: SliceRange, gapMs: number): SQL => sql`
  (select start_ms, before_ms from (
    select start_ms,
           max(end_ms) over (order by start_ms rows between unbounded preceding and 1 preceding) as before_ms
    from slices where ${inRange(range)}
  ) as reach
  where before_ms is null or start_ms > before_ms + ${gapMs}::bigint
  order by start_ms)
  union all
  select null, max(end_ms) from slices where ${inRange(range)}`

/**
 * The same for long ranges, without reading every slice: from where recorded time has been followed to, as far as a gap
 * may be, to the last slice that starts there; and where that leads nowhere, to the next one that starts at all. A month
 * drawn in 2000 points is 2000 looks into the index instead of 260,000 rows.
 */
const strides = ({ deviceId, channel, fromMs, toMs }: SliceRange, gapMs: number): SQL => {
  const own = sql`device_id = ${deviceId} and channel = ${channel} and start_ms < ${toMs}::bigint`
  return sql`
    with recursive walk as (
      (select start_ms, null::bigint as before_ms, end_ms as reach_ms from slices
        where ${own} and start_ms > ${fromMs - SLICE_MAX_MS}::bigint and end_ms > ${fromMs}::bigint
        order by start_ms limit 1)
      union all
      select coalesce(next.start_ms, walk.start_ms),
             case when next.start_ms is null then walk.before_ms else walk.reach_ms end,
             coalesce(next.end_ms, last.end_ms)
      from walk
      cross join lateral (
        select max(end_ms) as end_ms from (
          select end_ms from slices where ${own} and start_ms <= walk.reach_ms + ${gapMs}::bigint
          order by start_ms desc limit ${sql.raw(String(STRIDE_SLICES))}
        ) as newest
      ) as last
      left join lateral (
        select start_ms, end_ms from slices
        where ${own} and start_ms > walk.reach_ms + ${gapMs}::bigint and last.end_ms <= walk.reach_ms
        order by start_ms limit 1
      ) as next on true
      where last.end_ms > walk.reach_ms or next.start_ms is not null
    )
    (select start_ms, min(before_ms) as before_ms from walk group by start_ms order by start_ms)
    union all
    select null, max(reach_ms) from walk`
}

/** Slices in SQL. */
export const sqlSlices = (db: SqlDatabase, isShared: boolean): SliceStore => ({
  async putSlices(changed: readonly Slice[]): Promise<void> {
    if (changed.length === 0) return
    // one parameter whatever the number: a statement with thousands of them takes longer to make than to run
    const rows = JSON.stringify(changed.map((slice) => columnsOf(toRow(slice))))
    await db.execute(sql`
      insert into slices (${NAMES})
      select ${NAMES_OF_S} from json_to_recordset(${rows}::json) as s (${TYPED_NAMES})
      join devices on devices.id = s.device_id
      for key share of devices
      on conflict (device_id, channel, id) do update set ${REPLACED} ${WHERE[isShared ? 1 : 0]}`)
    const deviceIds = [...new Set(changed.map((slice) => slice.deviceId))]
    await correctSlices(
      db,
      deviceIds,
      changed.map((slice) => slice.id),
    )
  },

  async slice(deviceId: number, channel: number, id: string): Promise<Slice | undefined> {
    const wanted = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      eq(slices.id, id),
    )
    const [row] = await db.select().from(slices).where(wanted)
    return row && fromRow(row)
  },

  async slices(range: SliceRange): Promise<Slice[]> {
    // one value for all of them: an hour has 8000 cells, and a driver takes longer to fetch those than it takes to find them
    const { rows } = (await db.execute(sql`
      select coalesce(json_agg(json_build_array(${NAMES}) order by start_ms), '[]')::text as found
      from slices where ${inRange(range)}`)) as unknown as { rows: { found: string }[] }
    return (JSON.parse(rows[0]!.found) as unknown[][]).map((cells) =>
      fromRow(
        Object.fromEntries(COLUMNS.map(([property], at) => [property, cells[at]])) as SliceRow,
      ),
    )
  },

  async sliceBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
  ): Promise<Slice | undefined> {
    const wanted = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      gte(slices.startMs, 0),
      lt(slices.startMs, beforeMs),
    )
    const query = db.select().from(slices).where(wanted)
    const [row] = await query.orderBy(desc(slices.startMs)).limit(1)
    return row && fromRow(row)
  },

  async slicesBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<OldSlice[]> {
    const { id, format, bytes, startMs, endMs } = slices
    const old = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      lt(startMs, beforeMs),
      lt(endMs, beforeMs),
    )
    const query = db.select({ id, format, bytes }).from(slices).where(old)
    const rows = await query.orderBy(asc(startMs)).limit(limit)
    return rows.map((row) => ({ ...row, channel, format: row.format as Slice['format'] }))
  },

  async deleteSlices(deviceId: number, channel: number, ids: readonly string[]): Promise<void> {
    const named = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      inArray(slices.id, [...ids]),
    )
    await db.delete(slices).where(named)
  },

  async timeline(range: SliceRange, gapMs: number): Promise<Interval[]> {
    const rows = (await db.execute(
      range.toMs - range.fromMs > EXACT_MAX_MS ? strides(range, gapMs) : boundaries(range, gapMs),
    )) as unknown as { rows: { start_ms: string | number | null; before_ms: string | number }[] }
    // each row: where an interval ends, and where the next one starts
    const ends = rows.rows
      .map((row) => ({
        startMs: row.start_ms === null ? Number.POSITIVE_INFINITY : Number(row.start_ms),
        beforeMs: Number(row.before_ms),
      }))
      .sort((a, b) => a.startMs - b.startMs)
    return ends
      .slice(1)
      .map(({ beforeMs }, at) => ({ startMs: ends[at]!.startMs, endMs: beforeMs }))
  },

  async recordedIn(
    deviceId: number,
    channel: number,
    intervals: readonly Interval[],
  ): Promise<boolean[]> {
    const wanted = JSON.stringify(intervals)
    const { rows } = (await db.execute(sql`
      select exists (
        select 1 from slices
        where device_id = ${deviceId} and channel = ${channel}
          and start_ms > (i.value ->> 'startMs')::bigint - ${SLICE_MAX_MS}::bigint
          and start_ms < (i.value ->> 'endMs')::bigint
          and end_ms > (i.value ->> 'startMs')::bigint
      ) as recorded
      from json_array_elements(${wanted}::json) with ordinality as i (value, number)
      order by i.number`)) as unknown as { rows: { recorded: boolean }[] }
    return rows.map((row) => row.recorded)
  },
})

const COLUMNS = Object.entries(getTableColumns(slices))
const list = (text: (name: string, type: string) => string) =>
  sql.raw(COLUMNS.map(([, column]) => text(column.name, column.getSQLType())).join(', '))
const NAMES = list((name) => name)
const NAMES_OF_S = list((name) => `s.${name}`)
const TYPED_NAMES = list((name, type) => `${name} ${type}`)

const columnsOf = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(COLUMNS.map(([property, { name }]) => [name, row[property]]))

/** What a repeated slice replaces: all that can change while it grows. */
const REPLACED = sql.raw(
  (
    [
      ...(['state', 'startMs', 'endMs', 'bytes', 'pieces', 'endUtcMs'] as const),
      ...(['endPtsMs', 'endSeq', 'frames', 'reason', 'shiftMs'] as const),
    ] as const
  )
    .map((property) => slices[property].name)
    .map((name) => `${name} = excluded.${name}`)
    .join(', '),
)

/** How far a slice is: its bytes, then its state. An instance may not know yet that another one has gone on. */
const progress = (table: string) =>
  `(${table}.bytes, case ${table}.state when 'open' then 0 when 'cut' then 1 else 2 end)`
const WHERE = [sql.raw(''), sql.raw(`where ${progress('excluded')} >= ${progress('slices')}`)]
