import { and, desc, eq } from 'drizzle-orm'
import type { ExportChange, ExportJob, ExportState, ExportStore } from './export-store.ts'
import { exports } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

const fromRow = (row: typeof exports.$inferSelect): ExportJob => ({
  ...row,
  state: row.state as ExportState,
})

/** Exports in SQL. */
export const sqlExports = (db: SqlDatabase): ExportStore => ({
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

  async update(id: string, change: ExportChange): Promise<boolean> {
    const running = and(eq(exports.id, id), eq(exports.state, 'running'))
    const query = db.update(exports).set(change).where(running)
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
})
