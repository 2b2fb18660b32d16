import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { sqlDevices } from './sql-devices.ts'
import { SqlEventStore } from './sql-events.ts'
import { sqlLosses } from './sql-losses.ts'
import { sqlPlans } from './sql-plans.ts'
import { sqlSlices } from './sql-slices.ts'
import type { IndexStore } from './types.ts'

export type SqlDatabase = PgDatabase<PgQueryResultHKT, Record<string, never>>

/** The index in SQL, whatever runs it. A concept is a type (`*-store.ts`) and the SQL for it (`sql-*.ts`). */
export const sqlIndex = (
  db: SqlDatabase,
  isShared: boolean,
  close: () => Promise<void>,
): IndexStore => ({
  isShared,
  ...sqlDevices(db),
  ...sqlPlans(db),
  ...sqlSlices(db),
  events: new SqlEventStore(db),
  losses: sqlLosses(db),
  close,
})
