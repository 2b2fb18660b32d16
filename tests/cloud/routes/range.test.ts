import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRange } from '../../../cloud/server/routes/range.ts'

const CASES: [string | undefined, ReturnType<typeof parseRange>][] = [
  [undefined, undefined],
  ['bytes=0-99', { start: 0, end: 100, isExact: true }],
  ['bytes=999-999', { start: 999, end: 1000, isExact: true }],
  ['bytes=900-1999', { start: 900, end: 1000, isExact: false }],
  ['bytes=500-', { start: 500, end: 1000, isExact: false }],
  ['bytes=-200', { start: 800, end: 1000, isExact: false }],
  ['bytes=-2000', { start: 0, end: 1000, isExact: false }],
  ['bytes=1000-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  // what is malformed or several ranges may be ignored
  ['bytes=-', undefined],
  ['bytes=5-2', undefined],
  ['bytes=0-1,5-6', undefined],
  ['items=0-5', undefined],
  ['bytes=a-b', undefined],
]

test('Range headers', () => {
  for (const [header, wanted] of CASES) assert.deepEqual(parseRange(header, 1000), wanted, header)
  assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable')
})
