import { and, desc, eq, type SQL, sql } from 'drizzle-orm'
import type { ExportEnd, ExportJob, ExportState, ExportStore } from './export-store.ts'
import { exports } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** The clock of the database: those of the instances may differ. */
const NOW_MS = sql.raw('(extract(epoch from clock_timestamp()) * 1000)::bigint')

const fromRow = ({
  owner: _,
  untilMs: __,
  attempts: ___,
  ...row
}: typeof exports.$inferSelect): ExportJob => ({ ...row, state: row.state as ExportState })

/** Exports in SQL. */
export const sqlExports = (db: SqlDatabase): ExportStore => {
  const after = (ms: number): SQL => sql`${NOW_MS} + ${ms}::bigint`
  const running = (id: string, owner?: string) =>
    and(
      eq(exports.id, id),
      eq(exports.state, 'running'),
      owner === undefined ? undefined : eq(exports.owner, owner),
    )

  return {
    async put(job: ExportJob): Promise<void> {
      await db.insert(exports).values(job).onConflictDoNothing()
    },

    async job(id: string): Promise<ExportJob | undefined> {
      const [row] = await db.select().from(exports).where(eq(exports.id, id))
      return row && fromRow(row)
    },

    async list(): Promise<ExportJob[]> {
      const query = db.select().from(exports)
      return (await query.orderBy(desc(exports.createdMs), desc(exports.id))).map(fromRow)
    },

    async take(owner: string, forMs: number) {
      // of two instances that ask at once the second sees the row locked and takes the next
      const free = sql`(select id from exports where state = 'running' and until_ms < ${NOW_MS}
        order by created_ms, id limit 1 for update skip locked)`
      const [row] = await db
        .update(exports)
        .set({
          owner,
          untilMs: after(forMs),
          attempts: sql`${exports.attempts} + 1`,
          progress: 0,
          bytes: 0,
        })
        .where(eq(exports.id, free))
        .returning()
      return row && { job: fromRow(row), attempts: row.attempts }
    },

    async hold(id: string, owner: string, forMs: number, progress): Promise<boolean> {
      const query = db.update(exports).set({ ...progress, untilMs: after(forMs) })
      return (await query.where(running(id, owner)).returning({ id: exports.id })).length > 0
    },

    async giveBack(id: string, owner: string): Promise<void> {
      const change = { untilMs: 0, attempts: sql`${exports.attempts} - 1` }
      await db.update(exports).set(change).where(running(id, owner))
    },

    async releaseAll(): Promise<void> {
      await db.update(exports).set({ untilMs: 0 }).where(eq(exports.state, 'running'))
    },

    async end(id: string, end: ExportEnd, owner?: string): Promise<boolean> {
      const query = db.update(exports).set(end).where(running(id, owner))
      return (await query.returning({ id: exports.id })).length > 0
    },

    async running(deviceId: number, channel: number): Promise<ExportJob[]> {
      const wanted = and(
        eq(exports.deviceId, deviceId),
        eq(exports.channel, channel),
        eq(exports.state, 'running'),
      )
      return (await db.select().from(exports).where(wanted)).map(fromRow)
    },

    async delete(id: string): Promise<void> {
      await db.delete(exports).where(eq(exports.id, id))
    },
  }
}
