import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatherLosses, POINTS_MAX } from '../../cloud/server/timeline.ts'

const loss = (id: string, startMs: number, endMs: number, cause = 'evicted') => ({
  id,
  startMs,
  endMs,
  bytes: 10,
  cause,
})

test('losses of one cause that are closer than a step are one, without a name of its own', () => {
  assert.deepEqual(
    gatherLosses(
      [loss('c', 500, 600), loss('a', 0, 100), loss('b', 150, 200), loss('d', 120, 130, 'power')],
      100,
    ),
    [
      { id: null, startMs: 0, endMs: 200, bytes: 20, cause: 'evicted' },
      { id: 'd', startMs: 120, endMs: 130, bytes: 10, cause: 'power' },
      { id: 'c', startMs: 500, endMs: 600, bytes: 10, cause: 'evicted' },
    ],
  )
})

test('however many there are, a drawing gets at most two a step and cause', () => {
  const rangeMs = 30 * 86_400_000
  const many = Array.from({ length: 50_000 }, (_, at) => {
    const startMs = Math.floor((at * rangeMs) / 50_000)
    return loss(String(at), startMs, startMs + 100)
  })
  const gathered = gatherLosses(many, rangeMs / POINTS_MAX)
  assert.ok(gathered.length <= POINTS_MAX, `${gathered.length}`)
  assert.equal(
    gathered.reduce((sum, { bytes }) => sum + bytes, 0),
    500_000,
  )
})
