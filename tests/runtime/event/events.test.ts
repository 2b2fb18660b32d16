import assert from 'node:assert/strict'
import { test } from 'node:test'
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

const { IV_ERR_NONE, IV_ERR_CS_INIT_PRM_RANGE, IV_ERR_CS_EVENT_IS_VALID } = iv_err_code_e
const { IV_ERR_CS_APPLY_NO_SERVICE } = iv_err_code_e
const PICTURE = new Uint8Array([0xff, 0xd8, 0xff, 0xe0])

const startedBench = async (options: ConstructorParameters<typeof EventBench>[0] = {}) => {
  const bench = new EventBench(options)
  assert.equal(bench.events.start(1, 'et=1;').code, IV_ERR_NONE)
  await settle()
  return bench
}

test('the flow of the document: capture, start, frames, stop, picture back, result', async () => {
  const bench = await startedBench({ picture: PICTURE })
  await bench.live(4000)
  await bench.acknowledge()
  assert.equal(bench.events.stop(1, 'et=1;').code, IV_ERR_NONE)
  await settle()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'picture 4 0', 'stop', 'result 1 1'])
  const [stop] = bench.stops
  assert.equal(stop?.info, 'et=1;')
  assert.deepEqual([stop?.video, stop?.picture], ['whole', 'done'])
  assert.equal(stop!.endMs - stop!.startMs, 4000)
})

test('callbacks come after the call that caused them', () => {
  const bench = new EventBench()
  bench.events.start(1, null)
  assert.deepEqual(bench.told, [])
})

test('the times of the result are the seconds of start and stop', async () => {
  const bench = await startedBench()
  const startS = Math.floor(bench.clock.nowMs() / 1000)
  await bench.live(5000)
  await bench.acknowledge()
  bench.events.stop(1, 'et=1;')
  await settle()
  assert.deepEqual(bench.results, [
    { result_code: 1, event_id: 1, start_time_s: startS, end_time_s: startS + 5 },
  ])
})

test('overlapping events: the first calls start, the last calls stop, both share the bytes', async () => {
  const bench = await startedBench()
  await bench.live(2000)
  bench.events.start(2, null)
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await bench.live(2000)
  bench.events.stop(2, null)
  await settle()
  await bench.acknowledge()
  assert.deepEqual(bench.told, [
    'capture 1',
    'start',
    'capture 2',
    'stop',
    'result 1 1',
    'result 2 1',
  ])
  assert.deepEqual(
    bench.stops.map((stop) => [stop.eventId, stop.video, stop.endMs - stop.startMs]),
    [
      [1, 'whole', 4000],
      [2, 'whole', 4000],
    ],
  )
  assert.equal(bench.recording.frames.length, 150, 'a frame is recorded once')
})

test('on a full-time plan there is neither start nor stop, but the picture is asked for', async () => {
  const bench = await startedBench({ plan: FULL_PLAN, picture: PICTURE })
  await bench.live(2000)
  await bench.acknowledge()
  bench.events.stop(1, 'et=1;')
  await settle()
  assert.deepEqual(bench.told, ['capture 1', 'picture 4 0', 'result 1 1'])
})

test('on a full-time plan video counts when the bytes up to the end are there, while the slice goes on', async () => {
  const bench = await startedBench({ plan: FULL_PLAN })
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await settle()
  const end = bench.recording.head
  await bench.live(400)
  await bench.acknowledge(end - 1)
  assert.equal(bench.results.length, 0)
  await bench.acknowledge(end)
  assert.equal(bench.results[0]?.result_code, 1)
})

const REFUSED: readonly [
  name: string,
  code: iv_err_code_e,
  call: (bench: EventBench) => { code: number },
][] = [
  ['id 0', IV_ERR_CS_INIT_PRM_RANGE, (b) => b.events.start(0, null)],
  ['id 33', IV_ERR_CS_INIT_PRM_RANGE, (b) => b.events.stop(33, null)],
  ['info of 128 characters', IV_ERR_CS_INIT_PRM_RANGE, (b) => b.events.start(2, 'x'.repeat(128))],
  ['times mixed', IV_ERR_CS_INIT_PRM_RANGE, (b) => b.events.start(2, null, [10, 1_700_000_000])],
  ['300 seconds', IV_ERR_CS_INIT_PRM_RANGE, (b) => b.events.stop(1, 'et=1;', [300, 300])],
  ['the same id twice', IV_ERR_CS_EVENT_IS_VALID, (b) => b.events.start(1, null)],
  ['a stop before any start', IV_ERR_CS_EVENT_IS_VALID, (b) => b.events.stop(7, null)],
]
for (const [name, code, call] of REFUSED)
  test(`refused: ${name}; nothing else changes`, async () => {
    const bench = await startedBench()
    assert.equal(call(bench).code, code)
    await settle()
    assert.deepEqual(bench.told, ['capture 1', 'start'])
    assert.equal(bench.events.stop(1, 'et=1;').code, IV_ERR_NONE, 'the event still runs')
  })

