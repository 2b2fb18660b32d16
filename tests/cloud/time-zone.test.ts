import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTimeZone, localDays } from '../../cloud/server/time-zone.ts'

const HOUR = 3_600_000

test('days of a zone cover it without gaps, also when the clocks change', () => {
  const cases: [string, string, string, number[]][] = [
    ['UTC', '2026-11-24', '2026-11-25', [24, 24]],
    ['Europe/Berlin', '2026-03-28', '2026-03-30', [24, 23, 24]],
    ['Europe/Berlin', '2026-10-24', '2026-10-26', [24, 25, 24]],
    ['America/New_York', '2026-03-08', '2026-03-08', [23]],
    ['Asia/Kolkata', '2026-01-01', '2026-01-02', [24, 24]],
    // half an hour of summer time
    ['Australia/Lord_Howe', '2026-04-05', '2026-04-05', [24.5]],
  ]
  for (const [zone, from, to, hours] of cases) {
    const days = localDays(from, to, zone)
    assert.deepEqual(
      days.map((day) => (day.endMs - day.startMs) / HOUR),
      hours,
      `${zone} ${from}`,
    )
    for (const [at, day] of days.entries()) {
      const local = new Intl.DateTimeFormat('sv-SE', {
        timeZone: zone,
        dateStyle: 'short',
        timeStyle: 'medium',
      })
      assert.equal(local.format(day.startMs), `${day.date} 00:00:00`)
      if (at > 0) assert.equal(day.startMs, days[at - 1]!.endMs)
    }
  }
})

test('names of zones', () => {
  assert.equal(isTimeZone('Asia/Shanghai'), true)
  assert.equal(isTimeZone('Mars/Olympus'), false)
})
