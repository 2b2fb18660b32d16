import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iv_err_code_e } from '../../../runtime/index.ts'
import type { SimDevice } from '../../support/sim-device.ts'
import { SimWorld } from '../../support/sim-world.ts'

const { IV_ERR_CS_HTTP_DATA_FAIL: FULL } = iv_err_code_e

const world = new SimWorld('losses')

const causes = (device: SimDevice): string[] => [
  ...new Set(device.storage.losses(0).map(({ cause }) => cause)),
]

test('frames that are refused, without a plan or beyond the buffer, are in the ledger', async () => {
  const ring = { u32MaxGopSize: 256 * 1024 }
  const device = await world.open({ channel: ring })
  world.cloud.network = 'down'
  const codes = await world.push(device, world.frames)
  assert.ok(codes.get(FULL)! > 0)
  const lost = device.storage.losses(0)
  assert.deepEqual(causes(device), ['drop'])
  const pushed = world.frames.reduce((sum, { data }) => sum + data.length, 0)
  const kept = device.storage.stats(0)!.muxedBytes
  const bytes = lost.reduce((sum, loss) => sum + loss.bytes, 0)
  assert.ok(bytes > pushed - kept && bytes < pushed, `${bytes} of ${pushed}, ${kept} muxed`)
  // the plan ends, and the app pushes on
  device.system.plans!.set(0, { cs_switch: 0, cs_type: 0, cs_days: 0, free_trial_remaining_sec: 0 })
  await world.push(device, world.frames.slice(0, 25))
  const unplanned = device.storage.losses(0).filter(({ cause }) => cause === 'no-plan')
  assert.equal(unplanned.length, 1)
  assert.equal(
    unplanned[0]!.bytes,
    world.frames.slice(0, 25).reduce((sum, { data }) => sum + data.length, 0),
  )
  await device.close()
})

test('drop policy oldest: nothing is refused, and what left the buffer is in the ledger', async () => {
  const device = await world.open({
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { drop_policy: 'oldest' },
  })
  world.cloud.network = 'down'
  const codes = await world.push(device, world.frames)
  assert.deepEqual([...codes.keys()], [0])
  world.cloud.network = 'up'
  for (let at = 0; at < 30; at++) await world.clock.advance(1000)
  await device.close()
  assert.ok(world.cloud.slices.size > 0)
  const told = device.storage.losses(0)
  assert.deepEqual(causes(device), ['drop'])
  assert.ok(told.reduce((sum, { bytes }) => sum + bytes, 0) > 0)
  assert.deepEqual(world.cloud.faults, [])
})

test('drop policy non-event-first in a buffer: what belongs to no event makes way for what does', async () => {
  const device = await world.open({
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { drop_policy: 'non-event-first' },
  })
  world.cloud.network = 'down'
  device.storage.startCsEvent(0, 5, '')
  assert.deepEqual([...(await world.push(device, world.frames.slice(0, 100))).keys()], [0])
  device.storage.stopCsEvent(0, 5, '')
  const after = await world.push(device, world.frames.slice(100))
  assert.ok((after.get(FULL) ?? 0) > 0, 'the event stays')
  await device.close()
})

test('a kill: the next start tells of the time for which nobody can vouch, and the cloud hears of it', async () => {
  const device = await world.open()
  await world.push(device, world.frames.slice(0, 100))
  const killedMs = world.clock.nowMs()
  device.kill()
  await world.clock.advance(5000)
  const again = await world.open()
  const [loss] = again.storage.losses(0)
  assert.equal(loss?.cause, 'restart')
  assert.ok(loss.startMs <= killedMs && loss.endMs >= killedMs + 5000)
  for (let at = 0; at < 20; at++) await world.clock.advance(1000)
  assert.ok(world.cloud.reports.some(({ losses }) => losses.some(({ id }) => id === loss.id)))
  await again.close()
  // left in good order: nothing more to tell
  const third = await world.open()
  assert.equal(third.storage.losses(0).length, 1)
  await third.close()
})
