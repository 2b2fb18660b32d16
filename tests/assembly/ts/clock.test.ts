import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'

const WRAP = 2n ** 33n
const LEAD = 45000n

const cases: [ms: number, ticks: bigint][] = [
  [0, 0n],
  [1, 90n],
  [33.333, 3000n],
  [1000 / 30, 3000n],
  [95443717.68888889, WRAP],
  [2 ** 53 - 1, (2n ** 53n - 1n) * 90n],
]

test('milliseconds to ticks, PCR and PTS modulo 2^33', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  for (const [ms, ticks] of cases) {
    const got: bigint = core.x.ticksOf(ms)
    const tolerance = ms > 2 ** 40 ? 64n : 0n // an f64 product of that size has no single ticks
    assert.ok(got - ticks <= tolerance && ticks - got <= tolerance, `${ms} ms: ${got}`)
    assert.equal(core.x.pcrOf(ticks), ticks % WRAP)
    assert.equal(core.x.ptsOf(ticks), (ticks + LEAD) % WRAP)
  }
})

test('PTS wraps before PCR does, each at its own boundary', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  assert.equal(core.x.ptsOf(WRAP - LEAD - 1n), WRAP - 1n)
  assert.equal(core.x.ptsOf(WRAP - LEAD), 0n)
  assert.equal(core.x.pcrOf(WRAP - 1n), WRAP - 1n)
  assert.equal(core.x.pcrOf(WRAP), 0n)
})
