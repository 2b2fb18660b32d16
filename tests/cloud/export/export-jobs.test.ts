import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Catalog } from '../../../cloud/server/catalog.ts'
import { ExportJobs } from '../../../cloud/server/export/export-jobs.ts'
import { createLogger } from '../../../cloud/server/log.ts'
import type { ExportJob } from '../../../cloud/server/store/index/export-store.ts'
import { openPgliteIndex } from '../../../cloud/server/store/index/pglite.ts'
import type { Device, IndexStore, Slice } from '../../../cloud/server/store/index/types.ts'
import type { ObjectStore } from '../../../cloud/server/store/objects/types.ts'
import { until } from '../support/cloud.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../support/device.ts'

const NOW = Date.UTC(2026, 10, 24)
const HOUR = 3_600_000

let folder: string
let index: IndexStore
let device: Device
let nowMs = NOW
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-jobs-'))
  mkdirSync(join(folder, 'exports'))
  index = await openPgliteIndex('memory://')
  const made = { productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: NOW }
  device = (await index.createDevice(made))!
})
after(async () => {
  await index.close()
  rmSync(folder, { recursive: true, force: true })
})

const job = (id: string, more: Partial<ExportJob> = {}): ExportJob => ({
  id,
  deviceId: device.id,
  channel: 0,
  startMs: NOW - HOUR,
  endMs: NOW,
  state: 'running',
  progress: 0.5,
  bytes: 0,
  durationMs: 0,
  reason: '',
  createdMs: NOW,
  createdBy: 'viewer',
  touchedMs: NOW,
  expiresMs: 0,
  ...more,
})
const path = (name: string) => join(folder, 'exports', name)

/** Slices that lie in a store whose reads wait until they are let go. */
const slice: Slice = {
  ...sliceStart({ id: sliceId(1), startUtcMs: NOW - HOUR }),
  deviceId: 0,
  channel: 0,
  state: 'done',
  bytes: 5000,
  pieces: pieces(5, { startMs: NOW - HOUR }),
}
const open = (read: () => Promise<Uint8Array>, slices: Slice[] = [slice]): ExportJobs =>
  new ExportJobs({
    index,
    objects: {
      size: async () => 5000,
      read: () =>
        new ReadableStream({
          pull: async (controller) => {
            controller.enqueue(await read())
            controller.close()
          },
        }),
    } as unknown as ObjectStore,
    catalog: { slices: async () => slices } as unknown as Catalog,
    log: createLogger('silent'),
    now: () => nowMs,
    folder,
    minFreeBytes: 0,
  })
const range = { startMs: NOW - HOUR, endMs: NOW }

test('what a killed process was writing has failed and its file is gone; what another one writes goes on', async () => {
  await index.exports.put(job('mine'))
  await index.exports.put(job('other'))
  writeFileSync(path('mine.part'), 'half')
  const jobs = open(async () => new Uint8Array())
  await jobs.start()
  const mine = await jobs.job('mine')
  assert.equal(mine?.state, 'failed')
  assert.match(mine?.reason ?? '', /restarted/)
  assert.equal(existsSync(path('mine.part')), false)
  assert.equal((await jobs.job('other'))?.state, 'running')
  nowMs += 121_000
  await jobs.sweep()
  assert.equal((await jobs.job('other'))?.state, 'failed', 'it is silent for too long')
  assert.deepEqual(await index.exports.running(device.id, 0), [], 'nothing is held any more')
  await jobs.stop()
})

test('files go when they have expired, and when nothing knows them', async () => {
  await index.exports.put(job('done', { state: 'done', expiresMs: nowMs + HOUR }))
  for (const name of ['done.mp4', 'unknown.mp4']) writeFileSync(path(name), 'x')
  const jobs = open(async () => new Uint8Array())
  await jobs.start()
  await jobs.sweep()
  assert.deepEqual(readdirSync(join(folder, 'exports')), ['done.mp4'])
  nowMs += 25 * HOUR
  await jobs.sweep()
  assert.deepEqual(readdirSync(join(folder, 'exports')), [])
  assert.deepEqual(await index.exports.list(), [])
  await jobs.stop()
})

test('a job that runs can be cancelled; two run at once, others wait, too many are refused', async () => {
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  let reads = 0
  const jobs = open(async () => {
    reads++
    await gate
    return new Uint8Array(1000)
  })
  await jobs.start()
  const made: ExportJob[] = []
  for (let number = 0; number < 22; number++)
    made.push(await jobs.create(device, 0, range, 'viewer'))
  await until('two of them', () => reads === 2, 30_000)
  assert.equal((await index.exports.running(device.id, 0)).length, 22)
  await assert.rejects(jobs.create(device, 0, range, 'viewer'), /too many/)
  const cancelled = made.map(({ id }) => jobs.delete(id))
  letGo()
  await Promise.all(cancelled)
  for (const { id } of made) {
    const over = await jobs.job(id)
    assert.ok(['cancelled', 'failed'].includes(over?.state ?? ''), over?.state)
  }
  assert.equal((await jobs.job(made.at(-1)!.id))?.state, 'cancelled')
  assert.ok(reads <= 4, `${reads} reads`)
  assert.deepEqual(readdirSync(join(folder, 'exports')), [])
  await jobs.stop()
})

test('what is encrypted for its owner, what changes and what is too long is refused at once', async () => {
  const iv = '00'.repeat(16)
  const sealed = {
    ...slice,
    encryption: { method: 'AES-128' as const, iv, wrappedKey: 'A'.repeat(344) },
  }
  const refuse = (slices: Slice[]) =>
    open(async () => new Uint8Array(), slices).create(device, 0, range, 'viewer')
  mkdirSync(join(folder, 'exports'), { recursive: true })
  await assert.rejects(refuse([sealed]), { status: 409, code: 'owner_key_needed' })
  const wide = { ...slice, id: sliceId(2), width: 1920, startUtcMs: NOW - HOUR + 10_000 }
  const pieces10 = pieces(5, { startMs: NOW - HOUR + 10_000 })
  await assert.rejects(refuse([slice, { ...wide, pieces: pieces10 }]), { code: 'mixed_formats' })
  await assert.rejects(refuse([]), { status: 404 })
  const long = { startMs: NOW - 26 * HOUR, endMs: NOW }
  await assert.rejects(open(async () => new Uint8Array()).create(device, 0, long, 'x'), {
    status: 400,
  })
})
