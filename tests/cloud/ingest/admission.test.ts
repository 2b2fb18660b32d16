import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../../../cloud/server/errors.ts'
import { Admission } from '../../../cloud/server/ingest/admission.ts'

const refusal = (run: () => unknown): ApiError => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof ApiError)
    return error
  }
  return assert.fail('it was let in')
}

test('what the store does not keep up with comes later', () => {
  const admission = new Admission({ appends: 2, bytes: 100 })
  const leave = admission.enter(60)
  const { status, headers } = refusal(() => admission.enter(41))
  assert.equal(status, 429)
  assert.ok(Number(headers['Retry-After']) > 0)
  const leaveSecond = admission.enter(40)
  assert.equal(refusal(() => admission.enter(0)).status, 429, 'too many, however small')
  leave()
  leave()
  assert.deepEqual(admission.waiting, { appends: 1, bytes: 40 }, 'to leave twice changes nothing')
  leaveSecond()
  admission.enter(1000)()
  assert.deepEqual(admission.waiting, { appends: 0, bytes: 0 }, 'one alone may be of any size')
})
