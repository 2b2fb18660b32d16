import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as abi from '../../core-wasm/abi.gen.ts'
import {
  type Core,
  FORMAT_FMP4,
  FORMAT_TS,
  SliceRecord,
  UnitRecord,
} from '../../core-wasm/index.ts'
import { annexB, BitWriter, concat } from '../assembly/bit-writer.ts'
import { buildPps, buildSlice, buildSps } from '../assembly/h264/build.ts'
import { idr, openCore, p, push, pushMany, UTC } from './synthetic.ts'

const slices = (core: Core): SliceRecord[] =>
  [...Array(core.nextSlice).keys()].map((n) => core.slice(n, new SliceRecord())!)
const units = (core: Core): UnitRecord[] =>
  [...Array(core.nextUnit).keys()].map((n) => core.unit(n, new UnitRecord())!)

const formats: [name: string, format: number][] = [
  ['TS', FORMAT_TS],
  ['fMP4', FORMAT_FMP4],
]

for (const [name, format] of formats) {
  test(`${name}: a slice ends at the first IDR at least 10 s after its start`, async () => {
    const core = await openCore({ format, ringBytes: 1 << 22 })
    pushMany(core, 0, 1000, 75) // a GOP of 3 s: cuts at 12 s, 24 s, 36 s
    core.flush(abi.CLOSED_STOP)
    const all = slices(core)
    assert.deepEqual(
      all.map((slice) => [slice.ptsMsA, slice.closed]),
      [
        [0, abi.CLOSED_IDR],
        [12_000, abi.CLOSED_IDR],
        [24_000, abi.CLOSED_IDR],
        [36_000, abi.CLOSED_STOP],
      ],
    )
    assert.deepEqual(
      all.map((slice) => slice.videoFrames),
      [300, 300, 300, 100],
    )
    assert.deepEqual(
      all.map((slice) => slice.seqA),
      [0, 300, 600, 900],
    )
    assert.deepEqual(
      all.map((slice) => slice.discontinuity),
      [false, false, false, false],
    )
    all.forEach((slice, index) => {
      assert.equal(slice.start, index === 0 ? 0 : all[index - 1]!.end, 'no byte between slices')
      assert.equal(slice.utcMsA, UTC + slice.ptsMsA)
      assert.equal(slice.ptsMsB, slice.ptsMsA + 40 * (slice.videoFrames - 1))
    })
    assert.equal(all.at(-1)!.end, core.head)
  })

  test(`${name}: without an IDR a slice ends after 60 s, and the next frame must be one`, async () => {
    const core = await openCore({ format, ringBytes: 1 << 22 })
    push(core, idr(), 0, true)
    let pts = 40
    while (push(core, p(60), pts) === 'OK') pts += 40
    assert.equal(pts, 60_000)
    assert.equal(slices(core)[0]!.closed, abi.CLOSED_NO_IDR)
    assert.equal(push(core, p(60), pts + 40), 'PICTURE_NEED_IDR')
    assert.equal(push(core, idr(), pts + 80, true), 'OK')
    assert.equal(core.nextSlice, 2)
  })

  test(`${name}: units tile a slice, the first starts with an IDR`, async () => {
    const core = await openCore({ format, ringBytes: 1 << 22 })
    pushMany(core, 1000, 260, 50)
    core.flush(abi.CLOSED_STOP)
    const all = units(core)
    all.forEach((unit, index) => {
      assert.ok(unit.closed)
      assert.equal(unit.start, index === 0 ? 0 : all[index - 1]!.end)
      assert.equal(unit.utcMs, UTC + unit.ptsMs)
    })
    assert.equal(
      all.reduce((sum, unit) => sum + unit.videoFrames, 0),
      260,
    )
    assert.equal(
      all.reduce((sum, unit) => sum + unit.durationMs, 0),
      260 * 40,
    )
    assert.deepEqual(
      all.filter((unit) => unit.idr).map((unit) => unit.ptsMs),
      [1000, 3000, 5000, 7000, 9000, 11_000],
    )
  })

  for (const [reason, why] of [
    ['stop', abi.CLOSED_STOP],
    ['pause', abi.CLOSED_PAUSE],
    ['clock', abi.CLOSED_CLOCK],
    ['format', abi.CLOSED_FORMAT],
  ] as const)
    test(`${name}: flush for ${reason} ends the slice; the next is marked`, async () => {
      const core = await openCore({ format })
      pushMany(core, 0, 10)
      assert.equal(core.flush(why), 0)
      assert.equal(slices(core)[0]!.closed, why)
      assert.equal(slices(core)[0]!.end, core.head)
      assert.equal(push(core, p(), 400), 'PICTURE_NEED_IDR')
      assert.equal(push(core, idr(), 5, true), 'NOTICE_DISCONTINUITY', 'time may start anew')
      assert.equal(slices(core)[1]!.discontinuity, true)
    })
}

