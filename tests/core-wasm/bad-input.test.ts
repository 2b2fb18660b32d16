import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_AAC, FORMAT_FMP4, FORMAT_TS, statusName, VIDEO_NONE } from '../../core-wasm/index.ts'
import { annexB, concat } from '../assembly/bit-writer.ts'
import * as h264 from '../assembly/h264/build.ts'
import * as h265 from '../assembly/h265/build.ts'
import { adts } from '../fuzz/seeds.ts'
import { bareIdr, idr, idr265, openCore, p, p265, push } from './synthetic.ts'

const slice = h264.buildSlice
const bytes = (length: number, value: number) => new Uint8Array(length).fill(value)

/** What is pushed after a good IDR, what it gives, and whether the P frame behind it is still accepted. */
const cases: [name: string, frame: Uint8Array, status: string, pGoesOn: boolean][] = [
  ['an empty frame', bytes(0, 0), 'PICTURE_EMPTY', true],
  ['garbage bytes', bytes(500, 0x99), 'PICTURE_NO_START_CODE', false],
  ['zeros', bytes(500, 0), 'PICTURE_NO_START_CODE', false],
  ['a start code alone', Uint8Array.of(0, 0, 0, 1), 'PICTURE_NONE', false],
  ['garbage in front of a start code', concat([1, 2, 3], p()), 'PICTURE_NO_START_CODE', false],
  [
    'parameter sets without a picture',
    annexB([h264.buildSps(), h264.buildPps()]),
    'PICTURE_NONE',
    false,
  ],
  [
    'forbidden_zero_bit',
    annexB([concat([0x80 | 0x41], slice().slice(1))]),
    'PICTURE_MALFORMED',
    false,
  ],
  ['a B slice', annexB([slice({ type: 6 })]), 'PICTURE_B_SLICE', false],
  [
    'a B slice behind a P slice',
    annexB([slice(), slice({ type: 1, firstMb: 3 })]),
    'PICTURE_B_SLICE',
    false,
  ],
  [
    'two pictures',
    annexB([slice({ frameNum: 1 }), slice({ frameNum: 2 })]),
    'PICTURE_SEVERAL',
    false,
  ],
  [
    'two access units with delimiters',
    annexB([h264.AUD, slice(), h264.AUD, slice({ frameNum: 2 })]),
    'PICTURE_SEVERAL',
    false,
  ],
  ['an unknown PPS', annexB([slice({ pps: 9 })]), 'PICTURE_NO_PARAMETER_SETS', false],
  ['another size', idr(400, h264.buildSps({ widthMbs: 8 })), 'PICTURE_FORMAT_CHANGED', false],
  ['another profile', idr(400, h264.buildSps({ profile: 77 })), 'PICTURE_FORMAT_CHANGED', false],
  ['H.265', idr265(), 'PICTURE_FORMAT_CHANGED', false],
  [
    'a broken SPS',
    annexB([Uint8Array.of(0x67, 66), slice({ idr: true })]),
    'H264_SPS_MALFORMED',
    false,
  ],
  ['a broken slice header', annexB([Uint8Array.of(0x41)]), 'H264_SLICE_MALFORMED', false],
  ['a frame larger than the ring', idr(1 << 19), 'RING_TOO_SMALL', false],
  [
    '1025 units',
    annexB([...Array(1025).fill(Uint8Array.of(6, 1, 1, 0x80)), slice()]),
    'PICTURE_TOO_MANY_UNITS',
    false,
  ],
  [
    'an SPS beyond the cache',
    annexB([concat(h264.buildSps(), bytes(1024, 0x80)), slice({ idr: true })]),
    'PICTURE_SETS_TOO_LARGE',
    false,
  ],
]

for (const format of [FORMAT_TS, FORMAT_FMP4])
  for (const [name, frame, status, pGoesOn] of cases)
    test(`${format === FORMAT_TS ? 'TS' : 'fMP4'}: ${name}`, async () => {
      const core = await openCore({ format })
      assert.equal(push(core, idr(), 0, true), 'OK')
      const { head } = core
      assert.equal(push(core, frame, 40), status)
      assert.equal(core.lastStatus < 0, true)
      if (format === FORMAT_TS) assert.equal(core.head, head, 'nothing of it is in the stream')
      // a later frame is refused until the next IDR, which works
      assert.equal(push(core, p(200, 2), 80), pGoesOn ? 'OK' : 'PICTURE_NEED_IDR')
      assert.equal(push(core, idr(), 120, true), 'OK')
      assert.equal(push(core, p(), 160), 'OK')
      assert.equal(
        Object.entries(core.counters()).filter(([key, n]) => key.startsWith('refused') && n > 0)
          .length,
        pGoesOn ? 1 : 2,
      )
    })

