import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { permitsEvents } from '../../../runtime/plan/rules.ts'
import { iv_err_code_e } from '../../../runtime/status.ts'
import { iv_cs_event_report_opt_e, iv_cs_type_e } from '../../../runtime/types.ts'
import {
  EVENT_PLAN,
  EventBench,
  FULL_PLAN,
  NO_PLAN,
  planOf,
  settle,
} from '../../support/event-bench.ts'

/** All of them on Bun, which is what cameras run; enough elsewhere to see that it is the same. */
const DEFAULT_SEQUENCES = 'Bun' in globalThis ? 1000 : 200
const SEQUENCES = Number(process.env.SKYRILL_SEQUENCES ?? DEFAULT_SEQUENCES)
/** The same sequences on every run; SKYRILL_SEED gives others. */
const SEED = Number(process.env.SKYRILL_SEED ?? 1)

const { IV_ERR_NONE, IV_ERR_CS_EVENT_IS_VALID, IV_ERR_CS_APPLY_NO_SERVICE } = iv_err_code_e
const PLANS = {
  event: EVENT_PLAN,
  full: FULL_PLAN,
  none: NO_PLAN,
  trial: planOf(iv_cs_type_e.CS_TYPE_FREE_TRIAL, 20),
}
/** Upload and reply time-out, and the catch-up before them. */
const RESULT_MAX_MS = 6000 + 5000
const CATCH_UP_MAX_MS = 10_000

type Step =
  | { do: 'start'; id: number; backS: number }
  | { do: 'stop'; id: number; backS: number }
  | { do: 'frames'; count: number; lagMs: number }
  | { do: 'wait'; ms: number }
  | { do: 'acknowledge' }
  | { do: 'lose' }
  | { do: 'plan'; plan: keyof typeof PLANS }
  | { do: 'line'; isUp: boolean }
  | { do: 'tick' }

