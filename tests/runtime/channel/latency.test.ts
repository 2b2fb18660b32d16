import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latency } from '../../../runtime/channel/latency.ts'

test('the oldest frame that is not acknowledged is known also when more wait than are measured', () => {
  const latency = new Latency()
  assert.equal(latency.lagMs(1000), 0)
  for (let frame = 1; frame <= 2000; frame++) latency.pushed(frame * 100, frame * 40)
  assert.equal(latency.lagMs(80_000), 80_000 - 40)
  // those that were measured, then some of the others
  latency.acknowledged(1024 * 100, 80_000)
  assert.equal(latency.lagMs(80_000), 80_000 - 1025 * 40)
  latency.pushed(2001 * 100, 80_040)
  latency.acknowledged(1500 * 100, 80_040)
  assert.ok(latency.lagMs(80_040) >= 80_040 - 1501 * 40)
  latency.acknowledged(2000 * 100, 81_000)
  assert.equal(latency.lagMs(81_000), 81_000 - 80_040)
  latency.acknowledged(2001 * 100, 81_000)
  assert.equal(latency.lagMs(81_000), 0)
})
