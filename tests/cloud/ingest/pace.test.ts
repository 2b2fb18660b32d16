import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerDelayMs } from '../../../cloud/server/ingest/pace.ts'

const KIB = 1024

test('small appends are answered no faster than the store likes them', () => {
  const CASES: [number, Parameters<typeof answerDelayMs>[1], number][] = [
    [0, { bytes: 10, tookMs: 0, isLast: false }, 0],
    [1000, { bytes: 10, tookMs: 30, isLast: false }, 970],
    [1000, { bytes: 10, tookMs: 1500, isLast: false }, 0],
    [1000, { bytes: 255 * KIB, tookMs: 0, isLast: false }, 1000],
    [1000, { bytes: 256 * KIB, tookMs: 0, isLast: false }, 0],
    [1000, { bytes: 10, tookMs: 0, isLast: true }, 0],
  ]
  for (const [intervalMs, append, delayMs] of CASES)
    assert.equal(answerDelayMs(intervalMs, append), delayMs, JSON.stringify(append))
})
