import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Catalog } from '../../cloud/server/catalog.ts'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import { Ingest } from '../../cloud/server/ingest/ingest.ts'
import { createLogger } from '../../cloud/server/log.ts'
import { NO_PLAN } from '../../cloud/server/plan.ts'
import { Registry } from '../../cloud/server/registry.ts'
import { Retention } from '../../cloud/server/retention.ts'
import { sliceObjectKey } from '../../cloud/server/slice.ts'
import { openPgliteIndex } from '../../cloud/server/store/index/pglite.ts'
import type { Device, IndexStore } from '../../cloud/server/store/index/types.ts'
import { DiskObjectStore } from '../../cloud/server/store/objects/disk.ts'
import { noise, pieces, SECRET, sha256, sliceId, sliceStart } from './support/device.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 24)
const EVENT = { eventId: 1, info: '', ai: 0, isMoment: true }

const folder = mkdtempSync(join(tmpdir(), 'skyrill-retention-'))
const data = openDataFolder(folder)
const log = createLogger('silent')
let index: IndexStore
let objects: DiskObjectStore
let ingest: Ingest
let retention: Retention
let device: Device
let now = NOW

before(async () => {
  index = await openPgliteIndex('memory://')
  objects = new DiskObjectStore({ ...data, minFreeBytes: 0 }, assert.ifError)
  const registry = new Registry(index, () => now)
  ingest = new Ingest({ objects, index, registry, log, now: () => now })
  const catalog = new Catalog(index, ingest)
  retention = new Retention({ index, objects, registry, ingest, catalog, log, now: () => now })
  const made = { productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: NOW }
  device = (await index.createDevice(made))!
})
after(async () => {
  await ingest.close()
  await objects.close()
  await index.close()
  data.release()
  rmSync(folder, { recursive: true, force: true })
})

/** A whole slice of ten seconds that begins so many days ago. */
const record = async (number: number, channel: number, daysAgo: number): Promise<string> => {
  const startUtcMs = NOW - daysAgo * DAY
  const start = sliceStart({ id: sliceId(number), startUtcMs })
  await ingest.create(device, channel, start)
  const bytes = noise(1000, number)
  const list = pieces(1, { startMs: startUtcMs, durationMs: 10_000 })
  const append = {
    offset: 0,
    data: bytes,
    sha256: sha256(bytes),
    index: { pieces: list },
    length: 1000,
  }
  await ingest.append(device, channel, start.id, append)
  await ingest.tick()
  return join(data.objects, sliceObjectKey(device, { ...start, channel }))
}

test('what the look-back days do not reach goes, with its files; all else stays', async () => {
  await index.setPlan(device.id, 0, { ...NO_PLAN, type: 'full', enabled: true, days: 7 })
  await index.setPlan(device.id, 1, { ...NO_PLAN, type: 'full', enabled: true, days: 30 })
  const old = await record(1, 0, 8)
  const edge = await record(2, 0, 7)
  const fresh = await record(3, 0, 1)
  const other = await record(1, 1, 8)
  const unplanned = await record(1, 2, 400)
  const begin = { ...EVENT, deviceId: device.id, channel: 0 }
  await index.events.begin({
    ...begin,
    key: sliceId(1),
    startMs: NOW - 8 * DAY,
    videoStartMs: NOW - 8 * DAY,
  })
  await index.events.begin({
    ...begin,
    key: sliceId(2),
    startMs: NOW - DAY,
    videoStartMs: NOW - DAY,
  })

  assert.deepEqual(await retention.run(), { slices: 1, events: 1, bytes: 1000 })
  assert.deepEqual([old, edge, fresh, other, unplanned].map(existsSync), [
    false,
    true,
    true,
    true,
    true,
  ])
  assert.equal(await index.slice(device.id, 0, sliceId(1)), undefined)
  assert.equal((await index.slice(device.id, 1, sliceId(1)))?.state, 'done')
  assert.equal(await index.events.event(device.id, 0, sliceId(1)), undefined)
  assert.equal((await index.events.event(device.id, 0, sliceId(2)))?.key, sliceId(2))
  assert.deepEqual(
    await retention.run(),
    { slices: 0, events: 0, bytes: 0 },
    'nothing is left to do',
  )

  now += 10_000
  assert.equal((await retention.run()).slices, 0, 'its last picture is still within the days')
  now += 1
  assert.equal((await retention.run()).slices, 1)
  assert.equal(existsSync(edge), false)
})

test('a row whose object is gone already is finished off, as after a kill in between', async () => {
  const path = await record(9, 0, 20)
  rmSync(path)
  assert.equal((await retention.run()).slices, 1)
  assert.equal(await index.slice(device.id, 0, sliceId(9)), undefined)
})

test('a slice that is being completed is left alone until it is', async () => {
  const startUtcMs = NOW - 50 * DAY
  const start = sliceStart({ id: sliceId(20), startUtcMs })
  await ingest.create(device, 0, start)
  const bytes = noise(100)
  const list = pieces(1, { bytes: 100, startMs: startUtcMs })
  await ingest.append(device, 0, start.id, {
    offset: 0,
    data: bytes,
    sha256: sha256(bytes),
    index: { pieces: list },
  })
  now += 151_000
  await ingest.tick()
  await ingest.append(device, 0, start.id, { offset: 100, data: bytes, sha256: sha256(bytes) })
  assert.equal(
    (await index.slice(device.id, 0, start.id))?.state,
    'cut',
    'the index knows it as cut',
  )
  assert.equal((await retention.run()).slices, 0)
  now += 151_000
  await ingest.tick()
  assert.equal((await retention.run()).slices, 1)
  assert.deepEqual(readdirSync(data.journals), [])
})
