import { and, asc, desc, eq, gt, gte, inArray, lt, sql } from 'drizzle-orm'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { SLICE_MAX_MS } from '../../slice.ts'
import { fromRow, toRow } from './rows.ts'
import { devices, events, plans, slices } from './schema.ts'
import { SqlEventStore } from './sql-events.ts'
import type {
  Device,
  IndexStore,
  Interval,
  NewDevice,
  OldSlice,
  Plan,
  PlanType,
  Slice,
  SliceRange,
} from './types.ts'

export type SqlDatabase = PgDatabase<PgQueryResultHKT, Record<string, never>>

/** Rows per INSERT: PostgreSQL takes at most 65,535 parameters in one. */
const INSERT_ROWS = 500

/** The start is the slice's first picture, so a slice reaches into a range from at most SLICE_MAX_MS before it. */
const inRange = (range: SliceRange) =>
  and(
    eq(slices.deviceId, range.deviceId),
    eq(slices.channel, range.channel),
    gt(slices.startMs, range.fromMs - SLICE_MAX_MS),
    lt(slices.startMs, range.toMs),
    gt(slices.endMs, range.fromMs),
  )

/** The index in SQL, whatever runs it. */
export class SqlIndexStore implements IndexStore {
  readonly events: SqlEventStore

  constructor(
    private readonly db: SqlDatabase,
    readonly isShared: boolean,
    private readonly closeDatabase: () => Promise<void>,
  ) {
    this.events = new SqlEventStore(db)
  }

  async createDevice(device: NewDevice): Promise<Device | undefined> {
    const clientId = `${device.productId}${device.deviceName}`
    const query = this.db.insert(devices).values({ ...device, clientId })
    const [row] = await query.onConflictDoNothing().returning()
    return row
  }

  devices(): Promise<Device[]> {
    return this.db.select().from(devices).orderBy(devices.productId, devices.deviceName)
  }

  async device(productId: string, deviceName: string): Promise<Device | undefined> {
    const named = and(eq(devices.productId, productId), eq(devices.deviceName, deviceName))
    return (await this.db.select().from(devices).where(named))[0]
  }

  async deviceByClientId(clientId: string): Promise<Device | undefined> {
    return (await this.db.select().from(devices).where(eq(devices.clientId, clientId)))[0]
  }

  async rotateSecret(deviceId: number, secret: string): Promise<Device | undefined> {
    const query = this.db.update(devices).set({ secret, epoch: sql`${devices.epoch} + 1` })
    return (await query.where(eq(devices.id, deviceId)).returning())[0]
  }

  async setLastSeen(seen: ReadonlyMap<number, number>): Promise<void> {
    for (const [id, lastSeenMs] of seen)
      await this.db.update(devices).set({ lastSeenMs }).where(eq(devices.id, id))
  }

  async deleteDevice(deviceId: number): Promise<void> {
    await this.db.delete(devices).where(eq(devices.id, deviceId))
  }

  async markDestroyed(deviceId: number, nowMs: number): Promise<void> {
    await this.db.update(devices).set({ destroyedMs: nowMs }).where(eq(devices.id, deviceId))
  }

