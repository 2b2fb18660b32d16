import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_ROWS } from '../../../runtime/event/states.ts'
import { rowName, shadowedRows, walkRow } from '../../support/tables.ts'

const rows = EVENT_ROWS as never as Parameters<typeof walkRow>[0]

for (const [index, row] of rows.entries()) test(rowName(row), () => walkRow(rows, index))

test('no row is shadowed by an earlier one', () => assert.deepEqual(shadowedRows(rows), []))

test('an event is over by its result or by being abandoned, and never again anything else', () => {
  for (const row of rows) {
    assert.equal(row.next === 'over', row.action === 'finish' || row.action === 'abandon')
    assert.notEqual(row.state, 'over')
  }
})

test('every state but the last ends by itself or with the module', () => {
  for (const state of ['catching', 'uploading', 'reporting'])
    assert.ok(rows.some((row) => row.state === state && row.event === 'timeout'))
  for (const state of ['running', 'catching', 'uploading', 'reporting'])
    assert.ok(rows.some((row) => row.state === state && row.event === 'close'))
})
