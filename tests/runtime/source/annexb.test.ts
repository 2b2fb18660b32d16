import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  ACCESS_UNIT_MAX_BYTES,
  AccessUnitSplitter,
  readAccessUnits,
  type VideoCodec,
} from '../../../runtime/source/annexb.ts'
import { videoClip, videoFrameMd5s } from '../../support/ffmpeg.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../../support/media.ts'
import { random } from '../../support/random.ts'
import { needTool } from '../../support/tools.ts'

type Unit = { bytes: Buffer; offset: number; key: boolean }

const chunksOf = function* (bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const split = async (bytes: Uint8Array, codec: VideoCodec, chunk = 65536): Promise<Unit[]> => {
  const units: Unit[] = []
  const splitter = new AccessUnitSplitter(codec)
  for await (const unit of readAccessUnits(chunksOf(bytes, chunk), splitter))
    units.push({ bytes: Buffer.from(unit.data), offset: unit.offset, key: unit.key })
  return units
}

const nals = (...units: (number[] | string)[]): Buffer =>
  Buffer.concat(
    units.map((unit) =>
      typeof unit === 'string' ? Buffer.from(unit, 'hex') : Buffer.from([0, 0, 1, ...unit]),
    ),
  )

// first_mb_in_slice 0 (1), slice_type 7 (0001000), pic_parameter_set_id 0 (1)
const SLICE_FIRST = [0x88, 0x80]
// first_mb_in_slice 1 (010), slice_type 7 (0001000), pic_parameter_set_id 0 (1)
const SLICE_MORE = [0x42, 0x20]

/** Hand-made streams without parameter sets: sizes of the units that must come out. */
const H264_CASES: { name: string; stream: Buffer; sizes: number[]; keys: boolean[] }[] = [
  {
    name: 'two slices of one picture, then another',
    stream: nals([0x65, ...SLICE_FIRST], [0x65, ...SLICE_MORE], [0x41, ...SLICE_FIRST]),
    sizes: [12, 6],
    keys: [true, false],
  },
  {
    name: 'AUD begins a unit',
    stream: nals([9, 0xf0], [0x41, ...SLICE_FIRST], [9, 0xf0], [0x41, ...SLICE_FIRST]),
    sizes: [11, 11],
    keys: [false, false],
  },
  {
    name: 'parameter sets and SEI behind a slice belong to the next picture',
    stream: nals([0x41, ...SLICE_FIRST], [0x67, 1], [0x68, 1], [6, 1], [0x65, ...SLICE_FIRST]),
    sizes: [6, 21],
    keys: [false, true],
  },
  {
    name: 'filler and end of sequence belong to the picture before',
    stream: nals([0x41, ...SLICE_FIRST], [12, 0xff, 0x80], [10], [0x41, ...SLICE_FIRST]),
    sizes: [16, 6],
    keys: [false, false],
  },
  {
    name: 'four-byte start codes and trailing zeros',
    stream: nals('0000000141888000000000000001418880'),
    sizes: [10, 7],
    keys: [false, false],
  },
  {
    name: 'garbage before the first start code is dropped',
    stream: nals('ffeedd', [0x41, ...SLICE_FIRST]),
    sizes: [6],
    keys: [false],
  },
  { name: 'empty', stream: Buffer.alloc(0), sizes: [], keys: [] },
  { name: 'no start code', stream: Buffer.from('112233', 'hex'), sizes: [], keys: [] },
]

const H265_CASES: typeof H264_CASES = [
  {
    name: 'segments by first_slice_segment_in_pic_flag',
    stream: nals([0x26, 1, 0x80], [0x26, 1, 0x20], [2, 1, 0x80]),
    sizes: [12, 6],
    keys: [true, false],
  },
  {
    name: 'parameter sets begin a unit, suffix SEI ends one',
    stream: nals([2, 1, 0x80], [0x50, 1, 1], [0x40, 1, 1], [0x42, 1, 1], [0x2a, 1, 0x80]),
    sizes: [12, 18],
    keys: [false, true],
  },
  {
    name: 'units of other layers never begin one',
    stream: nals([2, 1, 0x80], [2, 9, 0x80], [2, 1, 0x80]),
    sizes: [12, 6],
    keys: [false, false],
  },
]

for (const [codec, cases] of [
  ['h264', H264_CASES],
  ['h265', H265_CASES],
] as const)
  for (const { name, stream, sizes, keys } of cases)
    for (const chunk of [1, 2, 3, 7, 65536])
      test(`${codec}: ${name} (chunks of ${chunk})`, async () => {
        const units = await split(stream, codec, chunk)
        assert.deepEqual(
          units.map((unit) => unit.bytes.length),
          sizes,
        )
        assert.deepEqual(
          units.map((unit) => unit.key),
          keys,
        )
      })

test('a stream that never ends a picture is refused, not kept', async () => {
  const garbage = Buffer.alloc(1024 * 1024, 0xaa)
  const endless = function* (): Generator<Uint8Array> {
    yield nals([0x65, ...SLICE_FIRST])
    for (let at = 0; at <= ACCESS_UNIT_MAX_BYTES; at += garbage.length) yield garbage
  }
  await assert.rejects(async () => {
    for await (const _ of readAccessUnits(endless(), new AccessUnitSplitter('h264')));
  }, /limit is 16777216 bytes/)
})

for (const stream of MEDIA_STREAMS)
  test(`${stream.name}: one unit per picture that ffmpeg decodes, and no byte lost`, {
    skip: needMedia(stream.name) || needTool('ffmpeg'),
  }, async () => {
    const path = mediaPath(stream.name)
    const bytes = readFileSync(path)
    const units = await split(bytes, stream.codec)
    assert.equal(units.length, videoFrameMd5s(path).length)
    assert.deepEqual(Buffer.concat(units.map((unit) => unit.bytes)), bytes)
    assert.equal(units[0]!.key, true)
    for (const chunk of [997, bytes.length])
      assert.deepEqual(await split(bytes, stream.codec, chunk), units)
  })

test('slices, AUDs and VUI timing of camera-like clips', { skip: needTool('ffmpeg') }, async () => {
  for (const codec of ['h264', 'h265'] as const)
    for (const params of ['slices=4:aud=1', 'slices=1:repeat-headers=1']) {
      const path = videoClip({ codec, fps: '30000/1001', frames: 30, gop: 10, params })
      const splitter = new AccessUnitSplitter(codec)
      let count = 0
      let keys = 0
      for await (const unit of readAccessUnits([readFileSync(path)], splitter)) {
        count++
        if (unit.key) keys++
      }
      assert.equal(count, 30)
      assert.equal(keys, 3)
      assert.ok(Math.abs(splitter.fps! - 30000 / 1001) < 1e-9)
    }
})

test('random bytes: nothing is lost after the first start code, whatever the chunks', async () => {
  const next = random(0x5eed)
  for (let i = 0; i < 500; i++) {
    const bytes = Uint8Array.from({ length: 200 + Math.floor(next() * 2000) }, () =>
      next() < 0.5 ? Math.floor(next() * 2) : Math.floor(next() * 256),
    )
    for (const codec of ['h264', 'h265'] as const) {
      const whole = await split(bytes, codec)
      const joined = Buffer.concat(whole.map((unit) => unit.bytes))
      assert.deepEqual(joined, Buffer.from(bytes.subarray(bytes.length - joined.length)))
      assert.deepEqual(await split(bytes, codec, 1 + Math.floor(next() * 50)), whole)
    }
  }
})
