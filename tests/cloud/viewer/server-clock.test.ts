import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noteServerTime, serverNowMs } from '../../../cloud/viewer/server-clock.ts'

/** The clock is read between the two. */
const offsetMs = () => serverNowMs() - Date.now()
const isAbout = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 1000, `${actual} is not about ${expected}`)

test('quick answers are believed, and what is old is measured anew', () => {
  const at = 1_800_000_000_000
  isAbout(offsetMs(), 0)
  noteServerTime(at + 100_000, at, at + 200)
  isAbout(offsetMs(), 99_900)
  // a slow one would say 5 s less
  noteServerTime(at + 100_300, at + 300, at + 10_300)
  isAbout(offsetMs(), 99_900)
  noteServerTime(at + 101_000, at + 11_000, at + 11_020)
  isAbout(offsetMs(), 89_990)
  // a minute later the clock of this machine has been set
  noteServerTime(at + 102_000, at + 99_000, at + 99_500)
  isAbout(offsetMs(), 2750)
})
