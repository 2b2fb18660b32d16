import { PGlite } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from './migrate.ts'
import { type SqlDatabase, sqlIndex } from './sql.ts'
import { takeTurns } from './turns.ts'
import type { IndexStore } from './types.ts'

/** Inserted rows are read from the index alone once a vacuum has seen them; PGlite has none that runs by itself. */
const VACUUM_INTERVAL_MS = 3_600_000

/**
 * PostgreSQL in this process. A commit is with the kernel when it returns (it survives kill -9); the journals of the
 * object store cover what a power cut takes from it.
 * @param folder where it is kept; `memory://` keeps nothing
 */
export const openPgliteIndex = async (
  folder: string,
  onError: (error: unknown) => void = () => {},
): Promise<IndexStore> => {
  const client = await PGlite.create({ dataDir: folder })
  const inTurn = takeTurns()
  const query = client.query.bind(client)
  const transaction = client.transaction.bind(client)
  client.query = (...given) => inTurn(() => query(...given)) as never
  client.transaction = (work) => inTurn(() => transaction(work))
  try {
    const db = drizzle({ client }) as unknown as SqlDatabase
    await migrate(db)
    // its pages lie in memory or in the page cache: an index is never dearer than a walk over the table
    await db.execute(sql`set random_page_cost = 1.1`)
    // a restart may need slices that only the write-ahead log has; a short log restarts fast
    await db.execute(sql`checkpoint`)
    const timer = setInterval(
      () => db.execute(sql`vacuum (analyze) slices`).catch(onError),
      VACUUM_INTERVAL_MS,
    )
    timer.unref()
    return sqlIndex(db, false, () => {
      clearInterval(timer)
      return client.close()
    })
  } catch (error) {
    await client.close()
    throw error
  }
}