test('a P frame first', async () => {
  const core = await openCore()
  assert.equal(push(core, p(), 0), 'PICTURE_NEED_IDR')
  assert.equal(push(core, bareIdr(), 40, true), 'PICTURE_NO_PARAMETER_SETS')
  assert.equal(push(core, idr(), 80, true), 'OK')
})

test('NAL units decide, a wrong frame type is counted', async () => {
  const core = await openCore()
  assert.equal(push(core, idr(), 0, false), 'OK')
  assert.equal(push(core, p(), 40, true), 'OK')
  assert.equal(core.counters().wrongFrameType, 2)
})

test('an IDR without parameter sets gets the cached ones, counted', async () => {
  for (const format of [FORMAT_TS, FORMAT_FMP4]) {
    const core = await openCore({ format })
    push(core, idr(), 0, true)
    assert.equal(push(core, bareIdr(), 40, true), 'OK')
    assert.equal(core.counters().insertedParameterSets, 1)
    core.closeFragment()
    if (format !== FORMAT_TS) continue
    const sps = Buffer.concat([Buffer.from([0, 0, 0, 1]), h264.buildSps()])
    const stream = Buffer.concat(core.span(core.tail, core.head - core.tail))
    assert.equal(stream.indexOf(sps, stream.indexOf(sps) + 1) > 0, true, 'the SPS is there twice')
  }
})

test('addresses outside of memory, and inside the ring without reservation', async () => {
  const core = await openCore()
  const end = core.memory.buffer.byteLength
  for (const [address, length] of [
    [end, 1],
    [end - 1, 2],
    [-1, 1],
    [0x7fffffff, 0x7fffffff],
    [core.addressOf(0), 10],
  ] as const)
    assert.equal(statusName(core.pushVideo(address, length, 0, 0, 0, 0)), 'RING_ADDRESS')
  assert.equal(push(core, idr(), 0, true), 'OK')
})

test('times that are no times', async () => {
  const core = await openCore()
  for (const time of [Number.NaN, -1, Number.POSITIVE_INFINITY, 2 ** 53]) {
    assert.equal(statusName(core.copyVideo(idr(), time, 0, 0, 0)), 'TIME_RANGE')
    assert.equal(statusName(core.copyVideo(idr(), 0, time, 0, 0)), 'TIME_RANGE')
  }
  assert.equal(push(core, idr(), 0, true), 'OK')
})

test('tracks that are not configured', async () => {
  const video = await openCore()
  assert.equal(statusName(video.copyAudio(adts(10), 0, 0, 0)), 'AUDIO_NOT_CONFIGURED')
  const sound = await openCore({ videoCodec: VIDEO_NONE, audioInput: AUDIO_AAC })
  assert.equal(push(sound, idr(), 0, true), 'PICTURE_NOT_CONFIGURED')
})

test('H.265: RASL behind a CRA start is dropped, B slices and broken headers are refused', async () => {
  const core = await openCore({ videoCodec: 1 })
  assert.equal(push(core, p265(), 0), 'PICTURE_NEED_IDR')
  assert.equal(push(core, idr265(h265.CRA), 40, true), 'OK')
  assert.equal(
    push(core, annexB([h265.buildSegment({ nalType: h265.RASL_R, type: 0 })]), 80),
    'NOTICE_RASL_DROPPED',
  )
  assert.equal(push(core, p265(), 120), 'OK')
  assert.equal(core.counters().droppedRasl, 1)
  assert.equal(push(core, annexB([h265.buildSegment({ type: 0 })]), 160), 'PICTURE_B_SLICE')
  assert.equal(push(core, idr265(), 200, true), 'OK')
  assert.equal(
    push(core, annexB([h265.buildSegment(), h265.buildSegment()]), 240),
    'PICTURE_SEVERAL',
  )
  assert.equal(push(core, idr265(), 280, true), 'OK')
  assert.equal(push(core, annexB([h265.buildSegment({ first: false })]), 320), 'PICTURE_MALFORMED')
  assert.equal(push(core, idr(), 360, true), 'PICTURE_FORMAT_CHANGED')
})
