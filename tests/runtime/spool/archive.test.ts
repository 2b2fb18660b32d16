import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { iv_err_code_e } from '../../../runtime/index.ts'
import { DumpedFile } from '../../../runtime/spool/dumped-file.ts'
import { DumpFiles } from '../../support/dump-files.ts'
import type { SimDevice } from '../../support/sim-device.ts'
import { SimWorld } from '../../support/sim-world.ts'
import { quiet } from '../../support/test-camera.ts'

const { IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL: NO_FILE } = iv_err_code_e
const MINUTE = 60_000

const world = new SimWorld('archive')

const open = (dump: DumpFiles): Promise<SimDevice> =>
  world.open({
    channel: { u32MaxGopSize: 256 * 1024 },
    callbacks: { onDumpFile: dump.callback },
  })

/** Records while the line is dead, and is killed. */
const recordAndDie = async (): Promise<DumpFiles> => {
  const dump = new DumpFiles()
  const device = await open(dump)
  world.cloud.network = 'down'
  await world.record(device)
  device.kill()
  world.cloud.network = 'up'
  assert.ok(dump.files.size >= 1)
  return dump
}

test('files that were dumped before a restart can be sent after it, for 30 minutes', async () => {
  const dump = await recordAndDie()
  const device = await open(new DumpFiles())
  for (const [name, { bytes }] of dump.files) {
    assert.equal(await world.settled(dump.send(device.storage, 0, name)), 0)
    assert.ok(world.cloud.slices.get(name)!.data.equals(bytes))
    assert.equal(world.cloud.slices.get(name)!.length, bytes.length)
  }
  assert.deepEqual(world.cloud.faults, [])
  device.kill()
  await world.clock.advance(31 * MINUTE)
  const late = await open(new DumpFiles())
  const [name] = dump.files.keys()
  assert.equal(await world.settled(dump.send(late.storage, 0, name!)), NO_FILE)
  await late.close()
})

test('what is torn off at a power cut is forgotten, what is whole before it is not', async () => {
  await recordAndDie()
  const path = join(world.folder, 'dumped-0.log')
  const good = readFileSync(path)
  for (let bytes = 0; bytes < good.length; bytes += 97) {
    writeFileSync(path, good.subarray(0, bytes))
    const device = await open(new DumpFiles())
    device.kill()
    const kept = readFileSync(path)
    assert.ok(good.subarray(0, kept.length).equals(kept), `cut at ${bytes}`)
  }
})

test('the file does not grow with the recording', () => {
  const path = join(world.folder, 'dumped-0.log')
  const file = new DumpedFile(path, quiet)
  let nowMs = 0
  file.load(({ atMs }) => nowMs - atMs <= 30 * MINUTE)
  const start = {
    format: 'ts' as const,
    codecs: '',
    width: 0,
    height: 0,
    startUtcMs: 0,
    startPtsMs: 0,
    startSeq: 0,
    discontinuity: false,
    initBytes: 0,
  }
  const end = { endUtcMs: 0, endPtsMs: 0, endSeq: 0, frames: 0, reason: 'idr' as const }
  const pieces = Array.from({ length: 10 }, (_, at) => ({ o: at, b: 1, t: 1, d: 1, n: 1, k: 1 }))
  let most = 0
  for (let number = 0; number < 5000; number++) {
    nowMs += 10_000
    const id = `0123456789abcdef-${String(number).padStart(8, '0')}`
    file.add({ atMs: nowMs, slice: { start: { id, ...start }, pieces, end, bytes: 10 } })
    most = Math.max(most, statSync(path).size)
  }
  assert.ok(most < 1024 * 1024, `${most}`)
  const kept = new DumpedFile(path, quiet).load(() => true)
  assert.equal(kept.at(-1)!.atMs, nowMs)
  assert.ok(kept.length >= 180)
})
