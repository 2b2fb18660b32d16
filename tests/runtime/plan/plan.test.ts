import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Plans, POLL_MS } from '../../../runtime/plan/plan.ts'
import { NO_PLAN, permitsEvents, permitsFullTime } from '../../../runtime/plan/rules.ts'
import { type iv_cs_balance_info_s, iv_cs_type_e } from '../../../runtime/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quiet } from '../../support/test-camera.ts'

const { CS_TYPE_NONE, CS_TYPE_FULL_TIME, CS_TYPE_EVENT, CS_TYPE_FREE_TRIAL } = iv_cs_type_e

const balance = (given: Partial<iv_cs_balance_info_s> = {}): iv_cs_balance_info_s => ({
  cs_switch: 1,
  cs_days: 7,
  cs_type: CS_TYPE_FULL_TIME,
  free_trial_remaining_sec: 0,
  ...given,
})

const RULES: [Partial<iv_cs_balance_info_s>, boolean, boolean][] = [
  [{}, true, true],
  [{ cs_switch: 0 }, false, false],
  [{ cs_type: CS_TYPE_NONE }, false, false],
  [{ cs_type: CS_TYPE_EVENT }, false, true],
  [{ cs_type: CS_TYPE_EVENT, cs_switch: 0 }, false, false],
  [{ cs_type: CS_TYPE_FREE_TRIAL, free_trial_remaining_sec: 10 }, false, true],
  [{ cs_type: CS_TYPE_FREE_TRIAL, free_trial_remaining_sec: 0 }, false, false],
]
for (const [given, fullTime, events] of RULES)
  test(`rules: ${JSON.stringify(given)}`, () => {
    assert.equal(permitsFullTime(balance(given)), fullTime)
    assert.equal(permitsEvents(balance(given)), events)
  })

const plans = (answer: () => iv_cs_balance_info_s | undefined) => {
  const clock = new FakeClock()
  const asked: number[] = []
  const waiting: (() => void)[] = []
  const source = (channel: number, timeoutMs: number) =>
    new Promise<iv_cs_balance_info_s | undefined>((resolve) => {
      asked.push(channel)
      const timer = clock.after(timeoutMs, () => resolve(undefined))
      waiting.push(() => {
        timer.cancel()
        resolve(answer())
      })
    })
  const give = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  return { clock, asked, give, plans: new Plans(source, clock, () => 0.5, quiet) }
}

test('a query updates the cache, once for all who ask', async () => {
  const { clock, asked, give, plans: all } = plans(() => balance())
  assert.equal(all.get(0), undefined)
  const both = Promise.all([all.query(0, 5000), all.query(0, 5000)])
  give()
  await clock.advance(0)
  assert.deepEqual(await both, [true, true])
  assert.deepEqual(asked, [0])
  assert.deepEqual(all.get(0), balance())
  assert.equal(clock.timers, 0)
})

test('a query that is not answered times out for each at its own time', async () => {
  const { clock, plans: all } = plans(() => balance())
  const results: [string, boolean][] = []
  void all.query(0, 5000).then((answered) => results.push(['first', answered]))
  void all.query(0, 1000).then((answered) => results.push(['second', answered]))
  await clock.advance(1000)
  assert.deepEqual(results, [['second', false]])
  await clock.advance(4000)
  assert.deepEqual(results, [
    ['second', false],
    ['first', false],
  ])
})

test('a change is told of once, to those who watch its channel', () => {
  const { plans: all } = plans(() => undefined)
  const told: [number, number][] = []
  const unwatch = all.watch(1, (channel, plan) => told.push([channel, plan.cs_days]))
  all.set(1, balance())
  all.set(1, balance())
  all.set(2, balance())
  all.set(1, balance({ cs_days: 30 }))
  unwatch()
  all.set(1, { ...NO_PLAN })
  assert.deepEqual(told, [
    [1, 7],
    [1, 30],
  ])
})

test('what is watched is polled, with jitter, until nobody watches', async () => {
  const { clock, asked, give, plans: all } = plans(() => balance())
  const unwatch = all.watch(0, () => {})
  give()
  await clock.advance(POLL_MS - 1)
  assert.equal(asked.length, 1)
  // random 0.5 is the middle of the jitter
  await clock.advance(1)
  assert.equal(asked.length, 2)
  give()
  await clock.advance(POLL_MS)
  assert.equal(asked.length, 3)
  give()
  await clock.advance(0)
  unwatch()
  assert.equal(clock.timers, 0)
  all.refresh()
  assert.equal(asked.length, 3)
})