test('an id can be used again as soon as its event was stopped', async () => {
  const bench = await startedBench()
  await bench.live(1000)
  bench.events.stop(1, 'et=1;')
  assert.equal(bench.events.start(1, 'again').code, IV_ERR_NONE)
  await settle()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'capture 1'], 'one recording serves both')
  assert.notEqual(bench.starts[0]?.key, bench.starts[1]?.key)
})

test('a second stop is a harmless error', async () => {
  const bench = await startedBench()
  bench.events.stop(1, 'et=1;')
  assert.equal(bench.events.stop(1, 'et=1;').code, IV_ERR_CS_EVENT_IS_VALID)
})

test('mixed pairs are accepted: start with stop_ext, start_ext with stop', async () => {
  const bench = await startedBench()
  assert.equal(bench.events.stop(1, 'et=1;', [0, 0]).code, IV_ERR_NONE)
  assert.equal(bench.events.start(2, null, [0, 0]).code, IV_ERR_NONE)
  assert.equal(bench.events.stop(2, null).code, IV_ERR_NONE)
})

test('start with UTC and stop with relative times, as a known camera does', async () => {
  const bench = new EventBench()
  const nowS = bench.clock.nowMs() / 1000
  assert.equal(bench.events.start(1, null, [nowS, nowS]).code, IV_ERR_NONE)
  await bench.live(2000)
  assert.equal(bench.events.stop(1, null, [0, 0]).code, IV_ERR_NONE)
  await bench.acknowledge()
  assert.deepEqual([bench.results[0]?.result_code, bench.stops[0]?.video], [1, 'whole'])
})

test('another info at the stop is accepted, logged, and the start’s counts', async () => {
  const bench = await startedBench()
  await bench.live(1000)
  assert.equal(bench.events.stop(1, 'stop ...').code, IV_ERR_NONE)
  await bench.acknowledge()
  assert.equal(bench.stops[0]?.info, 'et=1;')
  assert.match(bench.log.lines.join('\n'), /info at the stop differs/)
})

test('a stop with the times of the start, as a known camera sends them, ends now', async () => {
  const bench = new EventBench()
  const startS = bench.clock.nowMs() / 1000
  bench.events.start(1, null, [startS, startS])
  await bench.live(3000)
  bench.events.stop(1, null, [startS, startS])
  await bench.acknowledge()
  assert.equal(bench.stops[0]!.endMs - bench.stops[0]!.startMs, 3000)
  assert.equal(bench.stops[0]?.video, 'whole')
})

test('an event shorter than 3 s is whole when its picture and frames got there', async () => {
  const bench = await startedBench({ picture: PICTURE })
  await bench.live(200)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.deepEqual([bench.results[0]?.result_code, bench.stops[0]?.video], [1, 'whole'])
})

test('an event without any frame fails when video is required, and says none', async () => {
  const bench = await startedBench({ picture: PICTURE })
  bench.events.stop(1, 'et=1;')
  await settle()
  assert.deepEqual([bench.results[0]?.result_code, bench.stops[0]?.video], [0, 'none'])
})

test('an event of over an hour is logged once and not cut', async () => {
  const bench = await startedBench()
  await bench.clock.advance(2 * 3_600_000 + 1)
  assert.equal(bench.log.lines.filter((line) => line.includes('an hour')).length, 1)
  assert.equal(bench.results.length, 0)
  bench.recording.push(bench.clock.nowMs(), true)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.equal(bench.results[0]?.result_code, 1)
})

test('no timer is left when an event is over', async () => {
  const bench = await startedBench({ picture: PICTURE })
  await bench.live(1000)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.equal(bench.clock.timers, 0)
})

