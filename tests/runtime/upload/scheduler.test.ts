import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DayBudget } from '../../../runtime/upload/day-budget.ts'
import {
  BACKFILL_PAUSE_MAX_MS,
  type Leave,
  type LeaveRequest,
  type LiveSource,
  Scheduler,
} from '../../../runtime/upload/scheduler.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { quiet } from '../../support/test-camera.ts'

const KIB = 1024

/** Live video whose age and kind the test says. */
const live = (lagMs = 0, isEvent = false) => {
  const source = {
    lag: lagMs,
    event: isEvent,
    lagMs: () => source.lag,
    isEvent: () => source.event,
  }
  return source
}

const setup = (dailyBytes?: number) => {
  const clock = new FakeClock()
  const scheduler = new Scheduler(clock)
  if (dailyBytes !== undefined)
    scheduler.budget = new DayBudget({ clock, log: quiet, limitBytes: dailyBytes })
  /** names of those that were given leave, in order */
  const given: string[] = []
  const leaves: Leave[] = []
  const ask = (name: string, request: LeaveRequest): void => {
    void scheduler.ask(request).then((leave) => {
      given.push(leave ? name : `${name} none`)
      if (leave) leaves.push(leave)
    })
  }
  return { clock, scheduler, ask, given, leaves }
}

/** Sends backfill without end over a line of so many bytes per second; tells how many bytes that were in `ms`. */
const backfillFor = async (
  { clock, scheduler }: { clock: FakeClock; scheduler: Scheduler },
  ms: number,
  lineBytesPerS: number,
) => {
  const endMs = clock.monoMs() + ms
  let sent = 0
  let largest = 0
  const send = async (): Promise<void> => {
    while (clock.monoMs() < endMs) {
      const leave = await scheduler.ask({ lane: 'backfill', bytes: 1e9 })
      if (!leave) return
      largest = Math.max(largest, leave.bytes)
      await new Promise<void>((resolve) =>
        clock.after((leave.bytes * 1000) / lineBytesPerS, resolve),
      )
      sent += leave.bytes
      leave.done(leave.bytes, true)
    }
  }
  void send()
  await clock.advance(ms)
  return { sent, largest }
}

test('reports and pictures go before backfill, events first in each lane, the rest in order', async () => {
  const { clock, scheduler, ask, given, leaves } = setup()
  ask('first', { lane: 'backfill', bytes: KIB })
  await settle()
  ask('backfill', { lane: 'backfill', bytes: KIB })
  ask('event backfill', { lane: 'backfill', bytes: KIB, isEvent: true })
  for (let number = 1; number <= 4; number++)
    ask(`picture ${number}`, { lane: 'picture', bytes: KIB })
  ask('report', { lane: 'report', bytes: 200 })
  await settle()
  assert.deepEqual(given, ['first', 'picture 1', 'picture 2', 'report'])
  for (let at = 0; at < 8; at++) {
    await clock.advance(1000)
    leaves[at]?.done(KIB, true)
    await settle()
  }
  assert.deepEqual(given.slice(4), ['picture 3', 'picture 4', 'event backfill', 'backfill'])
  scheduler.close()
})

test('live video never waits', async () => {
  const { scheduler, ask } = setup()
  for (let number = 0; number < 5; number++) ask(`${number}`, { lane: 'backfill', bytes: KIB })
  const leaves = [1, 2, 3].map(() => scheduler.live(1e6))
  assert.deepEqual(
    leaves.map(({ bytes }) => bytes),
    [1e6, 1e6, 1e6],
  )
  assert.equal(scheduler.stats('live').underWay, 3)
  scheduler.close()
})

test('backfill takes what live video leaves of the line', async () => {
  const bench = setup()
  bench.scheduler.watch(live())
  const { sent } = await backfillFor(bench, 60_000, 100 * KIB)
  assert.ok(sent >= 59 * 100 * KIB, `${sent} bytes`)
})

test('backfill has a sixteenth of the time while live video is behind, and never stops', async () => {
  const bench = setup()
  const source = live(5000)
  bench.scheduler.watch(source)
  // the first request is not held back by any before it
  await backfillFor(bench, 60_000, 100 * KIB)
  const { sent } = await backfillFor(bench, 600_000, 100 * KIB)
  const share = sent / (600 * 100 * KIB)
  assert.ok(share > 1 / 17 && share < 1 / 14, `share ${share}`)
  source.lag = 0
  const after = await backfillFor(bench, 60_000, 100 * KIB)
  assert.ok(after.sent > 55 * 100 * KIB, 'and has the line again once live video is not')
})

