import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CLASS_OF,
  FAILURE_CAUSES,
  type FailureCause,
  FailureCounts,
  type LineFault,
  lineFaultOf,
} from '../../../runtime/upload/failure.ts'
import { outcomeOf } from '../../../runtime/upload/retry.ts'
import { causeOf, isAnswered } from '../../../runtime/upload/tus.ts'

const CODES: readonly [string | undefined, LineFault][] = [
  ['ENOTFOUND', 'dns'],
  ['EAI_AGAIN', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ENETDOWN', 'unreachable'],
  ['ETIMEDOUT', 'timeout'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls'],
  ['CERT_NOT_YET_VALID', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
  ['EPROTO', 'tls'],
  ['ECONNRESET', 'reset'],
  ['EPIPE', 'reset'],
  [undefined, 'reset'],
]
for (const [code, fault] of CODES)
  test(`${code ?? 'no code'} is ${fault}`, () =>
    assert.equal(lineFaultOf(Object.assign(new Error('x'), { code })), fault))

const STATUSES: readonly [number, FailureCause | undefined, (typeof CLASS_OF)[FailureCause]?][] = [
  [204, undefined],
  [302, 'portal', 'retry'],
  [400, 'reject', 'data'],
  [401, 'token', 'credentials'],
  [402, 'plan', 'plan'],
  [403, 'forbidden', 'credentials'],
  [404, 'unknown', 'retry'],
  [408, 'busy', 'retry'],
  [409, 'offset', 'retry'],
  [410, 'gone', 'data'],
  [412, 'config', 'configuration'],
  [413, 'smaller', 'retry'],
  [415, 'config', 'configuration'],
  [425, 'busy', 'retry'],
  [429, 'later', 'retry'],
  [460, 'checksum', 'retry'],
  [500, 'wrong', 'retry'],
  [502, 'wrong', 'retry'],
  [503, 'later', 'retry'],
  [507, 'full', 'retry'],
]
for (const [status, cause, name] of STATUSES)
  test(`${status}: ${name ?? 'no failure'}`, () => {
    const answer = { outcome: outcomeOf(status, true), status, message: '' }
    assert.equal(causeOf(answer), cause)
    assert.equal(cause && CLASS_OF[cause], name)
    assert.equal(isAnswered(answer), status !== 302)
  })

test('200 with a page of a portal', () => {
  const answer = { outcome: outcomeOf(200, false), status: 200, message: '' }
  assert.equal(causeOf(answer), 'portal')
  assert.ok(!isAnswered(answer))
})

test('whatever is answered has a class', () => {
  for (let status = 100; status < 1000; status++) {
    const cause = causeOf({ outcome: outcomeOf(status, false), status, message: '' })
    assert.ok(cause !== undefined && FAILURE_CAUSES.includes(cause), `${status}`)
  }
})

test('failures are counted by cause and by class', () => {
  const counts = new FailureCounts()
  for (const cause of ['dns', 'dns', 'later', 'token', 'tls'] as const) counts.count(cause)
  assert.equal(counts.of('dns'), 2)
  assert.equal(counts.ofClass('retry'), 3)
  assert.equal(counts.ofClass('credentials'), 1)
  assert.equal(counts.ofClass('configuration'), 1)
  assert.equal(counts.ofClass('plan'), 0)
})
