import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from '../../../../cloud/server/store/index/migrate.ts'
import { MIGRATIONS } from '../../../../cloud/server/store/index/migrations.ts'
import { openPgliteIndex } from '../../../../cloud/server/store/index/pglite.ts'
import type { SqlDatabase } from '../../../../cloud/server/store/index/sql.ts'
import { eventStoreSuite } from './event-suite.ts'

eventStoreSuite('PGlite', () => openPgliteIndex('memory://'))

test('trials of the schema before keep the time that they had left', async () => {
  const client = await PGlite.create('memory://')
  try {
    for (const step of MIGRATIONS[0]!) await client.exec(step)
    await client.exec(`
      create table schema_version (version integer not null primary key);
      insert into schema_version values (1);
      insert into devices (product_id, device_name, client_id, secret, label, created_ms)
        values ('P1', 'cam1', 'P1cam1', 's', '', 0)`)
    const endsMs = Date.now() + 60_000
    await client.query(
      `insert into plans values (1, 0, true, 'trial', 7, $1, 0), (1, 1, true, 'trial', 7, 5, 0), (1, 2, true, 'full', 7, 0, 0)`,
      [endsMs],
    )
    await migrate(drizzle({ client }) as unknown as SqlDatabase)
    const { rows } = await client.query<{ trial_left_ms: number }>(
      'select trial_left_ms from plans order by channel',
    )
    const [running, over, full] = rows.map((row) => Number(row.trial_left_ms))
    assert.ok(running! > 50_000 && running! <= 60_000, `${running}`)
    assert.deepEqual([over, full], [0, 0])
  } finally {
    await client.close()
  }
})
