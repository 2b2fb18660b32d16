import { and, asc, eq, gt, isNull, lt, or } from 'drizzle-orm'
import type { Pin, PinStore } from './pin-store.ts'
import { pins } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** Pins in SQL. */
export const sqlPins = (db: SqlDatabase): PinStore => ({
  async put(pin: Pin): Promise<Pin> {
    const [made] = await db.insert(pins).values(pin).onConflictDoNothing().returning()
    if (made) return made
    const known = and(
      eq(pins.deviceId, pin.deviceId),
      eq(pins.channel, pin.channel),
      pin.eventKey === null ? eq(pins.id, pin.id) : eq(pins.eventKey, pin.eventKey),
    )
    return (await db.select().from(pins).where(known))[0] ?? pin
  },

  list(deviceId: number, channel?: number, fromMs = 0, toMs = Number.MAX_SAFE_INTEGER) {
    const wanted = and(
      eq(pins.deviceId, deviceId),
      ...(channel === undefined ? [] : [eq(pins.channel, channel)]),
      lt(pins.startMs, toMs),
      or(isNull(pins.endMs), gt(pins.endMs, fromMs)),
    )
    return db.select().from(pins).where(wanted).orderBy(asc(pins.startMs), asc(pins.id))
  },

  async delete(deviceId: number, id: string): Promise<boolean> {
    const query = db.delete(pins).where(and(eq(pins.deviceId, deviceId), eq(pins.id, id)))
    return (await query.returning({ id: pins.id })).length > 0
  },

  async deleteOf(deviceId: number): Promise<void> {
    await db.delete(pins).where(eq(pins.deviceId, deviceId))
  },
})
