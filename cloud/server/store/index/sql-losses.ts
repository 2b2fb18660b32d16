import { and, asc, eq, gte, inArray, lt, sql } from 'drizzle-orm'
import type { Loss } from '../../contract.ts'
import type { LossStore } from './loss-store.ts'
import { devices, losses } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** A list of losses for a person or a page; a range with more of them shows the first. */
const RANGE_MAX = 5000

/** Losses in SQL. */
export const sqlLosses = (db: SqlDatabase): LossStore => ({
  async put(deviceId, told) {
    if (told.length === 0) return
    await db.transaction(async (tx) => {
      const query = tx.select({ id: devices.id }).from(devices)
      if ((await query.where(eq(devices.id, deviceId)).for('key share')).length === 0) return
      // the same loss twice in one statement is an error in SQL; the later one counts
      const rows = new Map(told.map((loss) => [`${loss.channel}/${loss.id}`, loss]))
      await tx
        .insert(losses)
        .values([...rows.values()].map((loss) => ({ ...loss, deviceId })))
        .onConflictDoUpdate({
          target: [losses.deviceId, losses.channel, losses.id],
          set: {
            startMs: sql`excluded.start_ms`,
            endMs: sql`excluded.end_ms`,
            bytes: sql`excluded.bytes`,
            cause: sql`excluded.cause`,
          },
        })
    })
  },

  async withdraw(deviceId, ids) {
    if (ids.length === 0) return
    await db.delete(losses).where(and(eq(losses.deviceId, deviceId), inArray(losses.id, [...ids])))
  },

  async losses({ deviceId, channel, fromMs, toMs }) {
    const touching = and(
      eq(losses.deviceId, deviceId),
      eq(losses.channel, channel),
      lt(losses.startMs, toMs),
      gte(losses.endMs, fromMs),
    )
    const query = db.select().from(losses).where(touching)
    const rows = await query.orderBy(asc(losses.startMs), asc(losses.id)).limit(RANGE_MAX)
    return rows.map(({ deviceId: _, ...row }) => ({ ...row, cause: row.cause as Loss['cause'] }))
  },

  async deleteBefore(deviceId, channel, beforeMs) {
    const old = and(
      eq(losses.deviceId, deviceId),
      eq(losses.channel, channel),
      lt(losses.endMs, beforeMs),
    )
    await db.delete(losses).where(old)
  },

  async deleteAll(deviceId) {
    await db.delete(losses).where(eq(losses.deviceId, deviceId))
  },
})
