import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Catalog } from '../../../cloud/server/catalog.ts'
import {
  EXPORTS_FOLDER,
  ExportFiles,
  exportObjectKey,
} from '../../../cloud/server/export/export-files.ts'
import { ExportJobs } from '../../../cloud/server/export/export-jobs.ts'
import { createLogger } from '../../../cloud/server/log.ts'
import type { ExportJob } from '../../../cloud/server/store/index/export-store.ts'
import { openPgliteIndex } from '../../../cloud/server/store/index/pglite.ts'
import type { Device, IndexStore, Slice } from '../../../cloud/server/store/index/types.ts'
import { DiskObjectStore } from '../../../cloud/server/store/objects/disk.ts'
import type { ObjectStore } from '../../../cloud/server/store/objects/types.ts'
import { until } from '../support/cloud.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../support/device.ts'

const NOW = Date.UTC(2026, 10, 24)
const HOUR = 3_600_000

let folder: string
let index: IndexStore
let device: Device
let files: DiskObjectStore
let nowMs = NOW
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-jobs-'))
  const folders = { objects: join(folder, 'objects'), journals: join(folder, 'journals') }
  for (const path of Object.values(folders)) mkdirSync(path)
  files = new DiskObjectStore({ ...folders, minFreeBytes: 0 }, () => {})
  index = await openPgliteIndex('memory://')
  const made = { productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: NOW }
  device = (await index.createDevice(made))!
})
after(async () => {
  await files.close()
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
  expiresMs: 0,
  ...more,
})
const stored = async (): Promise<string[]> => {
  const keys: string[] = []
  for await (const { key } of files.list()) keys.push(key)
  return keys.toSorted()
}

/** Slices that lie in a store whose reads wait until they are let go. */
const slice: Slice = {
  ...sliceStart({ id: sliceId(1), startUtcMs: NOW - HOUR }),
  deviceId: 0,
  channel: 0,
  state: 'done',
  bytes: 5000,
  pieces: pieces(5, { startMs: NOW - HOUR }),
}
const open = (
  read: () => Promise<Uint8Array>,
  { slices = [slice], instance }: { slices?: Slice[]; instance?: string } = {},
): ExportJobs =>
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
    files: new ExportFiles(files),
    catalog: { slices: async () => slices } as unknown as Catalog,
    log: createLogger('silent'),
    now: () => nowMs,
    instance,
    room: async () => undefined,
  })
const range = { startMs: NOW - HOUR, endMs: NOW }
const isOver = (id: string) => async () => {
  const found = await index.exports.job(id)
  return found && found.state !== 'running' && found
}

test('what a killed process was at is begun anew, and given up when it kills whoever writes it', async () => {
  await index.exports.put(job('killed'))
  await index.exports.put(job('killer', { createdMs: NOW + 1 }))
  const take = async (times: number) => {
    for (let at = 0; at < times; at++) await index.exports.take('gone', 0)
  }
  await take(1)
  await index.exports.hold('killed', 'gone', HOUR, { progress: 0.5, bytes: 10 })
  await take(3)
  const draft = `${exportObjectKey('killer')}~`
  mkdirSync(join(folder, 'objects', EXPORTS_FOLDER), { recursive: true })
  writeFileSync(join(folder, 'objects', draft), 'half of it')
  const jobs = open(async () => new Uint8Array(1000))
  await jobs.start()
  const killer = await until('the one', isOver('killer'))
  assert.equal(killer.state, 'failed')
  assert.match(killer.reason, /stopped 3 times/)
  const killed = await until('the other', isOver('killed'))
  assert.match(killed.reason, /picture|parameter sets|recorded/, 'it was written, and is noise')
  assert.deepEqual(await index.exports.running(device.id, 0), [], 'nothing is held any more')
  assert.deepEqual(readdirSync(join(folder, 'objects', EXPORTS_FOLDER)), [], 'no draft stays')
  await jobs.stop()
  for (const id of ['killed', 'killer']) await index.exports.delete(id)
})

test('what another instance is at is left to it; cancelled, it is told so', async () => {
  await index.exports.put(job('theirs'))
  await index.exports.take('other', HOUR)
  const jobs = open(async () => new Uint8Array(1000), { instance: 'mine' })
  await jobs.start()
  assert.equal((await jobs.job('theirs'))?.state, 'running')
  const soFar = { progress: 0.9, bytes: 1 }
  assert.equal(await index.exports.hold('theirs', 'other', HOUR, soFar), true)
  assert.equal((await jobs.job('theirs'))?.progress, 0.9)
  await jobs.delete('theirs')
  assert.equal((await jobs.job('theirs'))?.state, 'cancelled')
  assert.equal(await index.exports.hold('theirs', 'other', HOUR, soFar), false)
  await jobs.delete('theirs')
  assert.equal(await jobs.job('theirs'), undefined)
  await jobs.stop()
})

test('an instance that ends gives its jobs back, and they count as no attempt', async () => {
  const waiting = { letGo: () => {} }
  const gate = new Promise<void>((resolve) => {
    waiting.letGo = resolve
  })
  let reads = 0
  const jobs = open(
    async () => {
      reads++
      await gate
      return new Uint8Array(1000)
    },
    { instance: 'mine' },
  )
  await jobs.start()
  const { id } = await jobs.create(device, 0, range, 'viewer')
  await until('it to be read', () => reads > 0)
  const stopped = jobs.stop()
  waiting.letGo()
  await stopped
  const next = await index.exports.take('next', HOUR)
  // noise may have been found out before the end was
  if (next) assert.deepEqual([next.job.id, next.attempts], [id, 1])
  else assert.equal((await index.exports.job(id))?.state, 'failed')
  await index.exports.delete(id)
})

test('files go when they have expired', async () => {
  await index.exports.put(job('done', { state: 'done', expiresMs: nowMs + HOUR }))
  await files.put(exportObjectKey('done'), new Uint8Array(5))
  const jobs = open(async () => new Uint8Array())
  await jobs.start()
  await jobs.sweep()
  assert.deepEqual(await stored(), [exportObjectKey('done')])
  nowMs += 25 * HOUR
  await jobs.sweep()
  assert.deepEqual(await stored(), [])
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
  await assert.rejects(jobs.create(device, 0, range, 'viewer'), /22 exports .* no more than 22/)
  const cancelled = made.map(({ id }) => jobs.delete(id))
  letGo()
  await Promise.all(cancelled)
  for (const { id } of made) {
    const over = await jobs.job(id)
    assert.ok(['cancelled', 'failed'].includes(over?.state ?? ''), over?.state)
  }
  assert.equal((await jobs.job(made.at(-1)!.id))?.state, 'cancelled')
  assert.ok(reads <= 4, `${reads} reads`)
  assert.deepEqual(await stored(), [])
  await jobs.stop()
})

test('what is encrypted for its owner, what changes and what is too long is refused at once', async () => {
  const iv = '00'.repeat(16)
  const sealed = {
    ...slice,
    encryption: { method: 'AES-128' as const, iv, wrappedKey: 'A'.repeat(344) },
  }
  const refuse = (slices: Slice[]) =>
    open(async () => new Uint8Array(), { slices }).create(device, 0, range, 'viewer')
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