test('fMP4: a fragment closes at 500 ms, at an IDR, and when the host says so', async () => {
  const core = await openCore({ format: FORMAT_FMP4 })
  pushMany(core, 0, 30, 25) // frames at 0..1160, IDR at 0 and 1000
  assert.deepEqual(
    units(core)
      .filter((unit) => unit.closed)
      .map((unit) => [unit.ptsMs, unit.videoFrames]),
    [
      [0, 13],
      [520, 12],
    ],
  )
  core.closeFragment()
  assert.deepEqual(
    units(core).map((unit) => [unit.ptsMs, unit.videoFrames, unit.durationMs]),
    [
      [0, 13, 520],
      [520, 12, 480],
      [1000, 5, 200],
    ],
  )
})

test('fMP4: new parameter sets of the same format end the slice and make another init segment', async () => {
  const core = await openCore({ format: FORMAT_FMP4 })
  const other = annexB([buildSps({ level: 31 }), buildPps(), buildSlice({ idr: true })])
  push(core, idr(), 0, true)
  push(core, p(), 40)
  assert.equal(push(core, other, 80, true), 'OK')
  core.closeFragment()
  assert.deepEqual(
    slices(core).map((slice) => [slice.closed, slice.init]),
    [
      [abi.CLOSED_FORMAT, 0],
      [0, 1],
    ],
  )
  const [first, second] = [core.initSegment(0), core.initSegment(1)]
  assert.ok(
    first.length > 500 && second.length === first.length && Buffer.compare(first, second) !== 0,
  )
  assert.equal(core.initSegment(2).length, 0)
  assert.equal(core.initSegment(-1).length, 0)
})

test('a slice record outlives its bytes; the oldest give way to new ones', async () => {
  const core = await openCore({ sliceMinMs: 40, ringBytes: 1 << 20 })
  pushMany(core, 0, 100, 1)
  core.release(core.head)
  assert.equal(core.nextSlice, 100)
  assert.equal(core.firstSlice, 36)
  assert.equal(core.slice(35, new SliceRecord()), undefined)
  assert.equal(core.slice(99, new SliceRecord())!.number, 99)
})

test('a table full of slices that nobody released counts as a full ring', async () => {
  const core = await openCore({ sliceMinMs: 40, ringBytes: 1 << 20, fullPolicy: abi.POLICY_REFUSE })
  let pts = 0
  while (push(core, idr(), pts, true) === 'OK') pts += 40
  assert.equal(core.lastStatus, abi.RING_TABLE_FULL)
  assert.equal(core.nextSlice, abi.SLICE_CAPACITY)
  core.release(core.head)
  assert.equal(push(core, idr(), pts + 40, true), 'OK')
})

test('fMP4: new parameter sets in a P frame stay in its sample, and the next IDR starts a slice with them', async () => {
  const core = await openCore({ format: FORMAT_FMP4 })
  const pps = Buffer.from(buildPps({ id: 1 }))
  push(core, idr(), 0, true)
  assert.equal(push(core, annexB([pps, buildSlice({ pps: 1, frameNum: 1 })]), 40), 'OK')
  assert.equal(push(core, p(200, 2), 80), 'OK')
  assert.equal(push(core, idr(), 120, true), 'OK')
  core.closeFragment()
  const stream = Buffer.concat(core.span(0, core.head))
  const inSample = Buffer.concat([Buffer.from([0, 0, 0, pps.length]), pps])
  assert.ok(stream.includes(inSample), 'the sample carries the PPS')
  assert.ok(
    !Buffer.from(core.initSegment(0)).includes(pps),
    'the init segment of before does not know it',
  )
  assert.equal(core.counters().inbandParameterSets, 1)
})

test('both fields of a frame in one push are one access unit', async () => {
  const core = await openCore({ format: FORMAT_TS })
  const sps = buildSps({ profile: 77, frameMbsOnly: false })
  const field = (idrField: boolean, bottom: number) => {
    const w = new BitWriter()
    w.ue(0)
      .ue(idrField ? 7 : 5)
      .ue(0)
      .u(4, 0)
      .u(1, 1)
      .u(1, bottom)
    if (idrField) w.ue(0)
    return concat([0x60 | (idrField ? 5 : 1)], w.trailing().bytes(), new Uint8Array(30).fill(0x55))
  }
  assert.equal(
    push(core, annexB([sps, buildPps(), field(true, 0), field(false, 1)]), 0, true),
    'OK',
  )
  assert.equal(
    push(core, annexB([field(false, 0), field(false, 0)]), 40),
    'OK',
    'two slices of one field',
  )
  assert.equal(
    push(core, annexB([field(false, 0), field(false, 1), field(false, 0)]), 80),
    'PICTURE_SEVERAL',
  )
})
