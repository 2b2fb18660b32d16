import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'drizzle-orm'
import { MIGRATIONS } from '../../../../cloud/server/store/index/migrations.ts'
import { openPostgresIndex } from '../../../../cloud/server/store/index/postgres.ts'
import { SLICE_SUMMARY } from '../../../../cloud/server/store/index/summary-migration.ts'
import type { IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { openCloud } from '../../support/cloud.ts'
import { noise, pieces, SECRET, sliceId, sliceStart, TestDevice } from '../../support/device.ts'
import { needPostgres, startPostgres } from '../../support/postgres.ts'
import { claimStoreSuite } from './claim-suite.ts'
import { clockStoreSuite } from './clock-suite.ts'
import { eventStoreSuite } from './event-suite.ts'
import { keepingSuite } from './keeping-suite.ts'
import { lossStoreSuite } from './loss-suite.ts'
import { indexStoreSuite } from './suite.ts'
import { checkSummary, summarySuite } from './summary-suite.ts'
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
  claimStoreSuite('PostgreSQL', open)
  keepingSuite('PostgreSQL', open)
  summarySuite('PostgreSQL', open, { rounds: 60, seed: 7 })
}

test('the summary of slices holds when instances change the same hours at once', {
  skip,
  timeout: 60_000,
}, async () => {
  const server = await startPostgres()
  const open = () => openPostgresIndex(server.url, () => {})
  const indexes = await Promise.all([open(), open()])
  try {
    const [index] = indexes as [IndexStore, IndexStore]
    const device = (await index.createDevice({
      ...{ productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: 0 },
    }))!
    const sliceOf = (number: number): Slice => {
      const startUtcMs = 1_780_000_000_000 + number * 10_000
      return {
        ...sliceStart({ id: sliceId(number), startUtcMs }),
        ...{ deviceId: device.id, channel: 0, state: 'done', bytes: 5000 },
        pieces: pieces(5, { startMs: startUtcMs }),
      }
    }
    const work = async (own: IndexStore, first: number) => {
      for (let number = first; number < 400; number += 8) {
        await own.putSlices([sliceOf(number), sliceOf(number + 1)])
        await own.putSlices([sliceOf(number)])
        if (number % 3 === 0) await own.deleteSlices(device.id, 0, [sliceId(number)])
      }
    }
    await Promise.all([0, 2, 4, 6].map((first) => work(indexes[(first / 2) % 2]!, first)))
    assert.ok((await checkSummary(index)) > 0)
    // what the migration fills in is the same
    await index.db.execute(sql`delete from slice_summaries`)
    await index.db.execute(sql.raw(SLICE_SUMMARY.at(-1)!))
    assert.ok((await checkSummary(index)) > 0)
  } finally {
    for (const index of indexes) await index.close()
    await server.stop()
  }
})

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