const { CS_EVENT_PIC_REQ, CS_EVENT_VIDEO_OR_PIC_REQ, CS_EVENT_VIDEO_REQ } = iv_cs_event_report_opt_e
/** What reaches the cloud, by rule: the result's code. */
const COMPLETION: readonly [
  iv_cs_event_report_opt_e,
  video: boolean,
  picture: boolean,
  code: number,
][] = [
  [CS_EVENT_VIDEO_REQ, true, false, 1],
  [CS_EVENT_VIDEO_REQ, false, true, 0],
  [CS_EVENT_PIC_REQ, true, false, 0],
  [CS_EVENT_PIC_REQ, false, true, 1],
  [CS_EVENT_VIDEO_OR_PIC_REQ, true, false, 1],
  [CS_EVENT_VIDEO_OR_PIC_REQ, false, true, 1],
  [CS_EVENT_VIDEO_OR_PIC_REQ, false, false, 0],
]
for (const [rule, video, picture, code] of COMPLETION)
  test(`${iv_cs_event_report_opt_e[rule]}: video ${video}, picture ${picture}: result ${code}`, async () => {
    const bench = new EventBench({ rule, picture: PICTURE })
    bench.putOutcome = picture ? 'ok' : 'never'
    bench.events.start(1, null)
    await bench.live(1000)
    bench.events.stop(1, null)
    if (video) await bench.acknowledge()
    await bench.clock.advance(6000)
    assert.equal(bench.results[0]?.result_code, code)
    assert.equal(bench.told.filter((line) => line.startsWith('picture')).length, 1)
  })

test('the result comes at the latest upload and reply time-out after the stop, once', async () => {
  const bench = await startedBench({ picture: PICTURE })
  bench.putOutcome = 'never'
  bench.startCode = undefined
  bench.stopCode = undefined
  await bench.live(1000)
  bench.events.stop(1, 'et=1;')
  await bench.clock.advance(10_999)
  assert.equal(bench.results.length, 0)
  await bench.clock.advance(1)
  assert.equal(bench.results[0]?.result_code, 0)
  bench.stopCode = 0
  await bench.clock.advance(600_000)
  assert.equal(bench.results.length, 1)
})

test('the end of an event goes on being told to a cloud in trouble; the result is not given again', async () => {
  const bench = await startedBench()
  bench.stopCode = 500
  await bench.live(1000)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  await bench.clock.advance(5000)
  assert.deepEqual(
    bench.results.map((result) => result.result_code),
    [0],
  )
  const asked = bench.stops.length
  bench.stopCode = 0
  await bench.clock.advance(60_000)
  assert.equal(bench.stops.length, asked + 1)
  assert.equal(bench.results.length, 1)
})

test('an event whose report is refused has failed', async () => {
  const bench = await startedBench()
  bench.stopCode = 400
  await bench.live(1000)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.equal(bench.results[0]?.result_code, 0)
})

test('a picture that did not get there in time is handed back exactly once, with an error', async () => {
  const bench = new EventBench({ picture: PICTURE })
  bench.putOutcome = 'retry'
  bench.events.start(1, null)
  await bench.live(1000)
  bench.events.stop(1, null)
  await bench.acknowledge()
  await bench.clock.advance(60_000)
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'picture 4 -613', 'result 1 1'])
  assert.equal(bench.stops[0]?.picture, 'failed')
})

test('a running event survives a dead line: the start is told when it is back', async () => {
  const bench = new EventBench({ picture: PICTURE })
  bench.startCode = 500
  bench.events.start(1, null)
  await bench.live(3000)
  assert.equal(bench.puts, 0)
  bench.startCode = 0
  await bench.live(30_000)
  assert.deepEqual(bench.told, ['capture 1', 'start', 'picture 4 0'])
})

test('the cloud knows of no plan at the start: it is asked for', async () => {
  const bench = new EventBench()
  bench.startCode = 402
  bench.events.start(1, null)
  await settle()
  assert.equal(bench.planQuestions, 1)
})

test('AI types travel with both messages', async () => {
  const bench = new EventBench()
  bench.ai = 1
  bench.events.start(1, null)
  await bench.live(500)
  bench.ai = 0
  bench.events.stop(1, null)
  await bench.acknowledge()
  assert.deepEqual([bench.starts[0]?.ai, bench.stops[0]?.ai], [1, 1])
})

// ── plan ────────────────────────────────────────────────────────────────────────────────────────────

