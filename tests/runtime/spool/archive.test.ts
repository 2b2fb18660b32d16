import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_err_code_e } from '../../../runtime/index.ts'
import { DumpedFile } from '../../../runtime/spool/dumped-file.ts'
import { DumpFiles } from '../../support/dump-files.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { SimCloud, SimDevice } from '../../support/sim-device.ts'
import { quiet } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const { IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL: NO_FILE } = iv_err_code_e
const MINUTE = 60_000

let frames: Frame[]
let folder: string
let clock: FakeClock
let cloud: SimCloud
before(async () => {
  frames = await framesOf(CLIP, 'h264')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-archive-'))
  clock = new FakeClock()
  cloud = new SimCloud(clock)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (dump: DumpFiles): Promise<SimDevice> =>
  new SimDevice({
    clock,
    cloud,
    storePath: folder,
    channel: { u32MaxGopSize: 256 * 1024 },
    callbacks: { onDumpFile: dump.callback },
  }).open()

/** Records while the line is dead, and is killed. */
const recordAndDie = async (): Promise<DumpFiles> => {
  const dump = new DumpFiles()
  const device = await open(dump)
  cloud.network = 'down'
  for (const [at, frame] of frames.entries()) {
    assert.equal(device.push(frame), 0)
    if (at % 5 === 4) await clock.advance(200)
  }
  device.kill()
  cloud.network = 'up'
  assert.ok(dump.files.size >= 1)
  return dump
}

const settled = async <Value>(promise: Promise<Value>): Promise<Value> => {
  let value: { got: Value } | undefined
  void promise.then((got) => {
    value = { got }
  })
  while (!value) await clock.advance(50)
  return value.got
}

test('files that were dumped before a restart can be sent after it, for 30 minutes', async () => {
  const dump = await recordAndDie()
  const device = await open(new DumpFiles())
  for (const [name, { bytes }] of dump.files) {
    assert.equal(await settled(dump.send(device.storage, 0, name)), 0)
    assert.ok(cloud.slices.get(name)!.data.equals(bytes))
    assert.equal(cloud.slices.get(name)!.length, bytes.length)
  }
  assert.deepEqual(cloud.faults, [])
  device.kill()
  await clock.advance(31 * MINUTE)
  const late = await open(new DumpFiles())
  const [name] = dump.files.keys()
  assert.equal(await settled(dump.send(late.storage, 0, name!)), NO_FILE)
  await late.close()
})

test('what is torn off at a power cut is forgotten, what is whole before it is not', async () => {
  await recordAndDie()
  const path = join(folder, 'dumped-0.log')
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
  const path = join(folder, 'dumped-0.log')
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
