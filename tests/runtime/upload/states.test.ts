import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOf } from '../../../runtime/upload/retry.ts'
import { UPLINK_ROWS } from '../../../runtime/upload/states.ts'
import { rowName, shadowedRows, walkRow } from '../../support/tables.ts'

const rows = UPLINK_ROWS as never as Parameters<typeof walkRow>[0]

for (const [index, row] of rows.entries()) test(rowName(row), () => walkRow(rows, index))

test('no row is shadowed by an earlier one', () => assert.deepEqual(shadowedRows(rows), []))

test('whatever a server answers, a request leads somewhere', () => {
  const outcomes = new Set<string>()
  for (let status = 0; status < 600; status++)
    for (const isTus of [false, true]) outcomes.add(outcomeOf(status, isTus))
  for (const state of ['create', 'append', 'ask'])
    for (const event of outcomes)
      assert.ok(
        rows.some((row) => row.state === state && row.event === event && row.guard === undefined),
        `${state} has no unconditional row for ${event}`,
      )
})

test('every state but the last can be left, and closed', () => {
  for (const state of new Set(rows.flatMap((row) => [row.state, row.next]))) {
    if (state === 'closed') continue
    assert.ok(
      rows.some((row) => row.state === state && row.next !== state && row.event !== 'close'),
    )
    assert.ok(rows.some((row) => row.state === state && row.event === 'close'))
  }
})
