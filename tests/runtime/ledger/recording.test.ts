import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_err_code_e } from '../../../runtime/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { SimCloud, SimDevice, type SimDeviceOptions } from '../../support/sim-device.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const { IV_ERR_CS_HTTP_DATA_FAIL: FULL } = iv_err_code_e

let frames: Frame[]
let folder: string
let clock: FakeClock
let cloud: SimCloud
before(async () => {
  frames = await framesOf(CLIP, 'h264')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-losses-'))
  clock = new FakeClock()
  cloud = new SimCloud(clock)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (more: Partial<SimDeviceOptions> = {}): Promise<SimDevice> =>
  new SimDevice({ clock, cloud, storePath: folder, ...more }).open()
const push = async (device: SimDevice, given: readonly Frame[]): Promise<Map<number, number>> => {
  const codes = new Map<number, number>()
  for (const [at, frame] of given.entries()) {
    const code = device.push(frame)
    codes.set(code, (codes.get(code) ?? 0) + 1)
    if (at % 5 === 4) await clock.advance(200)
  }
  return codes
}
const causes = (device: SimDevice): string[] => [
  ...new Set(device.storage.losses(0).map(({ cause }) => cause)),
]

test('frames that are refused, without a plan or beyond the buffer, are in the ledger', async () => {
  const ring = { u32MaxGopSize: 256 * 1024 }
  const device = await open({ channel: ring })
  cloud.network = 'down'
  const codes = await push(device, frames)
  assert.ok(codes.get(FULL)! > 0)
  const lost = device.storage.losses(0)
  assert.deepEqual(causes(device), ['drop'])
  const pushed = frames.reduce((sum, { data }) => sum + data.length, 0)
  const kept = device.storage.stats(0)!.muxedBytes
  const bytes = lost.reduce((sum, loss) => sum + loss.bytes, 0)
  assert.ok(bytes > pushed - kept && bytes < pushed, `${bytes} of ${pushed}, ${kept} muxed`)
  // the plan ends, and the app pushes on
  device.system.plans!.set(0, { cs_switch: 0, cs_type: 0, cs_days: 0, free_trial_remaining_sec: 0 })
  await push(device, frames.slice(0, 25))
  const unplanned = device.storage.losses(0).filter(({ cause }) => cause === 'no-plan')
  assert.equal(unplanned.length, 1)
  assert.equal(
    unplanned[0]!.bytes,
    frames.slice(0, 25).reduce((sum, { data }) => sum + data.length, 0),
  )
  await device.close()
})

test('drop policy oldest: nothing is refused, and what left the buffer is in the ledger', async () => {
  const device = await open({
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { drop_policy: 'oldest' },
  })
  cloud.network = 'down'
  const codes = await push(device, frames)
  assert.deepEqual([...codes.keys()], [0])
  cloud.network = 'up'
  for (let at = 0; at < 30; at++) await clock.advance(1000)
  await device.close()
  assert.ok(cloud.slices.size > 0)
  const told = device.storage.losses(0)
  assert.deepEqual(causes(device), ['drop'])
  assert.ok(told.reduce((sum, { bytes }) => sum + bytes, 0) > 0)
  assert.deepEqual(cloud.faults, [])
})

test('drop policy non-event-first in a buffer: what belongs to no event makes way for what does', async () => {
  const device = await open({
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { drop_policy: 'non-event-first' },
  })
  cloud.network = 'down'
  device.storage.startCsEvent(0, 5, '')
  assert.deepEqual([...(await push(device, frames.slice(0, 100))).keys()], [0])
  device.storage.stopCsEvent(0, 5, '')
  const after = await push(device, frames.slice(100))
  assert.ok((after.get(FULL) ?? 0) > 0, 'the event stays')
  await device.close()
})

test('a kill: the next start tells of the time for which nobody can vouch, and the cloud hears of it', async () => {
  const device = await open()
  await push(device, frames.slice(0, 100))
  const killedMs = clock.nowMs()
  device.kill()
  await clock.advance(5000)
  const again = await open()
  const [loss] = again.storage.losses(0)
  assert.equal(loss?.cause, 'restart')
  assert.ok(loss.startMs <= killedMs && loss.endMs >= killedMs + 5000)
  for (let at = 0; at < 20; at++) await clock.advance(1000)
  assert.ok(cloud.reports.some(({ losses }) => losses.some(({ id }) => id === loss.id)))
  await again.close()
  // left in good order: nothing more to tell
  const third = await open()
  assert.equal(third.storage.losses(0).length, 1)
  await third.close()
})
