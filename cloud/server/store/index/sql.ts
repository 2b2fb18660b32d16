import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { sqlAudit } from './sql-audit.ts'
import { sqlClaims } from './sql-claims.ts'
import { sqlClock } from './sql-clock.ts'
import { sqlDevices } from './sql-devices.ts'
import { SqlEventStore } from './sql-events.ts'
import { sqlExports } from './sql-exports.ts'
import { sqlLosses } from './sql-losses.ts'
import { sqlMarks } from './sql-marks.ts'
import { sqlPins } from './sql-pins.ts'
import { sqlPlans } from './sql-plans.ts'
import { sqlShares } from './sql-shares.ts'
import { sqlSlices } from './sql-slices.ts'
import { sqlUploads } from './sql-uploads.ts'
import { sqlUsage } from './sql-usage.ts'
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
  ...sqlSlices(db, isShared),
  ...sqlMarks(db),
  events: new SqlEventStore(db),
  uploads: sqlUploads(db),
  pins: sqlPins(db),
  shares: sqlShares(db),
  exports: sqlExports(db),
  audit: sqlAudit(db),
  usage: sqlUsage(db),
  claims: sqlClaims(db),
  losses: sqlLosses(db),
  clock: sqlClock(db),
  db,
  close,
})
