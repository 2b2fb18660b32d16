import { PGlite } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from './migrate.ts'
import { type SqlDatabase, SqlIndexStore } from './sql.ts'
import type { IndexStore } from './types.ts'

/**
 * PostgreSQL in this process. A commit is with the kernel when it returns (it survives kill -9); the journals of the
 * object store cover what a power cut takes from it.
 * @param folder where it is kept; `memory://` keeps nothing
 */
export const openPgliteIndex = async (folder: string): Promise<IndexStore> => {
  const client = await PGlite.create({ dataDir: folder })
  try {
    const db = drizzle({ client }) as unknown as SqlDatabase
    await migrate(db)
    // a restart may need slices that only the write-ahead log has; a short log restarts fast
    await db.execute(sql`checkpoint`)
    return new SqlIndexStore(db, () => client.close())
  } catch (error) {
    await client.close()
    throw error
  }
}
