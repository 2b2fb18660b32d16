import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LivePace } from '../../../cloud/viewer/playback/live-pace.ts'

test('live is near until the picture stands still three times in short', () => {
  const pace = new LivePace()
  assert.equal(pace.at(0), 'near')
  assert.equal(pace.stalled(1000), false)
  assert.equal(pace.stalled(5000), false)
  assert.equal(pace.at(5000), 'near')
  assert.equal(pace.stalled(9000), true)
  assert.equal(pace.at(9000), 'safe')
})

test('stalls that are far apart change nothing', () => {
  const pace = new LivePace()
  for (let atMs = 0; atMs < 600_000; atMs += 30_000) assert.equal(pace.stalled(atMs), false)
})

test('after a while it is tried again; stalls before that change nothing more', () => {
  const pace = new LivePace()
  for (const atMs of [0, 1, 2]) pace.stalled(atMs)
  for (const atMs of [3, 4, 5]) assert.equal(pace.stalled(atMs), false)
  assert.equal(pace.at(299_000), 'safe')
  assert.equal(pace.at(301_000), 'near')
})
