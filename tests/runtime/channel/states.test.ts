import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHANNEL_ROWS } from '../../../runtime/channel/states.ts'
import { rowName, shadowedRows, walkRow } from '../../support/tables.ts'

const rows = CHANNEL_ROWS as never as Parameters<typeof walkRow>[0]

for (const [index, row] of rows.entries()) test(rowName(row), () => walkRow(rows, index))

test('no row is shadowed by an earlier one', () => assert.deepEqual(shadowedRows(rows), []))

test('the app is told to stop exactly where it was told to start', () => {
  for (const row of rows) {
    const starts = row.action === 'callStart'
    const stops = row.action === 'callStop' || row.action === 'stopRecording'
    assert.equal(starts, row.state === 'off' && row.next === 'armed', rowName(row))
    assert.equal(stops, row.state !== 'off' && row.next === 'off', rowName(row))
  }
})
