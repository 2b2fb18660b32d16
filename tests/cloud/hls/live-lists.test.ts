import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LiveLists } from '../../../cloud/server/hls/live-lists.ts'
import type { Slice } from '../../../cloud/server/store/index/types.ts'
import { sliceId, sliceStart } from '../support/device.ts'

const T0 = Date.UTC(2026, 10, 24, 10)
const slice = (number: number): Slice => ({
  ...sliceStart({ id: sliceId(number), startUtcMs: T0 + number * 10_000 }),
  deviceId: 1,
  channel: 0,
  state: 'done',
  bytes: 0,
  pieces: [],
})
const numbers = (slices: Slice[]) => slices.map(({ id }) => Number(id.slice(-8)))

test('a list that runs only grows at its end; a new one has what came late', () => {
  const lists = new LiveLists()
  const admit = (key: string, given: number[], seconds = 0) =>
    numbers(lists.admit(key, given.map(slice), T0 + seconds * 1000))
  assert.deepEqual(admit('a', [1, 2]), [1, 2])
  assert.deepEqual(admit('a', [1, 2, 5], 5), [1, 2, 5])
  assert.deepEqual(admit('a', [1, 2, 3, 4, 5, 6], 10), [1, 2, 5, 6], '3 and 4 came late')
  assert.deepEqual(admit('a', [1, 2, 3, 4, 5, 6, 7], 15), [1, 2, 5, 6, 7])
  assert.deepEqual(admit('b', [1, 2, 3, 4, 5, 6, 7], 15), [1, 2, 3, 4, 5, 6, 7])
  assert.deepEqual(admit('a', [2, 3, 5, 6, 7, 8], 20), [2, 5, 6, 7, 8], 'what left stays away')
})

test('a list that nobody asks for is forgotten', () => {
  const lists = new LiveLists()
  assert.deepEqual(numbers(lists.admit('a', [slice(1), slice(3)], T0)), [1, 3])
  const all = [slice(1), slice(2), slice(3)]
  assert.deepEqual(numbers(lists.admit('a', all, T0 + 119_000)), [1, 3])
  assert.deepEqual(numbers(lists.admit('a', all, T0 + 240_000)), [1, 2, 3])
})
