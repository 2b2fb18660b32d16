import { and, asc, desc, eq, getTableColumns, gt, gte, inArray, lt, sql } from 'drizzle-orm'
import { SLICE_MAX_MS } from '../../slice.ts'
import { fromRow, type SliceRow, toRow } from './rows.ts'
import { slices } from './schema.ts'
import type { Interval, OldSlice, Slice, SliceRange, SliceStore } from './slice-store.ts'
import type { SqlDatabase } from './sql.ts'
import { correctSlices } from './sql-clock.ts'
import { timeline } from './sql-timeline.ts'

/** The start is the slice's first picture, so a slice reaches into a range from at most SLICE_MAX_MS before it. */
const inRange = (range: SliceRange) =>
  and(
    eq(slices.deviceId, range.deviceId),
    eq(slices.channel, range.channel),
    gt(slices.startMs, range.fromMs - SLICE_MAX_MS),
    lt(slices.startMs, range.toMs),
    gt(slices.endMs, range.fromMs),
  )

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

  timeline: (range: SliceRange, gapMs: number): Promise<Interval[]> => timeline(db, range, gapMs),

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
          and end_ms > (i.value ->> 'startMs')::bigint and end_ms > start_ms
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