test('a slow line: backfill goes on at least every half minute', async () => {
  const bench = setup()
  bench.scheduler.watch(live(60_000))
  const { sent } = await backfillFor(bench, 3600_000, 500)
  assert.ok(BACKFILL_PAUSE_MAX_MS === 30_000)
  // 2 KiB take 4.1 s at 500 B/s
  const rounds = 3_600_000 / (30_000 + 4096)
  assert.ok(sent >= (rounds - 20) * 2 * KIB, `${sent} bytes`)
})

test('backfill requests are what the line carries in half a second', async () => {
  for (const [lineBytesPerS, most] of [
    [1 * KIB, 2 * KIB],
    [100 * KIB, 50 * KIB],
    [10_000 * KIB, 256 * KIB],
  ] as const) {
    const bench = setup()
    await backfillFor(bench, 60_000, lineBytesPerS)
    const { largest } = await backfillFor(bench, 60_000, lineBytesPerS)
    assert.ok(Math.abs(largest - most) <= most / 50, `${largest} of ${most} at ${lineBytesPerS}`)
  }
})

test('backfill that fails gets smaller, and grows again', async () => {
  const { clock, scheduler, ask, leaves } = setup()
  const sizes: number[] = []
  for (const ok of [true, false, false, true, true, true]) {
    ask('x', { lane: 'backfill', bytes: 1e9 })
    await settle()
    const leave = leaves.at(-1)!
    sizes.push(leave.bytes)
    leave.done(0, ok)
    await clock.advance(BACKFILL_PAUSE_MAX_MS)
  }
  assert.deepEqual(
    sizes.map((bytes) => bytes / KIB),
    [32, 32, 16, 8, 16, 32],
  )
  scheduler.close()
})

test('the line is measured by the bytes acknowledged while something was under way', async () => {
  const { clock, scheduler } = setup()
  assert.equal(scheduler.bytesPerS, 0)
  for (let round = 0; round < 20; round++) {
    const leave = scheduler.live(64 * KIB)
    await clock.advance(640)
    leave.done(64 * KIB, true)
    await clock.advance(10_000)
  }
  assert.equal(Math.round(scheduler.bytesPerS / KIB), 100)
  for (let round = 0; round < 20; round++) {
    const leave = scheduler.live(64 * KIB)
    await clock.advance(1000)
    leave.done(0, false)
  }
  assert.ok(scheduler.bytesPerS < KIB, 'what fails carries nothing')
})

test('a metered line: other video until three quarters are spent, events until all is, reports always', async () => {
  const { clock, scheduler, ask, given } = setup(1000 * KIB)
  const fullTime: LiveSource = live()
  const ofEvent: LiveSource = live(0, true)
  const spend = (bytes: number): void => scheduler.live(bytes).done(bytes, true)
  spend(749 * KIB)
  assert.ok(scheduler.allows(fullTime))
  spend(KIB)
  assert.ok(!scheduler.allows(fullTime))
  assert.ok(scheduler.allows(ofEvent))
  ask('backfill', { lane: 'backfill', bytes: KIB })
  ask('picture', { lane: 'picture', bytes: KIB })
  await settle()
  assert.deepEqual(given, ['picture'])
  spend(250 * KIB)
  assert.ok(!scheduler.allows(ofEvent))
  ask('late picture', { lane: 'picture', bytes: KIB })
  ask('report', { lane: 'report', bytes: KIB })
  await settle()
  assert.deepEqual(given, ['picture', 'report'])
  // the fake clock begins at midnight UTC
  await clock.advance(24 * 3600_000 + 60_000)
  assert.ok(scheduler.allows(fullTime))
  assert.deepEqual(given, ['picture', 'report', 'late picture', 'backfill'])
  scheduler.close()
})

test('what is aborted or closed gets no leave, and no timer stays', async () => {
  const { clock, scheduler, ask, given } = setup(1000 * KIB)
  scheduler.live(0).done(1000 * KIB, true)
  const abort = new AbortController()
  ask('a', { lane: 'backfill', bytes: KIB, signal: abort.signal })
  ask('b', { lane: 'picture', bytes: KIB })
  await settle()
  abort.abort()
  await settle()
  assert.deepEqual(given, ['a none'])
  ask('c', { lane: 'backfill', bytes: KIB, signal: abort.signal })
  scheduler.close()
  await settle()
  assert.deepEqual(given.sort(), ['a none', 'b none', 'c none'])
  assert.equal(clock.timers, 0)
})

test('a leave counts once', () => {
  const { scheduler } = setup()
  const leave = scheduler.live(100)
  leave.done(100, true)
  leave.done(100, true)
  assert.deepEqual(scheduler.stats('live'), { waiting: 0, underWay: 0, sentBytes: 100, failed: 0 })
})
