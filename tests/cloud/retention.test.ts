import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Catalog } from '../../cloud/server/catalog.ts'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import { Ingest } from '../../cloud/server/ingest/ingest.ts'
import { createLogger } from '../../cloud/server/log.ts'
import { NO_PLAN } from '../../cloud/server/plan.ts'
import { Registry } from '../../cloud/server/registry.ts'
import { Retention } from '../../cloud/server/retention.ts'
import { checkStorage } from '../../cloud/server/storage/check.ts'
import { openPgliteIndex } from '../../cloud/server/store/index/pglite.ts'
import type { Device, IndexStore } from '../../cloud/server/store/index/types.ts'
import { DiskObjectStore } from '../../cloud/server/store/objects/disk.ts'
import { BOOT, noise, pieces, SECRET, sha256, sliceId, sliceStart } from './support/device.ts'
import { openKeeping, recordSlice } from './support/keeping.ts'

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

const openAll = async (): Promise<void> => {
  index = await openPgliteIndex(data.index)
  const keeping = openKeeping(index, objects, () => now)
  ingest = keeping.ingest
  retention = keeping.retention
}

before(async () => {
  objects = new DiskObjectStore({ ...data, minFreeBytes: 0 }, assert.ifError)
  await openAll()
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

/** Data folder as it is on the disk, for another process; the index is closed for it and opened again. */
const copyTo = async (target: string): Promise<void> => {
  await ingest.close()
  await index.close()
  for (const name of ['objects', 'journals', 'index', 'version'])
    cpSync(join(folder, name), join(target, name), { recursive: true })
  await openAll()
}

/** A whole slice of ten seconds that begins so many days ago. */
const record = async (number: number, channel: number, daysAgo: number): Promise<string> => {
  const startUtcMs = NOW - daysAgo * DAY
  return join(data.objects, await recordSlice(ingest, device, { channel, number, startUtcMs }))
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

/** Bytes that a directory has, in files. */
const stored = (channel: number): number[] =>
  readdirSync(join(data.objects, 'P1/cam1', String(channel)), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => Number(name.slice(-11, -3)))
    .sort((a, b) => a - b)

const pin = (channel: number, daysAgo: number) => ({
  id: `${channel}-${daysAgo}`,
  deviceId: device.id,
  channel,
  startMs: NOW - daysAgo * DAY + 1000,
  endMs: NOW - daysAgo * DAY + 2000,
  eventKey: null,
  note: '',
  createdMs: NOW,
  createdBy: 'admin',
})

test('neither age nor quota nor a full disk takes what is pinned or being exported', async () => {
  const channel = 7
  await index.setPlan(device.id, channel, { ...NO_PLAN, type: 'full', enabled: true, days: 5 })
  for (const number of [1, 2, 3, 4]) await record(number, channel, 20 - number)
  await index.pins.put(pin(channel, 18))
  const startMs = NOW - 17 * DAY
  await index.exports.put({
    id: 'job',
    deviceId: device.id,
    channel,
    startMs,
    endMs: startMs + 5000,
    state: 'running',
    progress: 0,
    bytes: 0,
    durationMs: 0,
    reason: '',
    createdMs: NOW,
    createdBy: 'viewer',
    expiresMs: 0,
  })
  assert.equal((await retention.run()).slices, 2)
  assert.deepEqual(stored(channel), [2, 3])
  await index.exports.end('job', { state: 'done', expiresMs: NOW + DAY })
  assert.equal((await retention.run()).slices, 1)
  await index.changeDevice(device.id, { quotaBytes: 1 })
  await retention.run()
  assert.deepEqual(stored(channel), [2], 'all but what is pinned is over the quota')
  assert.deepEqual(stored(2), [], 'a channel without days as well')
  await index.changeDevice(device.id, { quotaBytes: 0 })
})

test('a quota keeps what is newest, and no less than it can', async () => {
  for (const number of [1, 2, 3, 4, 5]) await record(100 + number, 8, 50 - number)
  // 1000 bytes are pinned on channel 7
  await index.changeDevice(device.id, { quotaBytes: 3500 })
  assert.deepEqual(await retention.run(), { slices: 3, events: 0, bytes: 3000 })
  assert.deepEqual(stored(8), [104, 105])
  assert.equal((await retention.run()).slices, 0)
  await index.changeDevice(device.id, { quotaBytes: 0 })
})

test('a disk that is nearly full loses its oldest recordings until there is room; one that is not, nothing', async () => {
  let free = 10_000
  const registry = new Registry(index, () => now)
  const catalog = new Catalog(index, ingest)
  const parts = { index, objects, registry, ingest, catalog, log, now: () => now }
  const room = new Retention({
    ...parts,
    minFreeBytes: 4500,
    freeBytes: async () => free,
  })
  assert.equal((await room.makeRoom()).slices, 0)
  free = 8500
  const remove = objects.delete.bind(objects)
  objects.delete = async (key) => {
    await remove(key)
    free += 1000
  }
  assert.equal((await room.makeRoom()).slices, 1, 'twice the floor is what is wanted')
  assert.deepEqual(stored(8), [105])
  free = 0
  assert.equal((await room.makeRoom()).slices, 1, 'it takes what it may')
  assert.deepEqual(stored(7), [2])
  objects.delete = remove
})

test('killed between objects and rows: the next run goes on, and nothing is left behind', async () => {
  for (let number = 1; number <= 5; number++) await record(200 + number, 9, 40)
  await index.setPlan(device.id, 9, { ...NO_PLAN, type: 'full', enabled: true, days: 7 })
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-killed-'))
  try {
    await copyTo(folder)
    const script = fileURLToPath(new URL('./retention-killed.ts', import.meta.url))
    const loader = 'bun' in process.versions ? [] : ['--import', 'tsx']
    const child = spawnSync(process.execPath, [...loader, script, folder, '3', String(now)], {
      timeout: 60_000,
    })
    assert.equal(child.signal, 'SIGKILL', String(child.stderr))
    const killed = openDataFolder(folder)
    const again = await openPgliteIndex(killed.index)
    const store = new DiskObjectStore({ ...killed, minFreeBytes: 0 }, assert.ifError)
    const inner = new Ingest({
      objects: store,
      index: again,
      registry: new Registry(again, () => now),
      log,
      now: () => now,
    })
    const parts = { index: again, objects: store, ingest: inner, now: () => now + DAY }
    const rows = await again.usage.ofDevice(device.id)
    assert.equal(rows.find(({ channel }) => channel === 9)?.slices, 5, 'rows outlive their objects')
    const before = await checkStorage(parts)
    assert.deepEqual([before.missing, before.orphans], [3, 0])
    const next = new Retention({
      ...parts,
      catalog: new Catalog(again, inner),
      registry: new Registry(again, () => now),
      log,
      now: () => now,
    })
    assert.equal((await next.run()).slices, 5)
    const after = await checkStorage(parts)
    assert.deepEqual([after.missing, after.orphans], [0, 0])
    await inner.close()
    await store.close()
    await again.close()
    killed.release()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('index and objects are compared both ways; what is wrong is repaired, unless it is too much', async () => {
  const parts = { index, objects, ingest, now: () => Date.now() + DAY }
  const lost = await record(301, 10, 3)
  await record(302, 10, 2)
  const foreign = join(data.objects, 'P1/cam1/10', BOOT, '9', `${BOOT}-00009999.ts`)
  mkdirSync(join(foreign, '..'), { recursive: true })
  writeFileSync(foreign, 'left behind')
  rmSync(lost)
  const young = await checkStorage({ ...parts, now: () => Date.now() })
  assert.equal(young.orphans, 0, 'what is new may be known in a moment')
  const found = await checkStorage(parts)
  assert.deepEqual([found.missing, found.orphans, found.orphanBytes], [1, 1, 11])
  assert.ok(found.objects > 0 && found.slices > 0)
  const stopped = await checkStorage(parts, { repair: true })
  assert.match(stopped.refused ?? '', /right store/)
  assert.ok(existsSync(foreign), 'nothing was touched')
  const repaired = await checkStorage(parts, { repair: true, maxPercent: 100 })
  assert.equal(repaired.repaired, true)
  assert.equal(existsSync(foreign), false)
  const clean = await checkStorage(parts)
  assert.deepEqual([clean.missing, clean.orphans], [0, 0])
})