const id = fc.integer({ min: 1, max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('start' as const),
      id,
      backS: fc.constantFrom(0, 0, 5, 15),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('stop' as const),
      id,
      backS: fc.constantFrom(0, 0, 0, 3),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('frames' as const),
      count: fc.integer({ min: 1, max: 60 }),
      lagMs: fc.constantFrom(0, 0, 4000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      ms: fc.integer({ min: 1, max: 9000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('acknowledge' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lose' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('tick' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plan' as const),
      plan: fc.constantFrom('event' as const, 'full' as const, 'none' as const, 'trial' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('line' as const), isUp: fc.boolean() }) },
)

/** What the specification says must hold, kept in the simplest way that can. */
class Model {
  plan: keyof typeof PLANS = 'event'
  readonly running = new Set<number>()
  /** events started by id, and when each stopped one must have its result */
  readonly started = new Map<number, number>()
  readonly deadlines: { id: number; atMs: number }[] = []

  get permits(): boolean {
    return permitsEvents(PLANS[this.plan])
  }

  start(id: number): iv_err_code_e {
    if (!this.permits) return IV_ERR_CS_APPLY_NO_SERVICE
    if (this.running.has(id)) return IV_ERR_CS_EVENT_IS_VALID
    this.running.add(id)
    this.started.set(id, (this.started.get(id) ?? 0) + 1)
    return IV_ERR_NONE
  }

  stop(id: number, nowMs: number): iv_err_code_e {
    if (!this.running.delete(id)) return IV_ERR_CS_EVENT_IS_VALID
    this.deadlines.push({ id, atMs: nowMs + CATCH_UP_MAX_MS + RESULT_MAX_MS })
    return IV_ERR_NONE
  }

  endAll(nowMs: number): void {
    for (const id of [...this.running]) this.stop(id, nowMs)
  }
}

const countOf = (bench: EventBench, pattern: RegExp): number =>
  bench.told.filter((line) => pattern.test(line)).length

/** Holds after every step. */
const check = (bench: EventBench, model: Model): void => {
  const started = [...model.started.values()].reduce((sum, count) => sum + count, 0)
  // start and stop callbacks alternate, beginning with a start
  const calls = bench.told.filter((line) => line === 'start' || line === 'stop')
  for (const [at, call] of calls.entries()) assert.equal(call, at % 2 === 0 ? 'start' : 'stop')
  if (model.running.size > 0) assert.equal(bench.recording.isOn, true, 'an event records')
  if (model.plan === 'full') assert.equal(bench.recording.isOn, true, 'full time records')
  if (!model.permits) assert.equal(bench.recording.isOn, false, 'nothing records without a plan')
  assert.equal(countOf(bench, /^capture/), started, 'one question for each picture')
  assert.ok(countOf(bench, /^picture/) <= started, 'no picture is given back twice')
  for (const [id, count] of model.started) {
    const results = countOf(bench, new RegExp(`^result ${id} `))
    const stopped = count - (model.running.has(id) ? 1 : 0)
    assert.ok(results <= stopped, `event ${id}: a result before its stop, or twice`)
    const nowMs = bench.clock.monoMs()
    const due = model.deadlines.filter((one) => one.id === id && one.atMs <= nowMs).length
    assert.ok(results >= due, `event ${id}: its result is late`)
  }
}

const run = async (
  steps: readonly Step[],
  rule: iv_cs_event_report_opt_e,
  hasPicture: boolean,
  isPatient: boolean,
): Promise<void> => {
  const bench = new EventBench({ rule, ...(hasPicture ? { picture: new Uint8Array(8) } : {}) })
  const model = new Model()
  for (const one of steps) {
    const nowMs = bench.clock.monoMs()
    switch (one.do) {
      case 'start': {
        const times = one.backS === 0 ? undefined : ([0, one.backS] as const)
        const { code } = bench.events.start(one.id, null, times)
        assert.equal(code, model.start(one.id))
        break
      }
      case 'stop': {
        const times = one.backS === 0 ? undefined : ([0, one.backS] as const)
        const { code } = bench.events.stop(one.id, null, times)
        assert.equal(code, model.stop(one.id, nowMs))
        break
      }
      case 'frames':
        for (let at = 0; at < one.count; at++) {
          await bench.clock.advance(40)
          const utcMs = bench.clock.nowMs() - one.lagMs
          // a camera's timestamps only grow
          if (!(utcMs <= bench.recording.window.seenUtcMs))
            bench.recording.push(utcMs, at % 25 === 0)
        }
        break
      case 'wait':
        await bench.clock.advance(one.ms)
        break
      case 'acknowledge':
        await bench.acknowledge()
        break
      case 'lose':
        bench.lose(bench.recording.head)
        break
      case 'plan':
        model.plan = one.plan
        if (!model.permits) model.endAll(nowMs)
        bench.plan(PLANS[one.plan])
        break
      case 'line':
        bench.startCode = one.isUp ? 0 : 500
        bench.stopCode = one.isUp ? 0 : 500
        bench.putOutcome = one.isUp ? 'ok' : 'retry'
        break
      case 'tick': {
        const wasOn = bench.recording.isOn
        bench.events.tick()
        // the trial is used up: what runs ends, and nothing starts before another plan comes
        if (model.plan === 'trial' && wasOn && !bench.recording.isOn && model.running.size > 0) {
          model.endAll(nowMs)
          model.plan = 'none'
        }
        break
      }
    }
    await settle()
    check(bench, model)
  }
  // left: everything that is owed is given, and nothing stays behind
  bench.events.finish()
  model.endAll(bench.clock.monoMs())
  if (isPatient) {
    await bench.clock.advance(RESULT_MAX_MS)
    assert.equal(bench.events.isSettled, true, 'every event has its result in time')
  }
  bench.events.close()
  await settle()
  check(bench, model)
  const started = [...model.started.values()].reduce((sum, count) => sum + count, 0)
  assert.equal(countOf(bench, /^result/), started)
  assert.equal(countOf(bench, /^picture/), hasPicture ? started : 0)
  assert.equal(bench.events.isSettled, true)
  assert.equal(bench.clock.timers, 0)
}

test(`${SEQUENCES} random sequences of calls, frames, plans, time and faults hold what the specification says`, {
  timeout: 110_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }),
      fc.constantFrom(
        iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ,
        iv_cs_event_report_opt_e.CS_EVENT_PIC_REQ,
        iv_cs_event_report_opt_e.CS_EVENT_VIDEO_OR_PIC_REQ,
      ),
      fc.boolean(),
      fc.boolean(),
      run,
    ),
    { numRuns: SEQUENCES, seed: SEED },
  )
})
