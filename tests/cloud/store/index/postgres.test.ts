import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { MIGRATIONS } from '../../../../cloud/server/store/index/migrations.ts'
import { openPostgresIndex } from '../../../../cloud/server/store/index/postgres.ts'
import type { IndexStore } from '../../../../cloud/server/store/index/types.ts'
import { openCloud } from '../../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../../support/device.ts'
import { needPostgres, startPostgres } from '../../support/postgres.ts'
import { clockStoreSuite } from './clock-suite.ts'
import { eventStoreSuite } from './event-suite.ts'
import { keepingSuite } from './keeping-suite.ts'
import { lossStoreSuite } from './loss-suite.ts'
import { indexStoreSuite } from './suite.ts'
import { uploadStoreSuite } from './upload-suite.ts'

const skip = needPostgres()

const open = async (): Promise<IndexStore> => {
  const server = await startPostgres()
  let isClosing = false
  // connections are still saying goodbye when the server is stopped
  const onError = (error: unknown) => assert.ok(isClosing, String(error))
  const index = await openPostgresIndex(server.url, onError)
  const close = index.close.bind(index)
  index.close = async () => {
    isClosing = true
    await close()
    await server.stop()
  }
  return index
}

if (skip) test('index store: PostgreSQL', { skip }, () => {})
else {
  indexStoreSuite('PostgreSQL', open)
  eventStoreSuite('PostgreSQL', open)
  uploadStoreSuite('PostgreSQL', open)
  lossStoreSuite('PostgreSQL', open)
  clockStoreSuite('PostgreSQL', open)
  keepingSuite('PostgreSQL', open)
}

test('a cloud with its index on a server', { skip, timeout: 60_000 }, async () => {
  const server = await startPostgres()
  let cloud = await openCloud({ databaseUrl: server.url })
  const device = await new TestDevice(cloud).register()
  try {
    await device.authorize()
    const startUtcMs = Date.now() - 60_000
    const list = pieces(5, { startMs: startUtcMs })
    await device.upload(sliceStart({ startUtcMs }), noise(5000), list)
    const open = sliceStart({ id: sliceId(2), startUtcMs: startUtcMs + 10_000 })
    await device.create(open)
    await device.append(open.id, 0, noise(1000), {
      pieces: pieces(1, { startMs: open.startUtcMs }),
    })
    const query = `from=${startUtcMs}&to=${startUtcMs + 60_000}`
    const playlist = async () =>
      (await cloud.api('GET', `${device.path}/channels/0/playlist.m3u8?${query}`)).text()
    assert.equal((await playlist()).match(/EXTINF/g)?.length, 6)
    await device.close()
    cloud = await cloud.restart()
    assert.equal((await playlist()).match(/EXTINF/g)?.length, 6, 'all is there after a restart')
  } finally {
    await device.close()
    await cloud.remove()
    await server.stop()
  }
})

test('instances that start together migrate once; a schema of a newer server is refused', {
  skip,
  timeout: 60_000,
}, async () => {
  const server = await startPostgres()
  try {
    const open = () => openPostgresIndex(server.url, () => {})
    const indexes = await Promise.all([open(), open(), open()])
    const { rows } = (await indexes[0]!.db.execute(
      sql`select version from schema_version order by 1`,
    )) as unknown as { rows: { version: number }[] }
    assert.deepEqual(
      rows.map(({ version }) => version),
      MIGRATIONS.map((_, at) => at + 1),
    )
    await indexes[0]!.db.execute(sql`insert into schema_version values (${MIGRATIONS.length + 1})`)
    for (const index of indexes) await index.close()
    const refusal = new RegExp(`schema version ${MIGRATIONS.length + 1}.*use the newer server`)
    await assert.rejects(open, refusal)
    await assert.rejects(() => openCloud({ databaseUrl: server.url }), refusal)
  } finally {
    await server.stop()
  }
})

test('a server that cannot be reached is told of at the start', { timeout: 30_000 }, async () => {
  const url = 'postgres://nobody@127.0.0.1:1/none'
  await assert.rejects(() => openPostgresIndex(url, () => {}), /ECONNREFUSED|connect/i)
})
