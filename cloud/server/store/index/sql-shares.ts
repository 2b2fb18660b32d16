import { and, desc, eq, lt } from 'drizzle-orm'
import { shares } from './schema.ts'
import type { Share, ShareStore } from './share-store.ts'
import type { SqlDatabase } from './sql.ts'

/** Shares in SQL. */
export const sqlShares = (db: SqlDatabase): ShareStore => ({
  async put(share: Share): Promise<void> {
    await db.insert(shares).values(share).onConflictDoNothing()
  },

  async share(id: string): Promise<Share | undefined> {
    return (await db.select().from(shares).where(eq(shares.id, id)))[0]
  },

  list(deviceId?: number): Promise<Share[]> {
    const query = db.select().from(shares)
    const wanted = deviceId === undefined ? undefined : eq(shares.deviceId, deviceId)
    return query.where(wanted).orderBy(desc(shares.createdMs), desc(shares.id))
  },

  async revoke(id: string, nowMs: number): Promise<boolean> {
    const holds = and(eq(shares.id, id), eq(shares.revokedMs, 0))
    await db.update(shares).set({ revokedMs: nowMs }).where(holds)
    return (await db.select({ id: shares.id }).from(shares).where(eq(shares.id, id))).length > 0
  },

  async deleteOf(deviceId: number): Promise<void> {
    await db.delete(shares).where(eq(shares.deviceId, deviceId))
  },

  async deleteExpired(beforeMs: number): Promise<void> {
    await db.delete(shares).where(lt(shares.expiresMs, beforeMs))
  },
})
