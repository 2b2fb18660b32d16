import { and, eq, sql } from 'drizzle-orm'
import type { Plan, PlanStore, PlanType } from './plan-store.ts'
import { plans } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** Plans in SQL. */
export const sqlPlans = (db: SqlDatabase): PlanStore => ({
  async plan(deviceId: number, channel: number): Promise<Plan | undefined> {
    const wanted = and(eq(plans.deviceId, deviceId), eq(plans.channel, channel))
    const [row] = await db.select().from(plans).where(wanted)
    if (!row) return undefined
    const { enabled, type, days, trialLeftMs, changedMs } = row
    return { enabled, type: type as PlanType, days, trialLeftMs, changedMs }
  },

  async setPlan(deviceId: number, channel: number, plan: Plan): Promise<void> {
    const query = db.insert(plans).values({ deviceId, channel, ...plan })
    await query.onConflictDoUpdate({ target: [plans.deviceId, plans.channel], set: plan })
  },

  async channels(deviceId: number): Promise<number[]> {
    // one look into the index per channel instead of a walk over every slice of the device
    const { rows } = (await db.execute(sql`
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
  },
})
