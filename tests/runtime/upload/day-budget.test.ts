import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Logger } from '../../../runtime/log.ts'
import { DayBudget } from '../../../runtime/upload/day-budget.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quiet } from '../../support/test-camera.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3600_000

const inFolder = (run: (folder: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-budget-'))
  try {
    run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const budgetOf = (clock: FakeClock, path?: string, log: Logger = quiet) =>
  new DayBudget({ clock, log, limitBytes: 100 * MIB, path })

test('a day is one of UTC', async () => {
  const clock = new FakeClock(Date.UTC(2026, 5, 1, 23, 59, 59))
  const budget = budgetOf(clock)
  budget.spend(50 * MIB)
  assert.equal(budget.usedBytes, 50 * MIB)
  await clock.advance(1000)
  assert.equal(budget.usedBytes, 0)
})

test('a clock that is stepped back gives no second budget, and one that was ahead does not withhold the next day', async () => {
  const clock = new FakeClock(Date.UTC(2026, 5, 2, 1))
  const budget = budgetOf(clock)
  budget.spend(50 * MIB)
  clock.step(-2 * HOUR_MS)
  assert.equal(budget.usedBytes, 50 * MIB)
  await clock.advance(HOUR_MS)
  assert.equal(budget.usedBytes, 0, 'midnight')
})

test('what is sent before the clock is set counts on the day that it is set to', () => {
  const clock = new FakeClock(0)
  const budget = budgetOf(clock)
  budget.spend(50 * MIB)
  clock.step(Date.UTC(2026, 5, 2))
  assert.equal(budget.usedBytes, 50 * MIB)
})

test('the count is kept over restarts, on the same day, also with a clock that is not set yet', () =>
  inFolder((folder) => {
    const path = join(folder, 'store', 'day-budget.json')
    const clock = new FakeClock(Date.UTC(2026, 5, 2, 10))
    const before = budgetOf(clock, path)
    before.spend(70 * MIB)
    before.spend(0.4 * MIB)
    before.save()
    assert.equal(budgetOf(clock, path).usedBytes, 70.4 * MIB)
    clock.step(-clock.nowMs())
    const after = budgetOf(clock, path)
    assert.equal(after.usedBytes, 70.4 * MIB, '1970')
    clock.step(Date.UTC(2026, 5, 2, 11))
    assert.equal(after.usedBytes, 70.4 * MIB)
    clock.step(24 * HOUR_MS)
    assert.equal(after.usedBytes, 0)
    assert.deepEqual(readdirSync(join(folder, 'store')), ['day-budget.json'])
  }))

test('it is written about a hundred times a day, however many requests there are', () =>
  inFolder((folder) => {
    const path = join(folder, 'day-budget.json')
    const budget = budgetOf(new FakeClock(), path)
    let writes = 0
    let last = ''
    for (let at = 0; at < 10_000; at++) {
      budget.spend((100 * MIB) / 10_000)
      const text = at < 99 ? '' : readFileSync(path, 'utf8')
      if (text !== last) writes++
      last = text
    }
    assert.ok(writes >= 99 && writes <= 101, `${writes} writes`)
  }))

test('a file that is torn or cannot be written costs the count, nothing else', () =>
  inFolder((folder) => {
    const path = join(folder, 'day-budget.json')
    writeFileSync(path, '{"day":20606,"usedBy')
    assert.equal(budgetOf(new FakeClock(), path).usedBytes, 0)
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    // the folder of the file is a file
    const budget = budgetOf(new FakeClock(), join(path, 'below', 'day-budget.json'), log)
    budget.spend(50 * MIB)
    budget.spend(50 * MIB)
    assert.equal(budget.usedBytes, 100 * MIB)
    assert.equal(warnings.length, 1, warnings.join('; '))
  }))
