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
    ['Asia/Kathmandu', '2026-11-23', '2026-11-25', [24, 24, 24]],
    // no summer time any more
    ['America/Sao_Paulo', '2019-11-02', '2019-11-04', [24, 24, 24]],
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

test('a date whose midnight the clocks skip begins when they have; one that they go back to begins once', () => {
  const cases: [string, string, string, [string, number][]][] = [
    [
      'America/Sao_Paulo',
      '2018-11-03',
      '2018-11-05',
      [
        ['2018-11-03T03:00:00.000Z', 24],
        ['2018-11-04T03:00:00.000Z', 23],
        ['2018-11-05T02:00:00.000Z', 24],
      ],
    ],
    [
      'America/Sao_Paulo',
      '2019-02-16',
      '2019-02-17',
      [
        ['2019-02-16T02:00:00.000Z', 25],
        ['2019-02-17T03:00:00.000Z', 24],
      ],
    ],
    ['Asia/Kathmandu', '2026-11-24', '2026-11-24', [['2026-11-23T18:15:00.000Z', 24]]],
    // a quarter of an hour was skipped when Nepal took its present time
    ['Asia/Kathmandu', '1986-01-01', '1986-01-01', [['1985-12-31T18:30:00.000Z', 23.75]]],
    ['Africa/Cairo', '2026-04-24', '2026-04-24', [['2026-04-23T22:00:00.000Z', 23]]],
  ]
  for (const [zone, from, to, wanted] of cases)
    assert.deepEqual(
      localDays(from, to, zone).map(({ startMs, endMs }) => [
        new Date(startMs).toISOString(),
        (endMs - startMs) / HOUR,
      ]),
      wanted,
      `${zone} ${from}`,
    )
})

test('names of zones', () => {
  assert.equal(isTimeZone('Asia/Shanghai'), true)
  assert.equal(isTimeZone('Mars/Olympus'), false)
})
