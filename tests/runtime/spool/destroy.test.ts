import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { SimDevice } from '../../support/sim-device.ts'
import { SimWorld } from '../../support/sim-world.ts'

const world = new SimWorld('destroy')
const SPOOL = { extra: { spool: { maxBytes: 64 * 1024 * 1024 } } }

const open = (spool: boolean): Promise<SimDevice> =>
  world.open({ channel: { u32MaxGopSize: 512 * 1024 }, ...(spool && SPOOL) })

/** Records while nothing gets out, and lets the broker alone work again. */
const recordInVain = async (device: SimDevice): Promise<void> => {
  world.cloud.network = 'down'
  await world.record(device)
  world.cloud.network = 'up'
}

const sliceFiles = (): number =>
  readdirSync(world.folder, { recursive: true }).filter((name) => String(name).endsWith('.slice'))
    .length

test('destroy: ring and spool are emptied, nothing comes back, the ledger says so', async () => {
  const device = await open(true)
  await recordInVain(device)
  const held = device.storage.stats(0)!.muxedBytes
  assert.ok(sliceFiles() > 0)
  assert.equal(await world.settled(device.storage.destroyCsResource(5000)), 0)
  assert.equal(sliceFiles(), 0)
  assert.equal(device.storage.spoolStatus()!.bytes, 0)
  await world.clock.advance(60_000)
  assert.equal(world.cloud.slices.size, 0)
  const losses = device.storage.losses(0)
  assert.deepEqual([...new Set(losses.map(({ cause }) => cause))], ['destroyed'])
  const bytes = losses.reduce((sum, loss) => sum + loss.bytes, 0)
  assert.ok(bytes >= held, `${bytes} of ${held}`)
  const told = world.cloud.reports.flatMap((report) => report.losses)
  assert.ok(told.some(({ cause }) => cause === 'destroyed'))
  await device.close()
  const again = await open(true)
  await world.clock.advance(60_000)
  assert.equal(world.cloud.slices.size, 0)
  await again.close()
})

test('destroy with an empty ring is in the ledger too', async () => {
  const device = await open(false)
  assert.equal(await world.settled(device.storage.destroyCsResource(5000)), 0)
  assert.deepEqual(
    device.storage.losses(0).map(({ cause, bytes }) => [cause, bytes]),
    [['destroyed', 0]],
  )
  await device.close()
})

test('destroy before initCs: what an earlier start left in the spool does not come back', async () => {
  const first = await open(true)
  await recordInVain(first)
  world.cloud.network = 'down'
  first.kill()
  assert.ok(sliceFiles() > 0)
  world.cloud.network = 'up'
  const { clock, cloud, folder } = world
  const second = new SimDevice({ clock, cloud, storePath: folder, ...SPOOL })
  await second.openSystem()
  assert.equal(await world.settled(second.storage.destroyCsResource(5000)), 0)
  // not even when the program ends before initCs
  second.kill()
  const third = await open(true)
  assert.equal(sliceFiles(), 0)
  await world.clock.advance(60_000)
  assert.equal(world.cloud.slices.size, 0)
  assert.ok(third.storage.losses(0).some(({ cause, bytes }) => cause === 'destroyed' && bytes > 0))
  await third.close()
})
