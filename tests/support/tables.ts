import assert from 'node:assert/strict'
import { Machine, type Row } from '../../runtime/machine.ts'

type AnyRow = Row<string, string, Record<string, () => unknown>>

/**
 * Steps a table through one of its rows: guards of earlier rows for the same state and event are false, its own is true.
 * The row must then be the one that is taken: its action is called, once and alone, and its next state reached.
 */
export const walkRow = (rows: readonly AnyRow[], index: number): void => {
  const row = rows[index]!
  const called: PropertyKey[] = []
  const context = new Proxy({} as Record<string, () => unknown>, {
    get: (_, name) => () => {
      if (name === row.guard) return true
      if (rows.some((other) => other.guard === name)) return false
      called.push(name)
      return undefined
    },
  })
  const machine = new Machine(rows as never, row.state, context)
  machine.send(row.event)
  assert.equal(machine.state, row.next, `${row.state} + ${row.event}: next state`)
  assert.deepEqual(
    called,
    row.action === undefined ? [] : [row.action],
    `${row.state} + ${row.event}: action`,
  )
}

/** Rows that can never be taken, because an earlier one without a guard takes the same state and event. */
export const shadowedRows = (rows: readonly AnyRow[]): AnyRow[] =>
  rows.filter((row, index) =>
    rows
      .slice(0, index)
      .some(
        (other) =>
          other.state === row.state &&
          other.event === row.event &&
          (other.guard === undefined || other.guard === row.guard),
      ),
  )

/** Name of a row for a test's title. */
export const rowName = (row: AnyRow): string =>
  `${row.state} + ${row.event}${row.guard === undefined ? '' : ` [${row.guard}]`} -> ${row.next}`
