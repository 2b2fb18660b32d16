import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolveTimes } from '../../../runtime/event/times.ts'

const NOW_S = 1_800_000_000
const NOW_MS = NOW_S * 1000 + 250

const GOOD: readonly [
  name: string,
  event: number,
  stream: number,
  eventMs: number,
  streamMs: number,
][] = [
  ['both now', 0, 0, NOW_MS, NOW_MS],
  ['video from 15 s before', 0, 15, NOW_MS, NOW_MS - 15_000],
  ['both 299 s before', 299, 299, NOW_MS - 299_000, NOW_MS - 299_000],
  ['both UTC', NOW_S, NOW_S - 20, NOW_S * 1000, (NOW_S - 20) * 1000],
  ['the smallest UTC', 301, 301, 301_000, 301_000],
  ['a clock that is 60 s ahead', NOW_S + 60, NOW_S, (NOW_S + 60) * 1000, NOW_S * 1000],
]
for (const [name, event, stream, eventMs, streamMs] of GOOD)
  test(name, () => assert.deepEqual(resolveTimes(event, stream, NOW_MS), { eventMs, streamMs }))

const BAD: readonly [name: string, event: number, stream: number, fault: RegExp][] = [
  ['exactly 300', 300, 0, /300 s/],
  ['exactly 300, stream', 0, 300, /stream time is 300 s/],
  ['relative and UTC', 15, NOW_S, /both be relative or both UTC/],
  ['UTC and relative', NOW_S, 0, /both be relative or both UTC/],
  ['negative: in the future', -1, 0, /event time must be a whole number/],
  ['a fraction', 0, 1.5, /stream time must be a whole number/],
  ['not a number', Number.NaN, 0, /whole number/],
  ['absent', undefined as never, 0, /whole number/],
  ['more than 32 bits', 2 ** 32, 2 ** 32, /whole number/],
  ['UTC in the future', NOW_S + 61, NOW_S, /lies in the future/],
  ['milliseconds for seconds', NOW_MS, NOW_MS, /whole number|future/],
]
for (const [name, event, stream, fault] of BAD)
  test(`refused: ${name}`, () => {
    const resolved = resolveTimes(event, stream, NOW_MS)
    assert.match('fault' in resolved ? resolved.fault : '', fault)
  })