test('without a plan no event starts; with one none starts by itself', async () => {
  const bench = new EventBench({ plan: NO_PLAN })
  assert.equal(bench.events.start(1, null).code, IV_ERR_CS_APPLY_NO_SERVICE)
  bench.plan(EVENT_PLAN)
  await settle()
  assert.deepEqual(bench.told, [])
  assert.equal(bench.events.start(1, null).code, IV_ERR_NONE)
})

test('a plan that ends during events gives stop and their results', async () => {
  const bench = await startedBench()
  bench.events.start(2, null)
  await bench.live(2000)
  bench.plan(NO_PLAN)
  await bench.acknowledge()
  assert.deepEqual(bench.told, [
    'capture 1',
    'start',
    'capture 2',
    'stop',
    'result 1 1',
    'result 2 1',
  ])
  assert.equal(bench.events.stop(1, 'et=1;').code, IV_ERR_CS_EVENT_IS_VALID)
})

test('an event goes on without a callback when the plan turns to full time and back', async () => {
  const bench = await startedBench()
  await bench.live(1000)
  bench.plan(FULL_PLAN)
  await bench.live(1000)
  bench.plan(EVENT_PLAN)
  await bench.live(1000)
  assert.deepEqual(bench.told, ['capture 1', 'start'])
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.deepEqual(bench.told.slice(2), ['stop', 'result 1 1'])
  assert.equal(bench.recording.frames.length, 75)
})

const TRIAL = iv_cs_type_e.CS_TYPE_FREE_TRIAL

test('a trial gives neither callback on activation; what the cloud says is left is passed on before the result', async () => {
  const bench = await startedBench({ plan: planOf(TRIAL, 60) })
  bench.trialSec = 58
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  assert.deepEqual(bench.trialLeft, [58])
  assert.equal(bench.results[0]?.result_code, 1)
})

test('a trial that is used up during an event gives stop and a result, and no further event', async () => {
  const bench = await startedBench({ plan: planOf(TRIAL, 3) })
  for (let s = 0; s < 4; s++) {
    await bench.live(1000)
    bench.events.tick()
  }
  await bench.acknowledge()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'result 1 1'])
  assert.equal(bench.events.start(2, null).code, IV_ERR_CS_APPLY_NO_SERVICE)
  bench.plan(planOf(TRIAL, 0))
  assert.equal(bench.events.start(2, null).code, IV_ERR_CS_APPLY_NO_SERVICE)
  bench.plan(planOf(TRIAL, 10))
  assert.equal(bench.events.start(2, null).code, IV_ERR_NONE)
})

test('video that the cloud has counted already is not counted again by the device', async () => {
  const bench = await startedBench({ plan: planOf(TRIAL, 5) })
  bench.events.start(2, null)
  await bench.live(3000)
  bench.events.stop(2, null)
  await settle()
  bench.plan(planOf(TRIAL, 2))
  await bench.live(1500)
  bench.events.tick()
  assert.equal(bench.recording.isOn, true)
  await bench.live(1000)
  bench.events.tick()
  assert.equal(bench.recording.isOn, false)
})

// ── leaving ─────────────────────────────────────────────────────────────────────────────────────────

test('leaving ends what runs, and its result is still waited for', async () => {
  const bench = await startedBench()
  await bench.live(1000)
  bench.events.finish()
  assert.equal(bench.events.isSettled, false)
  assert.equal(bench.events.start(2, null).code, IV_ERR_CS_APPLY_NO_SERVICE)
  await bench.acknowledge()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'result 1 1'])
  assert.equal(bench.events.isSettled, true)
})

test('closing gives every picture and every result that is due, and leaves no timer', async () => {
  const bench = new EventBench({ picture: PICTURE })
  bench.putOutcome = 'never'
  bench.stopCode = undefined
  bench.events.start(1, null)
  bench.events.start(2, null)
  await bench.live(1000)
  bench.events.finish()
  await bench.clock.advance(1000)
  bench.events.close()
  await settle()
  assert.deepEqual(bench.told.slice(0, 4), ['capture 1', 'start', 'capture 2', 'stop'])
  assert.deepEqual(bench.told.slice(4).sort(), [
    'picture 4 -613',
    'picture 4 -613',
    'result 1 0',
    'result 2 0',
  ])
  assert.equal(bench.clock.timers, 0)
})
