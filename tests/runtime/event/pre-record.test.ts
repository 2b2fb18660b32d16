import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBench, FULL_PLAN, settle } from '../../support/event-bench.ts'

/** Pushes kept pictures, 25 a second, from a UTC on; true while all of them were recorded. */
const burst = (bench: EventBench, fromMs: number, toMs: number): boolean => {
  let all = true
  for (let utcMs = fromMs; utcMs <= toMs; utcMs += 40)
    all = bench.recording.push(utcMs, (utcMs - fromMs) % 1000 === 0) && all
  return all
}

test('the first frame stands for the stream’s start; the event keeps its own', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  assert.equal(bench.recording.window.startUtcMs, nowMs - 15_000)
  assert.deepEqual(
    [bench.starts[0]?.startMs, bench.starts[0]?.videoStartMs],
    [nowMs, nowMs - 15_000],
  )
})

test('a stop after the burst has caught up is immediate', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  assert.ok(burst(bench, nowMs - 15_000, nowMs))
  await bench.live(1000)
  bench.events.stop(1, null)
  await bench.acknowledge()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'result 1 1'])
  assert.equal(bench.stops[0]!.videoEndMs - bench.stops[0]!.videoStartMs, 16_000)
})

test('a stop during the catch-up: the stop callback follows the frame that reaches the stop', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  burst(bench, nowMs - 15_000, nowMs - 10_000)
  bench.events.stop(1, null)
  await settle()
  burst(bench, nowMs - 9960, nowMs - 40)
  await settle()
  assert.deepEqual(bench.told, ['capture 1', 'start'], 'still behind')
  assert.equal(
    bench.recording.push(nowMs),
    false,
    'the frame that reaches the stop is not part of it',
  )
  await settle()
  await bench.acknowledge()
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'result 1 1'])
})

test('a stop during the catch-up that the app does not finish: 10 s, then the stop callback', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  burst(bench, nowMs - 15_000, nowMs - 10_000)
  bench.events.stop(1, null)
  await bench.clock.advance(9999)
  assert.deepEqual(bench.told, ['capture 1', 'start'])
  await bench.clock.advance(1)
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop'])
})

test('the stream’s stop trims: frames from it on are not recorded', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  burst(bench, nowMs - 15_000, nowMs - 12_000)
  bench.events.stop(1, null, [0, 10])
  await settle()
  burst(bench, nowMs - 11_960, nowMs)
  await bench.acknowledge()
  assert.equal(bench.recording.window.lastUtcMs, nowMs - 10_040)
  assert.equal(bench.stops[0]?.videoEndMs, nowMs - 10_000)
  assert.equal(bench.stops[0]?.endMs, nowMs)
  assert.equal(bench.stops[0]?.video, 'whole')
})

test('a stop of the stream in what is recorded already ends there', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  burst(bench, nowMs - 15_000, nowMs)
  bench.events.stop(1, null, [0, 5])
  await settle()
  const end = bench.recording.frames.find((frame) => frame.utcMs > nowMs - 5000)!.position
  await bench.acknowledge(end)
  assert.deepEqual([bench.results[0]?.result_code, bench.stops[0]?.video], [1, 'whole'])
})

test('a live camera that stalls is not waited for', async () => {
  const bench = new EventBench()
  bench.events.start(1, null)
  await bench.live(1000)
  await bench.clock.advance(5000)
  bench.events.stop(1, null)
  await settle()
  assert.equal(bench.told.at(-1), 'stop')
})

test('only the first of parallel events pre-records: a later one’s video begins with the recording', async () => {
  const bench = new EventBench()
  bench.events.start(1, null)
  await bench.live(2000)
  const firstMs = bench.recording.window.firstUtcMs
  bench.events.start(2, null, [0, 60])
  await settle()
  assert.equal(bench.starts[1]?.videoStartMs, firstMs)
  assert.deepEqual(bench.told, ['capture 1', 'start', 'capture 2'])
})

test('on a full-time plan earlier video is there already', async () => {
  const bench = new EventBench({ plan: FULL_PLAN })
  await bench.live(20_000)
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await bench.live(1000)
  bench.events.stop(1, null)
  await bench.acknowledge()
  assert.equal(bench.starts[0]?.videoStartMs, nowMs - 15_000)
  assert.deepEqual([bench.results[0]?.result_code, bench.stops[0]?.video], [1, 'whole'])
})

test('an event that joins during a catch-up keeps the recording on', async () => {
  const bench = new EventBench()
  const nowMs = bench.clock.nowMs()
  bench.events.start(1, null, [0, 15])
  await settle()
  burst(bench, nowMs - 15_000, nowMs - 10_000)
  bench.events.stop(1, null)
  bench.events.start(2, null)
  await settle()
  assert.ok(burst(bench, nowMs - 9960, nowMs + 40), 'nothing is cut off')
  await bench.live(1000)
  assert.deepEqual(bench.told, ['capture 1', 'start', 'capture 2'])
  bench.events.stop(2, null)
  await bench.acknowledge()
  assert.deepEqual(bench.told.slice(3), ['stop', 'result 1 1', 'result 2 1'])
})
