import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Group, Sample, SliceTracks } from '../../../cloud/server/export/sample.ts'
import { ExportTimeline } from '../../../cloud/server/export/timeline.ts'

const FRAME = 3600
const RATE = 16_000
const sample = (dts: number, isSync = false, duration = 0): Sample => ({
  data: new Uint8Array(4),
  dts,
  offset: 0,
  duration,
  isSync,
})
/** Four pictures at 25 Hz from a time on, and the sound of that time. */
const gop = (from: number, sound: number[] = []): Group => ({
  video: [0, 1, 2, 3].map((at) => sample(from + at * FRAME, at === 0)),
  audio: sound.map((dts) => sample(dts, true, 1024)),
})
const tracks = (entry = 1, audio = 2): SliceTracks => ({
  video: { timescale: 90_000, entry: Uint8Array.of(entry) },
  audio: audio === 0 ? undefined : { timescale: RATE, entry: Uint8Array.of(audio) },
})
const times = (samples: readonly Sample[] = []) =>
  samples.map(({ dts, duration }) => [dts, duration])

test('what hangs together keeps its times, from 0 on; the last picture lasts as long as the one before', () => {
  const timeline = new ExportTimeline()
  const start = 2 ** 33 - FRAME
  assert.equal(timeline.add(gop(start), tracks(), false), undefined)
  const first = timeline.add(gop(start + 4 * FRAME + 900), tracks(), false)
  assert.deepEqual(times(first?.video), [
    [0, FRAME],
    [FRAME, FRAME],
    [2 * FRAME, FRAME],
    [3 * FRAME, FRAME + 900],
  ])
  assert.deepEqual(times(timeline.end()?.video).at(-1), [7 * FRAME + 900, FRAME])
  assert.equal(timeline.durationTicks, 8 * FRAME + 900)
  assert.equal(timeline.cuts, 0)
})

test('a break, a hole and a step back are cut out', () => {
  for (const [next, isBreak] of [
    [4 * FRAME, true],
    [900_000, false],
    [0, false],
  ] as const) {
    const timeline = new ExportTimeline()
    timeline.add(gop(0), tracks(), false)
    timeline.add(gop(next), tracks(), isBreak)
    assert.equal(timeline.end()?.video[0]?.dts, 4 * FRAME)
    assert.equal(timeline.cuts, 1)
    assert.equal(timeline.durationTicks, 8 * FRAME)
  }
})

test('a camera of a picture every five seconds has no holes', () => {
  const timeline = new ExportTimeline()
  const slow = (from: number): Group => ({
    video: [0, 1].map((at) => sample(from + at * 450_000, at === 0)),
    audio: [],
  })
  timeline.add(slow(0), tracks(), false)
  timeline.add(slow(900_000), tracks(), false)
  timeline.end()
  assert.equal(timeline.cuts, 0)
  assert.equal(timeline.durationTicks, 1_800_000)
})

test('sound: before the file it is left out, twice it is left out, rounding is smoothed, a hole stays', () => {
  const timeline = new ExportTimeline()
  // the first picture is at one second: 16000 ticks of sound
  timeline.add(gop(90_000, [15_500, 16_001, 17_024, 20_000]), tracks(), false)
  const first = timeline.add(gop(90_000 + 4 * FRAME, [20_500, 22_048]), tracks(), false)
  assert.deepEqual(times(first?.audio), [
    [0, 1024],
    [1024, 2976],
    // lasts until the next one, in the next GOP
    [4000, 2048],
  ])
  assert.deepEqual(times(timeline.end()?.audio), [[6048, 1024]])
})

test('other settings are refused with what has changed', () => {
  const cases: [SliceTracks, RegExp][] = [
    [tracks(9), /settings change/],
    [tracks(1, 0), /sound comes or goes/],
    [tracks(1, 9), /format of the sound/],
  ]
  for (const [changed, message] of cases) {
    const timeline = new ExportTimeline()
    timeline.add(gop(0), tracks(), false)
    assert.throws(() => timeline.add(gop(4 * FRAME), changed, false), message)
  }
})
