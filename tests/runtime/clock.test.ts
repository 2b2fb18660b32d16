import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StepWatch, StreamClock, systemClock } from '../../runtime/clock.ts'
import { FakeClock } from '../support/fake-clock.ts'

const STEPS = [
  { name: 'no step', stepMs: 0, stepped: false },
  { name: 'slewing, 30 ms a minute', stepMs: 30, stepped: false },
  { name: 'just below the limit', stepMs: -499, stepped: false },
  { name: 'NTP forward from 1970', stepMs: 1_767_225_600_000, stepped: true },
  { name: 'back by an hour', stepMs: -3_600_000, stepped: true },
  { name: 'just at the limit', stepMs: 500, stepped: true },
]

for (const { name, stepMs, stepped } of STEPS)
  test(`wall clock: ${name}`, async () => {
    const clock = new FakeClock()
    const watch = new StepWatch(clock)
    await clock.advance(60_000)
    assert.equal(watch.look(), false, 'time that passes is no step')
    clock.step(stepMs)
    assert.equal(watch.look(), stepped)
    assert.equal(watch.epoch, stepped ? 1 : 0)
    if (stepped) assert.equal(watch.lastStepMs, stepMs)
    assert.equal(watch.look(), false, 'a step is found once')
  })

test('slewing adds up without ever being a step', async () => {
  const clock = new FakeClock()
  const watch = new StepWatch(clock)
  for (let minute = 0; minute < 120; minute++) {
    await clock.advance(60_000)
    clock.step(30)
    assert.equal(watch.look(), false)
  }
})

test('UTC of a frame follows its PTS, not its arrival', () => {
  const stream = new StreamClock()
  assert.equal(stream.started, false)
  stream.start(1_700_000_000_000, 5000)
  assert.equal(stream.utcMs(5000), 1_700_000_000_000)
  assert.equal(stream.utcMs(5040), 1_700_000_000_040)
  assert.equal(stream.utcMs(65_000), 1_700_000_060_000)
  stream.stop()
  assert.equal(stream.started, false)
})

test('the system clock runs timers and forgets cancelled ones', async () => {
  let ran = 0
  systemClock.after(1, () => ran++)
  systemClock.after(1, () => ran++).cancel()
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(ran, 1)
})
