import { and, asc, eq, gte, inArray, isNotNull, isNull, lt, lte, sql } from 'drizzle-orm'
import type {
  CloudEvent,
  EventBeginning,
  EventEnding,
  EventName,
  EventRange,
  EventStore,
} from './event-store.ts'
import { events } from './schema.ts'
import type { SqlDatabase } from './sql.ts'
import { correctEvents } from './sql-clock.ts'

type Row = typeof events.$inferSelect

const fromRow = ({ shiftMs: _, ...row }: Row): CloudEvent => ({
  ...row,
  video: row.video as CloudEvent['video'],
})

const named = ({ deviceId, channel, key }: EventName) =>
  and(eq(events.deviceId, deviceId), eq(events.channel, channel), eq(events.key, key))

const NAME = [events.deviceId, events.channel, events.key]

/** Events in SQL. */
export class SqlEventStore implements EventStore {
  constructor(private readonly db: SqlDatabase) {}

  async begin(event: EventBeginning): Promise<void> {
    // a moment is over when it is told of
    const end = event.isMoment
      ? { endMs: event.startMs, videoEndMs: event.videoStartMs }
      : { endMs: null, videoEndMs: null }
    const query = this.db.insert(events).values({ ...event, ...end, video: 'none' })
    await query.onConflictDoNothing()
    await correctEvents(this.db, event.deviceId)
  }

  async end(event: EventEnding): Promise<void> {
    const query = this.db.insert(events).values(event)
    // the device tells it as it labelled it
    await query.onConflictDoUpdate({ target: NAME, set: { ...event, shiftMs: 0 } })
    await correctEvents(this.db, event.deviceId)
  }

  async event(deviceId: number, channel: number, key: string): Promise<CloudEvent | undefined> {
    const query = this.db.select().from(events)
    const [row] = await query.where(named({ deviceId, channel, key }))
    return row && fromRow(row)
  }

  async events({ deviceId, channel, fromMs, toMs, limit }: EventRange): Promise<CloudEvent[]> {
    const wanted = and(
      eq(events.deviceId, deviceId),
      gte(events.startMs, fromMs),
      lt(events.startMs, toMs),
      ...(channel === undefined ? [] : [eq(events.channel, channel)]),
    )
    const query = this.db.select().from(events).where(wanted)
    return (await query.orderBy(asc(events.startMs), asc(events.key)).limit(limit)).map(fromRow)
  }

  async eventsBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<CloudEvent[]> {
    const old = and(
      eq(events.deviceId, deviceId),
      eq(events.channel, channel),
      lt(events.startMs, beforeMs),
      sql`not exists (select 1 from pins p where p.device_id = ${deviceId} and p.channel = ${channel}
        and (p.event_key = ${events.key} or (p.event_key is null and p.start_ms <= ${events.startMs}
        and p.end_ms > ${events.startMs})))`,
    )
    const query = this.db.select().from(events).where(old)
    return (await query.orderBy(asc(events.startMs)).limit(limit)).map(fromRow)
  }

  async deleteEvents(deviceId: number, channel: number, keys: readonly string[]): Promise<void> {
    const listed = and(
      eq(events.deviceId, deviceId),
      eq(events.channel, channel),
      inArray(events.key, [...keys]),
    )
    await this.db.delete(events).where(listed)
  }

  async running(deviceId: number): Promise<CloudEvent[]> {
    const wanted = and(eq(events.deviceId, deviceId), isNull(events.endMs))
    return (await this.db.select().from(events).where(wanted)).map(fromRow)
  }

  async withVideo(
    deviceId: number,
    channel: number,
    fromMs: number,
    toMs: number,
  ): Promise<CloudEvent[]> {
    const wanted = and(
      eq(events.deviceId, deviceId),
      eq(events.channel, channel),
      eq(events.isMoment, false),
      isNotNull(events.videoEndMs),
      lte(events.videoStartMs, toMs),
      gte(events.videoEndMs, fromMs),
    )
    const query = this.db.select().from(events).where(wanted)
    return (await query.orderBy(asc(events.videoStartMs), asc(events.key))).map(fromRow)
  }

  async setPicture(event: EventName, type: string, bytes: number): Promise<boolean> {
    const query = this.db.update(events).set({ pictureType: type, pictureBytes: bytes })
    return (await query.where(named(event)).returning({ key: events.key })).length > 0
  }

  async setAiText(event: EventName, text: string): Promise<boolean> {
    const query = this.db.update(events).set({ aiText: text })
    return (await query.where(named(event)).returning({ key: events.key })).length > 0
  }

  async setCharge(event: EventName, chargedMs: number): Promise<void> {
    await this.db.update(events).set({ chargedMs }).where(named(event))
  }
}
