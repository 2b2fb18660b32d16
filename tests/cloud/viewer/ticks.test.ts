import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

type Span = { fromMs: number; toMs: number }
type Time = {
  daySpan(date: string, zone: string): Span
  toInput(utcMs: number, zone: string): string
  fromInput(text: string, zone: string): number
}
type Ticks = {
  ticksOf(
    view: Span,
    width: number,
    zone: string,
  ): { atMs: number; label: string; isDay: boolean }[]
}

const HOUR_MS = 3_600_000
const BERLIN = 'Europe/Berlin'

describe('ticks of the time line', () => {
  let time: Time
  let ticks: Ticks
  before(async () => {
    // the page's modules ask the browser for its language when they are loaded; their types are those of the page
    Object.assign(globalThis, { localStorage: { getItem: () => 'en' } })
    const load = (path: string) => import(new URL(path, import.meta.url).href)
    time = await load('../../../cloud/viewer/time.ts')
    ticks = await load('../../../cloud/viewer/timeline/ticks.ts')
  })

  test('days have 23 and 25 hours when the clocks change', () => {
    const hours = (date: string) => {
      const { fromMs, toMs } = time.daySpan(date, BERLIN)
      return (toMs - fromMs) / HOUR_MS
    }
    assert.equal(hours('2026-03-29'), 23)
    assert.equal(hours('2026-10-24'), 24)
    assert.equal(hours('2026-10-25'), 25)
  })

  test('the hour that there is twice is labelled twice', () => {
    const labels = ticks
      .ticksOf(time.daySpan('2026-10-25', BERLIN), 2000, BERLIN)
      .map(({ label }) => label)
    assert.equal(labels[0], '25 Oct')
    assert.equal(labels.filter((label) => label === '02:00').length, 2)
    assert.equal(labels.at(-1), '23:00')
    assert.equal(labels.length, 25)
  })

  test('a month is labelled by days, seconds by seconds', () => {
    const { fromMs } = time.daySpan('2026-11-24', 'UTC')
    const month = ticks.ticksOf({ fromMs, toMs: fromMs + 30 * 24 * HOUR_MS }, 1000, 'UTC')
    assert.ok(month.every(({ isDay }) => isDay))
    assert.ok(month.length >= 4 && month.length <= 15, `${month.length}`)
    const seconds = ticks.ticksOf({ fromMs: fromMs + 500, toMs: fromMs + 10_500 }, 800, 'UTC')
    assert.deepEqual(
      seconds.slice(0, 2).map(({ label }) => label),
      ['00:00:01', '00:00:02'],
    )
  })

  test('what is typed as local time is the moment that was shown', () => {
    const utcMs = Date.UTC(2026, 6, 1, 12, 34, 56)
    assert.equal(time.toInput(utcMs, BERLIN), '2026-07-01T14:34:56')
    assert.equal(time.fromInput('2026-07-01T14:34:56', BERLIN), utcMs)
    // browsers leave out seconds that are none
    assert.equal(time.fromInput('2026-07-01T14:34', BERLIN), utcMs - 56_000)
    assert.ok(Number.isNaN(time.fromInput('', BERLIN)))
  })
})
