import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  backoffMs,
  outcomeOf,
  RETRY_AFTER_CAP_MS,
  retryAfterMs,
} from '../../../runtime/upload/retry.ts'

test('backoff: uniform below a bound that doubles and is capped', () => {
  for (const attempt of [0, 1, 5, 9, 40, 1e9]) {
    const bound = Math.min(5000, 250 * 2 ** Math.min(attempt, 30))
    assert.equal(
      backoffMs(attempt, () => 0),
      0,
    )
    assert.equal(
      backoffMs(attempt, () => 0.5),
      bound / 2,
    )
    assert.ok(backoffMs(attempt, () => 0.999_999) < bound)
  }
})

const RETRY_AFTER: [string | undefined, number | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['soon', undefined],
  ['-3', undefined],
  ['0', 0],
  ['7', 7000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
  ['999999999', RETRY_AFTER_CAP_MS],
]
for (const [header, expected] of RETRY_AFTER)
  test(`Retry-After: ${header}`, () =>
    assert.equal(retryAfterMs(header, Date.UTC(2026, 0, 1)), expected))

const OUTCOMES: [number, boolean, string][] = [
  [201, true, 'ok'],
  [204, true, 'ok'],
  [200, false, 'retry'], // captive portal
  [302, false, 'retry'],
  [400, true, 'reject'],
  [401, true, 'token'],
  [402, true, 'plan'],
  [403, true, 'forbidden'],
  [404, true, 'unknown'],
  [409, true, 'offset'],
  [410, true, 'gone'],
  [412, true, 'config'],
  [413, true, 'smaller'],
  [415, true, 'config'],
  [429, true, 'later'],
  [460, true, 'checksum'],
  [500, true, 'wrong'],
  [502, false, 'wrong'],
  [503, true, 'later'],
  [507, true, 'full'],
  [418, true, 'reject'],
]
for (const [status, isTus, outcome] of OUTCOMES)
  test(`status ${status}${isTus ? '' : ' of something else'} means ${outcome}`, () =>
    assert.equal(outcomeOf(status, isTus), outcome))
