import { desc, lt } from 'drizzle-orm'
import type { AuditLine, AuditStore } from './audit-store.ts'
import { audit } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** The audit log in SQL. */
export const sqlAudit = (db: SqlDatabase): AuditStore => ({
  async write(line: Omit<AuditLine, 'id'>): Promise<void> {
    await db.insert(audit).values(line)
  },

  list(limit: number, beforeId?: number): Promise<AuditLine[]> {
    const query = db.select().from(audit)
    const wanted = beforeId === undefined ? undefined : lt(audit.id, beforeId)
    return query.where(wanted).orderBy(desc(audit.id)).limit(limit)
  },
})
