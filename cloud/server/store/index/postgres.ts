import { drizzle } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { migrate } from './migrate.ts'
import { type SqlDatabase, sqlIndex } from './sql.ts'
import type { IndexStore } from './types.ts'

/** Connections of one instance; its work on the index is short and bundled. */
const CONNECTIONS_MAX = 8
const CONNECT_TIMEOUT_MS = 10_000

/**
 * An index on a PostgreSQL server, which several instances may share.
 * @param url `postgres://user:password@host:5432/database`
 * @param onError a connection that was idle was lost; the next query makes a new one
 */
export const openPostgresIndex = async (
  url: string,
  onError: (error: unknown) => void,
): Promise<IndexStore> => {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  pool.on('error', onError)
  try {
    const db = drizzle({ client: pool }) as unknown as SqlDatabase
    await migrate(db)
    return sqlIndex(db, true, () => pool.end())
  } catch (error) {
    await pool.end()
    throw error
  }
}
