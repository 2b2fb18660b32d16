import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BucketOutcome, bucketAnswer } from '../../../../runtime/upload/bucket/s3-answer.ts'

const NOW_MS = Date.UTC(2026, 10, 24, 12)

const answer = (status: number, code?: string, headers: Record<string, string> = {}) =>
  bucketAnswer(
    {
      status,
      headers: new Map(Object.entries(headers)),
      body: Buffer.from(code ? `<Error><Code>${code}</Code><Message>why</Message></Error>` : ''),
    },
    NOW_MS,
  )

/** Spec: docs/PROTOCOL.md section 7. */
const CASES: readonly (readonly [number, string | undefined, BucketOutcome])[] = [
  [301, 'PermanentRedirect', 'config'],
  [307, undefined, 'config'],
  [400, 'AuthorizationHeaderMalformed', 'config'],
  [400, 'BadDigest', 'checksum'],
  [400, 'ExpiredToken', 'credentials'],
  [400, 'IncompleteBody', 'retry'],
  [400, 'InvalidStorageClass', 'config'],
  [400, 'RequestTimeout', 'retry'],
  [400, 'XAmzContentSHA256Mismatch', 'checksum'],
  [401, undefined, 'credentials'],
  [403, undefined, 'credentials'],
  [403, 'AccessDenied', 'credentials'],
  [403, 'InvalidAccessKeyId', 'credentials'],
  [403, 'RequestTimeTooSkewed', 'skew'],
  [403, 'SignatureDoesNotMatch', 'credentials'],
  [404, 'NoSuchBucket', 'config'],
  [408, undefined, 'retry'],
  [418, undefined, 'config'],
  [429, undefined, 'later'],
  [500, 'InternalError', 'wrong'],
  [502, undefined, 'wrong'],
  [503, 'SlowDown', 'later'],
  [503, undefined, 'later'],
]

describe('answers of a store', () => {
  for (const [status, code, outcome] of CASES)
    test(`${status} ${code ?? ''}`, () => assert.equal(answer(status, code).outcome, outcome))

  test('a success has an ETag; a page of a portal has none', () => {
    assert.equal(answer(200, undefined, { etag: '"x"' }).outcome, 'ok')
    const portal = answer(200)
    assert.equal(portal.outcome, 'retry')
    assert.match(portal.message, /portal/)
  })

  test('time and wait of the store', () => {
    const { serverMs, waitMs, message } = answer(503, 'SlowDown', {
      date: 'Tue, 24 Nov 2026 11:00:00 GMT',
      'retry-after': '7',
    })
    assert.equal(serverMs, NOW_MS - 3_600_000)
    assert.equal(waitMs, 7000)
    assert.equal(message, '503 SlowDown: why')
  })
})
