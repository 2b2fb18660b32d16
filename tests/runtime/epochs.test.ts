import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Epochs, SETTLE_MS } from '../../runtime/epochs.ts'
import { FakeClock } from '../support/fake-clock.ts'

const HOUR = 3_600_000
const UTC_2026 = Date.UTC(2026, 0, 1)

/** Steps after so many ms, each followed by slices; what is to be told of them. */
const CASES: {
  name: string
  bootMs: number
  steps: { afterMs: number; stepMs: number; found: 'step' | 'correction' }[]
  shifts: number[]
}[] = [
  {
    name: 'boot in 1970, NTP after two minutes',
    bootMs: 0,
    steps: [{ afterMs: 120_000, stepMs: UTC_2026, found: 'correction' }],
    shifts: [UTC_2026],
  },
  {
    name: 'boot in 1970, NTP after a day: still wrong',
    bootMs: 0,
    steps: [{ afterMs: 24 * HOUR, stepMs: UTC_2026, found: 'correction' }],
    shifts: [UTC_2026],
  },
  {
    name: 'a clock that was an hour slow at boot',
    bootMs: UTC_2026,
    steps: [{ afterMs: 60_000, stepMs: HOUR, found: 'correction' }],
    shifts: [HOUR],
  },
  {
    name: 'a clock that was an hour fast at boot',
    bootMs: UTC_2026,
    steps: [{ afterMs: 60_000, stepMs: -HOUR, found: 'correction' }],
    shifts: [-HOUR],
  },
  {
    name: 'two steps while it settles: both are set right by the last',
    bootMs: 0,
    steps: [
      { afterMs: 60_000, stepMs: UTC_2026, found: 'correction' },
      { afterMs: 60_000, stepMs: 5000, found: 'correction' },
    ],
    shifts: [UTC_2026 + 5000, 5000],
  },
  {
    name: 'set by hand after it has settled: what was stays',
    bootMs: UTC_2026,
    steps: [{ afterMs: SETTLE_MS + 60_000, stepMs: HOUR, found: 'step' }],
    shifts: [],
  },
  {
    name: 'set right from 1970, then by hand a day later: only the first is told of',
    bootMs: 0,
    steps: [
      { afterMs: 60_000, stepMs: UTC_2026, found: 'correction' },
      { afterMs: 24 * HOUR, stepMs: -HOUR, found: 'step' },
    ],
    shifts: [UTC_2026],
  },
]

for (const { name, bootMs, steps, shifts } of CASES)
  test(name, async () => {
    const clock = new FakeClock(bootMs)
    const epochs = new Epochs(clock)
    let last = 0
    assert.equal(epochs.look(), 'none')
    for (const { afterMs, stepMs, found } of steps) {
      await clock.advance(afterMs)
      assert.equal(epochs.look(), 'none', 'time that passes is no step')
      clock.step(stepMs)
      assert.equal(epochs.look(), found)
      last += 10
      epochs.ends(0, 'slice', last)
    }
    const expected = shifts.map((shiftMs, at) => ({
      channel: 0,
      kind: 'slice',
      first: at * 10 + 1,
      last: at * 10 + 10,
      shiftMs,
    }))
    assert.deepEqual(epochs.shifts, expected)
  })

test('labels change when the next slice begins, not when the clock does', async () => {
  const clock = new FakeClock(0)
  const epochs = new Epochs(clock)
  await clock.advance(60_000)
  clock.step(UTC_2026)
  epochs.look()
  await clock.advance(1000)
  clock.step(5000)
  epochs.look()
  // one slice went on through both steps: all of it has the labels of the first clock
  epochs.ends(0, 'slice', 7)
  epochs.ends(0, 'slice', 9)
  assert.deepEqual(epochs.shifts, [
    { channel: 0, kind: 'slice', first: 1, last: 7, shiftMs: UTC_2026 + 5000 },
  ])
})
