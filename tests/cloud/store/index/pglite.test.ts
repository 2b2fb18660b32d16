import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from '../../../../cloud/server/store/index/migrate.ts'
import { MIGRATIONS } from '../../../../cloud/server/store/index/migrations.ts'
import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import type { SqlDatabase } from '../../../../cloud/server/store/index/sql.ts'
import { indexStoreSuite } from './suite.ts'

indexStoreSuite('PGlite', () => openPgliteIndex('memory://'))

test('migrations run once; an index of a newer server is refused', async () => {
  const client = await PGlite.create('memory://')
  try {
    const db = drizzle({ client }) as unknown as SqlDatabase
    await migrate(db)
    await migrate(db)
    const { rows } = await client.query<{ version: number }>(
      'select version from schema_version order by 1',
    )
    assert.deepEqual(
      rows.map(({ version }) => version),
      MIGRATIONS.map((_, at) => at + 1),
    )
    await db.execute(sql`insert into schema_version values (${MIGRATIONS.length + 1})`)
    await assert.rejects(() => migrate(db), /use the newer server/)
  } finally {
    await client.close()
  }
})
