import { sql } from 'drizzle-orm'
import { MIGRATIONS } from './migrations.ts'
import type { SqlDatabase } from './sql.ts'

/** Any number, the same in every server: two instances that start together migrate one after the other. */
const LOCK_KEY = 7_279_553

/** Brings the schema up to date. An index that a newer server has written is refused. */
export const migrate = (db: SqlDatabase): Promise<void> =>
  db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(LOCK_KEY))})`)
    await tx.execute(
      sql`create table if not exists schema_version (version integer not null primary key)`,
    )
    const { rows } = (await tx.execute(
      sql`select coalesce(max(version), 0)::integer as version from schema_version`,
    )) as unknown as { rows: { version: number }[] }
    const from = rows[0]?.version ?? 0
    if (from > MIGRATIONS.length)
      throw new Error(
        `the index has schema version ${from}, this server knows ${MIGRATIONS.length}: use the newer server`,
      )
    for (const [at, steps] of MIGRATIONS.entries()) {
      if (at < from) continue
      for (const step of steps) await tx.execute(sql.raw(step))
      await tx.execute(sql`insert into schema_version values (${at + 1})`)
    }
  })