  async deleteRecordings(deviceId: number): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.delete(slices).where(eq(slices.deviceId, deviceId))
      await tx.delete(events).where(eq(events.deviceId, deviceId))
    })
  }

  async plan(deviceId: number, channel: number): Promise<Plan | undefined> {
    const wanted = and(eq(plans.deviceId, deviceId), eq(plans.channel, channel))
    const [row] = await this.db.select().from(plans).where(wanted)
    if (!row) return undefined
    const { enabled, type, days, trialLeftMs, changedMs } = row
    return { enabled, type: type as PlanType, days, trialLeftMs, changedMs }
  }

  async setPlan(deviceId: number, channel: number, plan: Plan): Promise<void> {
    const query = this.db.insert(plans).values({ deviceId, channel, ...plan })
    await query.onConflictDoUpdate({ target: [plans.deviceId, plans.channel], set: plan })
  }

  async channels(deviceId: number): Promise<number[]> {
    // one look into the index per channel instead of a walk over every slice of the device
    const { rows } = (await this.db.execute(sql`
      with recursive seen as (
        select min(channel) as channel from slices where device_id = ${deviceId}
        union all
        select (select min(channel) from slices where device_id = ${deviceId} and channel > seen.channel)
        from seen where seen.channel is not null
      )
      select channel from seen where channel is not null
      union
      select channel from plans where device_id = ${deviceId}
      order by channel`)) as unknown as { rows: { channel: number }[] }
    return rows.map((row) => row.channel)
  }

  async putSlices(changed: readonly Slice[]): Promise<void> {
    if (changed.length === 0) return
    const ids = [...new Set(changed.map((slice) => slice.deviceId))]
    await this.db.transaction(async (tx) => {
      const query = tx.select({ id: devices.id }).from(devices)
      const there = await query.where(inArray(devices.id, ids)).for('key share')
      const known = new Set(there.map((row) => row.id))
      const rows = changed.filter((slice) => known.has(slice.deviceId)).map(toRow)
      for (let at = 0; at < rows.length; at += INSERT_ROWS)
        await tx
          .insert(slices)
          .values(rows.slice(at, at + INSERT_ROWS))
          .onConflictDoUpdate({
            target: [slices.deviceId, slices.channel, slices.id],
            set: REPLACED,
          })
    })
  }

  async slice(deviceId: number, channel: number, id: string): Promise<Slice | undefined> {
    const wanted = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      eq(slices.id, id),
    )
    const [row] = await this.db.select().from(slices).where(wanted)
    return row && fromRow(row)
  }

  async slices(range: SliceRange): Promise<Slice[]> {
    const query = this.db.select().from(slices).where(inRange(range))
    return (await query.orderBy(asc(slices.startMs))).map(fromRow)
  }

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
    const query = this.db.select().from(slices).where(wanted)
    const [row] = await query.orderBy(desc(slices.startMs)).limit(1)
    return row && fromRow(row)
  }

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
    const query = this.db.select({ id, format, bytes }).from(slices).where(old)
    const rows = await query.orderBy(asc(startMs)).limit(limit)
    return rows.map((row) => ({ ...row, channel, format: row.format as Slice['format'] }))
  }

  async deleteSlices(deviceId: number, channel: number, ids: readonly string[]): Promise<void> {
    const named = and(
      eq(slices.deviceId, deviceId),
      eq(slices.channel, channel),
      inArray(slices.id, [...ids]),
    )
    await this.db.delete(slices).where(named)
  }

  async timeline(range: SliceRange, gapMs: number): Promise<Interval[]> {
    // a new interval starts where a slice starts more than gapMs behind everything before it
    const { rows } = (await this.db.execute(sql`
      with reach as (
        select start_ms, end_ms,
               max(end_ms) over (order by start_ms rows between unbounded preceding and 1 preceding) as before_ms
        from slices where ${inRange(range)}
      ), numbered as (
        select start_ms, end_ms,
               count(*) filter (where before_ms is null or start_ms > before_ms + ${gapMs})
                 over (order by start_ms rows unbounded preceding) as interval_number
        from reach
      )
      select min(start_ms) as start_ms, max(end_ms) as end_ms
      from numbered group by interval_number order by 1`)) as unknown as {
      rows: { start_ms: string | number; end_ms: string | number }[]
    }
    return rows.map((row) => ({ startMs: Number(row.start_ms), endMs: Number(row.end_ms) }))
  }

  async recordedIn(
    deviceId: number,
    channel: number,
    intervals: readonly Interval[],
  ): Promise<boolean[]> {
    const wanted = JSON.stringify(intervals)
    const { rows } = (await this.db.execute(sql`
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
  }

  close(): Promise<void> {
    return this.closeDatabase()
  }
}

/** Columns that a repeated slice replaces: all that can change while it grows. */
const REPLACED = Object.fromEntries(
  (
    [
      'state',
      'startMs',
      'endMs',
      'bytes',
      'pieces',
      'endUtcMs',
      'endPtsMs',
      'endSeq',
      'frames',
      'reason',
    ] as const
  ).map((column) => [column, sql.raw(`excluded.${slices[column].name}`)]),
)
