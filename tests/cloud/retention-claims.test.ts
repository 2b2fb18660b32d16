import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import { Ingest } from '../../cloud/server/ingest/ingest.ts'
import { createLogger } from '../../cloud/server/log.ts'
import { CLAIM_GRACE_MS, NO_PLAN } from '../../cloud/server/plan.ts'
import type { Registry } from '../../cloud/server/registry.ts'
import type { Retention } from '../../cloud/server/retention.ts'
import { openPgliteIndex } from '../../cloud/server/store/index/pglite.ts'
import type { Device, IndexStore, Plan } from '../../cloud/server/store/index/types.ts'
import { DiskObjectStore } from '../../cloud/server/store/objects/disk.ts'
import { makeFolder } from './support/cloud.ts'
import { noise, pieces, SECRET, sha256, sliceId, sliceStart } from './support/device.ts'
import { openKeeping, recordSlice } from './support/keeping.ts'

const NOW = Date.UTC(2026, 10, 24)
const HOUR = 3_600_000
const EVENT_PLAN: Plan = {
  ...NO_PLAN,
  type: 'event',
  enabled: true,
  days: 7,
  changedMs: NOW - 30 * HOUR,
}

const log = createLogger('silent')
let folder: string
let index: IndexStore
let objects: DiskObjectStore
let registry: Registry
let ingest: Ingest
let retention: Retention
let device: Device
let now = NOW

before(async () => {
  folder = await makeFolder()
  const data = openDataFolder(folder)
  objects = new DiskObjectStore({ ...data, minFreeBytes: 0 }, assert.ifError)
  index = await openPgliteIndex(data.index)
  const keeping = openKeeping(index, objects, () => now)
  registry = keeping.registry
  ingest = keeping.ingest
  retention = keeping.retention
  const made = { productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: NOW }
  device = (await index.createDevice(made))!
})
after(async () => {
  await ingest.close()
  await objects.close()
  await index.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A slice of ten seconds that arrives now. */
const record = async (channel: number, number: number, startUtcMs: number): Promise<string> => {
  const key = await recordSlice(ingest, device, { channel, number, startUtcMs })
  return join(folder, 'objects', key)
}

const event = (channel: number, startMs: number, endMs: number) =>
  index.events.end({
    ...{ deviceId: device.id, channel, key: sliceId(1), eventId: 1, info: '', ai: 0 },
    ...{
      isMoment: false,
      startMs,
      videoStartMs: startMs,
      endMs,
      videoEndMs: endMs,
      video: 'whole',
    },
  })

test('what no event has claimed a day after it arrived goes; what one claims stays, and after the event is deleted', async () => {
  now = NOW
  await registry.setPlan(device, 0, EVENT_PLAN)
  const claimed = await record(0, 1, NOW - HOUR)
  const stray = await record(0, 2, NOW - 30 * 60_000)
  now += CLAIM_GRACE_MS
  assert.equal((await retention.run()).slices, 0)
  // its device was offline: it tells of the event after its video
  await event(0, NOW - HOUR + 2000, NOW - HOUR + 8000)
  now += 1
  assert.deepEqual(await retention.run(), { slices: 1, events: 0, bytes: 1000 })
  assert.deepEqual([claimed, stray].map(existsSync), [true, false])
  assert.equal(await index.slice(device.id, 0, sliceId(2)), undefined)
  await index.events.deleteEvents(device.id, 0, [sliceId(1)])
  now += CLAIM_GRACE_MS
  assert.equal((await retention.run()).slices, 0)
})

test('the day counts from the arrival: what a device brings late has its time too', async () => {
  now = NOW + 3 * 24 * HOUR
  await registry.setPlan(device, 1, EVENT_PLAN)
  const late = await record(1, 1, NOW - HOUR)
  assert.equal((await retention.run()).slices, 0)
  now += CLAIM_GRACE_MS + 1
  await retention.run()
  assert.equal(existsSync(late), false)
})

test('what was recorded before the plan, or has a full-time plan since, is kept for the days', async () => {
  now = NOW
  await registry.setPlan(device, 2, EVENT_PLAN)
  const older = await record(2, 1, EVENT_PLAN.changedMs - 10_000)
  const kept = await record(2, 2, NOW - HOUR)
  await registry.setPlan(device, 2, { ...EVENT_PLAN, type: 'full', changedMs: NOW })
  await retention.run()
  await registry.setPlan(device, 2, { ...EVENT_PLAN, changedMs: NOW })
  now += CLAIM_GRACE_MS + 1
  await retention.run()
  assert.deepEqual([older, kept].map(existsSync), [true, true])
})

test('a plan that has ended keeps no more than it did; a trial as an event plan', async () => {
  now = NOW
  const trial: Plan = { ...EVENT_PLAN, type: 'trial', trialLeftMs: 60_000 }
  await registry.setPlan(device, 3, trial)
  const path = await record(3, 1, NOW - HOUR)
  await registry.setPlan(device, 3, { ...NO_PLAN, changedMs: NOW })
  now += CLAIM_GRACE_MS + 1
  await retention.run()
  assert.equal(existsSync(path), false)
})

test('killed before the index was told who waits: the next start tells it', async () => {
  now = NOW
  await registry.setPlan(device, 4, EVENT_PLAN)
  const { wait } = index.claims
  const start = sliceStart({ id: sliceId(1), startUtcMs: NOW - HOUR })
  await ingest.create(device, 4, start)
  const data = noise(1000)
  const list = pieces(1, { startMs: NOW - HOUR, durationMs: 10_000 })
  index.claims.wait = () => Promise.reject(new Error('killed'))
  await ingest.append(device, 4, start.id, {
    ...{ offset: 0, data, sha256: sha256(data), index: { pieces: list }, length: 1000 },
  })
  await ingest.tick()
  assert.ok(await index.slice(device.id, 4, start.id), 'the slice itself is there')
  assert.equal(await index.claims.waitingMs(device.id, 4), 0)
  index.claims.wait = wait
  const next = new Ingest({ objects, index, registry, log, now: () => now })
  await next.start()
  await next.tick()
  assert.equal(await index.claims.waitingMs(device.id, 4), 10_000)
  await next.close()
})
