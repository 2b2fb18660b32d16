import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { SimCloud, SimDevice } from '../../support/sim-device.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))

let frames: Frame[]
let folder: string
let clock: FakeClock
let cloud: SimCloud
before(async () => {
  frames = await framesOf(CLIP, 'h264')
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-destroy-'))
  clock = new FakeClock()
  cloud = new SimCloud(clock)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (spool: boolean): Promise<SimDevice> =>
  new SimDevice({
    clock,
    cloud,
    storePath: folder,
    channel: { u32MaxGopSize: 512 * 1024 },
    ...(spool && { extra: { spool: { maxBytes: 64 * 1024 * 1024 } } }),
  }).open()

/** Records while nothing gets out, and lets the broker alone work again. */
const recordInVain = async (device: SimDevice): Promise<void> => {
  cloud.network = 'down'
  for (const [at, frame] of frames.entries()) {
    assert.equal(device.push(frame), 0)
    if (at % 5 === 4) await clock.advance(200)
  }
  cloud.network = 'up'
}

const settled = async <Value>(promise: Promise<Value>): Promise<Value> => {
  let value: { got: Value } | undefined
  void promise.then((got) => {
    value = { got }
  })
  while (!value) await clock.advance(50)
  return value.got
}

const sliceFiles = (): number =>
  readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.slice')).length

test('destroy: ring and spool are emptied, nothing comes back, the ledger says so', async () => {
  const device = await open(true)
  await recordInVain(device)
  const held = device.storage.stats(0)!.muxedBytes
  assert.ok(sliceFiles() > 0)
  assert.equal(await settled(device.storage.destroyCsResource(5000)), 0)
  assert.equal(sliceFiles(), 0)
  assert.equal(device.storage.spoolStatus()!.bytes, 0)
  await clock.advance(60_000)
  assert.equal(cloud.slices.size, 0)
  const losses = device.storage.losses(0)
  assert.deepEqual([...new Set(losses.map(({ cause }) => cause))], ['destroyed'])
  const bytes = losses.reduce((sum, loss) => sum + loss.bytes, 0)
  assert.ok(bytes >= held, `${bytes} of ${held}`)
  const told = cloud.reports.flatMap((report) => report.losses)
  assert.ok(told.some(({ cause }) => cause === 'destroyed'))
  await device.close()
  const again = await open(true)
  await clock.advance(60_000)
  assert.equal(cloud.slices.size, 0)
  await again.close()
})

test('destroy with an empty ring is in the ledger too', async () => {
  const device = await open(false)
  assert.equal(await settled(device.storage.destroyCsResource(5000)), 0)
  assert.deepEqual(
    device.storage.losses(0).map(({ cause, bytes }) => [cause, bytes]),
    [['destroyed', 0]],
  )
  await device.close()
})

test('destroy before initCs: what an earlier start left in the spool does not come back', async () => {
  const first = await open(true)
  await recordInVain(first)
  cloud.network = 'down'
  first.kill()
  assert.ok(sliceFiles() > 0)
  cloud.network = 'up'
  const second = new SimDevice({
    clock,
    cloud,
    storePath: folder,
    extra: { spool: { maxBytes: 64 * 1024 * 1024 } },
  })
  await second.openSystem()
  assert.equal(await settled(second.storage.destroyCsResource(5000)), 0)
  // not even when the program ends before initCs
  second.kill()
  const third = await open(true)
  assert.equal(sliceFiles(), 0)
  await clock.advance(60_000)
  assert.equal(cloud.slices.size, 0)
  assert.ok(third.storage.losses(0).some(({ cause, bytes }) => cause === 'destroyed' && bytes > 0))
  await third.close()
})
