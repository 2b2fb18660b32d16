import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIT_REFUSE, ADMIT_SKIP, ADMIT_TAKE, PushWindow } from '../../../runtime/event/window.ts'
import { settle } from '../../support/fake-clock.ts'

/** A recording of the given pictures, one a second; the first of every two is an IDR. */
const record = (window: PushWindow, startS: number, endS: number): number[] => {
  const admitted: number[] = []
  for (let s = startS; s <= endS; s++) {
    const verdict = window.admitVideo(s * 1000, s % 2 === 0)
    if (verdict === ADMIT_TAKE) window.taken(s * 1000)
    admitted.push(verdict)
  }
  return admitted
}

test('a first recording takes everything', () => {
  const window = new PushWindow()
  window.begin(10_000, 20_000)
  assert.ok(record(window, 10, 20).every((verdict) => verdict === ADMIT_TAKE))
  assert.deepEqual([window.firstUtcMs, window.lastUtcMs, window.skipped], [10_000, 20_000, 0])
})

test('what the recording before has is skipped and counted, up to the next IDR', () => {
  const window = new PushWindow()
  window.begin(undefined, 10_000)
  record(window, 10, 14)
  window.end()
  window.begin(12_000, 20_000)
  assert.equal(window.admitAudio(12_000), ADMIT_SKIP)
  assert.deepEqual(record(window, 12, 17), [
    ADMIT_SKIP,
    ADMIT_SKIP,
    ADMIT_SKIP, // an IDR, but the recording before ends with it
    ADMIT_SKIP, // behind its end, but no IDR
    ADMIT_TAKE,
    ADMIT_TAKE,
  ])
  assert.equal(window.skipped, 5)
  assert.equal(window.firstUtcMs, 16_000)
})

test('a live recording skips nothing, wherever the one before ended', () => {
  const window = new PushWindow()
  window.begin(undefined, 10_000)
  record(window, 10, 14)
  window.end()
  window.begin(undefined, 12_000)
  assert.equal(window.admitVideo(12_000, false), ADMIT_TAKE)
})

test('an end that a fast clock has put into the future drops nothing', () => {
  const window = new PushWindow()
  window.begin(undefined, 100_000)
  record(window, 100, 140)
  window.end()
  // the clock was set back
  window.begin(25_000, 40_000)
  assert.equal(window.admitVideo(25_000, false), ADMIT_TAKE)
})

test('a watched time is told of once, outside of push', async () => {
  const window = new PushWindow()
  window.begin(10_000, 20_000)
  let told = 0
  window.watch(15_000, () => told++)
  record(window, 10, 14)
  await settle()
  assert.equal(told, 0)
  window.taken(15_000)
  assert.equal(told, 0, 'not from within push')
  window.taken(16_000)
  await settle()
  assert.equal(told, 1)
})

test('the picture that reaches the cut-off is refused, and told of', async () => {
  const window = new PushWindow()
  window.begin(10_000, 20_000)
  let told = 0
  window.cutoff(15_000)
  window.watch(15_000, () => told++)
  assert.deepEqual(record(window, 13, 16), [ADMIT_TAKE, ADMIT_TAKE, ADMIT_REFUSE, ADMIT_REFUSE])
  assert.equal(window.admitAudio(14_990), ADMIT_TAKE)
  assert.equal(window.admitAudio(15_000), ADMIT_REFUSE)
  await settle()
  assert.equal(told, 1)
  assert.equal(window.lastUtcMs, 14_000)
})
