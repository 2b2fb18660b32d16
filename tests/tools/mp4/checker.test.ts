import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Mp4Checker } from '../../../tools/mp4/checker.ts'
import { MP4_RULES, type Mp4RuleId } from '../../../tools/mp4/rules.ts'
import { adtsFrame, h264, h265 } from '../tiny-streams.ts'
import { AUDIO_ID, buildMp4, type Mp4Hooks, rawBox, VIDEO_ID } from './mp4-builder.ts'

const check = (bytes: Uint8Array, chunk = bytes.length): Mp4Checker => {
  const checker = new Mp4Checker()
  for (let at = 0; at < bytes.length; at += chunk) checker.push(bytes.subarray(at, at + chunk))
  checker.finish()
  return checker
}

const patch =
  (at: number, value: number | ((old: number) => number)) =>
  (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = typeof value === 'number' ? value : value(copy[at]!)
    return copy
  }

/** Changes the body of a box; `undefined` from `change` drops it. */
const inBox = (
  type: string,
  change: (body: Buffer) => Buffer | undefined,
  fragment?: number,
  track?: number,
): Mp4Hooks => ({
  box: (boxType, body, place) =>
    boxType === type &&
    (fragment === undefined || place.fragment === fragment) &&
    (track === undefined || place.track === track)
      ? change(body)
      : body,
})

const h265Box = (type: string, change: (body: Buffer) => Buffer | undefined): Mp4Hooks => ({
  codec: 'h265',
  ...inBox(type, change),
})
const append =
  (more: Buffer) =>
  (body: Buffer): Buffer =>
    Buffer.concat([body, more])
const nthNals = (n: number, change: (nals: Buffer[]) => Buffer[]): Mp4Hooks => ({
  nals: (nals, index) => (index === n ? change(nals) : nals),
})
/** Offsets in bodies: of the entry behind stsd's count, of avcC behind the fields of avc1. */
const at = {
  spsInAvcC: 8,
  esDescriptor: 4,
  esConfig: 9,
}

const MUTATIONS: {
  rule: Mp4RuleId
  name: string
  hooks?: Mp4Hooks
  bytes?: (good: Buffer) => Buffer
}[] = [
  {
    rule: 'box.size',
    name: 'cut in the last mdat',
    bytes: (good) => good.subarray(0, good.length - 5),
  },
  {
    rule: 'box.size',
    name: 'a box of 4 bytes',
    bytes: (good) => Buffer.concat([good, Buffer.from([0, 0, 0, 4, 1, 2, 3, 4])]),
  },
  {
    rule: 'box.size',
    name: 'half a box in moov',
    hooks: inBox('mvex', append(Buffer.from([0, 0, 0]))),
  },
  {
    rule: 'box.size',
    name: 'child larger than its parent',
    hooks: inBox(
      'dinf',
      patch(3, (b) => b + 1),
    ),
  },
  { rule: 'box.fields', name: 'mvhd too long', hooks: inBox('mvhd', append(Buffer.from([0]))) },
  {
    rule: 'box.fields',
    name: 'tfdt too short',
    hooks: inBox('tfdt', (body) => body.subarray(0, 8)),
  },
  {
    rule: 'box.fields',
    name: 'trun longer than its count',
    hooks: inBox('trun', append(Buffer.alloc(4))),
  },
  {
    rule: 'box.fields',
    name: 'tfhd longer than its flags',
    hooks: inBox('tfhd', append(Buffer.alloc(4))),
  },
  { rule: 'box.fields', name: 'hvcC too long', hooks: h265Box('hvcC', append(Buffer.from([0]))) },
  { rule: 'box.fields', name: 'ftyp of 13 bytes', hooks: inBox('ftyp', append(Buffer.from([1]))) },
  ...['ftyp', 'moov', 'mvhd', 'mdhd', 'hdlr', 'minf', 'stbl', 'stsd', 'mfhd', 'tfhd'].map(
    (type) => ({
      rule: 'box.required' as const,
      name: `no ${type}`,
      hooks: inBox(type, () => undefined),
    }),
  ),
  { rule: 'box.required', name: 'no avcC', hooks: inBox('avcC', () => undefined) },
  {
    rule: 'box.once',
    name: 'two mfhd',
    hooks: inBox('moof', append(rawBox('mfhd', Buffer.alloc(8)))),
  },
  {
    rule: 'box.once',
    name: 'two moov',
    hooks: { order: (boxes) => [boxes[0]!, boxes[1]!, ...boxes.slice(1)] },
  },
  {
    rule: 'box.order',
    name: 'moov first',
    hooks: { order: (boxes) => [boxes[1]!, boxes[0]!, ...boxes.slice(2)] },
  },
  {
    rule: 'box.order',
    name: 'mdat before moof',
    hooks: { order: (boxes) => [...boxes.slice(0, 3), boxes[4]!, boxes[3]!, ...boxes.slice(5)] },
  },
  { rule: 'box.order', name: 'no mdat', hooks: { order: (boxes) => boxes.slice(0, -1) } },
  {
    rule: 'box.unknown',
    name: 'xxxx at the top',
    bytes: (good) => Buffer.concat([good, rawBox('xxxx')]),
  },
  { rule: 'box.unknown', name: 'moov in moof', hooks: inBox('moof', append(rawBox('moov'))) },
  { rule: 'box.version', name: 'trun version 2', hooks: inBox('trun', patch(0, 2)) },
  {
    rule: 'box.version',
    name: 'unknown tf_flags',
    hooks: inBox(
      'tfhd',
      patch(2, (b) => b | 0x40),
    ),
  },
  { rule: 'box.version', name: 'mvhd version 2', hooks: inBox('mvhd', patch(0, 2)) },
  { rule: 'ftyp.brands', name: 'major brand not listed', hooks: inBox('ftyp', patch(3, 0x39)) },
  {
    rule: 'ftyp.brands',
    name: 'isom only',
    hooks: inBox('ftyp', () => Buffer.from('isom\0\0\0\0isommp41', 'latin1')),
  },
  {
    rule: 'mvhd.timescale',
    name: 'mvhd timescale 0',
    hooks: inBox('mvhd', (body) => patch(14, 0)(patch(15, 0)(body))),
  },
  {
    rule: 'mvhd.timescale',
    name: 'mdhd timescale 0',
    hooks: inBox('mdhd', (body) =>
      Buffer.concat([body.subarray(0, 12), Buffer.alloc(4), body.subarray(16)]),
    ),
  },
  { rule: 'mvhd.next-track', name: 'next_track_ID 2', hooks: inBox('mvhd', patch(99, 2)) },
  { rule: 'mvhd.duration', name: 'duration 7', hooks: inBox('mvhd', patch(19, 7)) },
  { rule: 'tkhd.id', name: 'track_ID 1 twice', hooks: inBox('tkhd', patch(15, 1), -1, AUDIO_ID) },
  { rule: 'tkhd.id', name: 'track_ID 0', hooks: inBox('tkhd', patch(15, 0), -1, VIDEO_ID) },
  { rule: 'tkhd.enabled', name: 'disabled', hooks: inBox('tkhd', patch(3, 0)) },
  { rule: 'tkhd.size', name: '17 pixels wide', hooks: inBox('tkhd', patch(77, 17), -1, VIDEO_ID) },
  {
    rule: 'hdlr.type',
    name: 'soun with avc1',
    hooks: inBox('hdlr', (body) =>
      Buffer.concat([body.subarray(0, 8), Buffer.from('soun'), body.subarray(12)]),
    ),
  },
  { rule: 'hdlr.type', name: 'no vmhd', hooks: inBox('vmhd', () => undefined) },
  { rule: 'dref.self', name: 'media elsewhere', hooks: inBox('dref', patch(19, 0)) },
  {
    rule: 'stbl.empty',
    name: 'stts with an entry',
    hooks: inBox('stts', () => Buffer.from([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1])),
  },
  { rule: 'stsd.entries', name: 'no entry', hooks: inBox('stsd', () => Buffer.alloc(8)) },
  { rule: 'stsd.entries', name: 'count 2', hooks: inBox('stsd', patch(7, 2)) },
  { rule: 'entry.size', name: '17 pixels high', hooks: inBox('avc1', patch(27, 17)) },
  { rule: 'edts.none', name: 'edit list', hooks: inBox('trak', append(rawBox('edts'))) },
  {
    rule: 'trex.track',
    name: 'no trex of the sound',
    hooks: inBox('mvex', (body) => body.subarray(0, 32)),
  },
  { rule: 'trex.track', name: 'trex of track 9', hooks: inBox('trex', patch(7, 9)) },
  { rule: 'avcC.version', name: 'version 2', hooks: inBox('avcC', patch(0, 2)) },
  { rule: 'avcC.version', name: 'reserved bits 0', hooks: inBox('avcC', patch(5, 1)) },
  { rule: 'avcC.profile', name: 'level 5.1', hooks: inBox('avcC', patch(3, 51)) },
  { rule: 'avcC.length-size', name: 'lengths of 2 bytes', hooks: inBox('avcC', patch(4, 0xfd)) },
  {
    rule: 'avcC.sets',
    name: 'no SPS',
    hooks: inBox('avcC', (body) => Buffer.concat([body.subarray(0, 5), Buffer.from([0xe0, 0])])),
  },
  {
    rule: 'avcC.sets',
    name: 'PPS in the place of the SPS',
    hooks: inBox('avcC', patch(at.spsInAvcC, 0x68)),
  },
  {
    rule: 'avcC.high',
    name: 'High without chroma format',
    hooks: { profile: 100, ...inBox('avcC', (body) => body.subarray(0, -4)) },
  },
  {
    rule: 'avcC.high',
    name: 'bit depth 10',
    hooks: { profile: 100, ...inBox('avcC', (body) => patch(body.length - 3, 0xfa)(body)) },
  },
  { rule: 'hvcC.version', name: 'reserved bits 0', hooks: h265Box('hvcC', patch(15, 0)) },
  { rule: 'hvcC.profile', name: 'level 5', hooks: h265Box('hvcC', patch(12, 150)) },
  { rule: 'hvcC.profile', name: 'another constraint flag', hooks: h265Box('hvcC', patch(6, 0)) },
  { rule: 'hvcC.format', name: 'chroma 4:4:4', hooks: h265Box('hvcC', patch(16, 0xff)) },
  { rule: 'hvcC.format', name: 'two temporal layers', hooks: h265Box('hvcC', patch(21, 0x17)) },
  { rule: 'hvcC.length-size', name: 'lengths of 1 byte', hooks: h265Box('hvcC', patch(21, 0x0c)) },
  { rule: 'hvcC.arrays', name: 'array of another type', hooks: h265Box('hvcC', patch(23, 0xa1)) },
  {
    rule: 'hvcC.arrays',
    name: 'no array',
    hooks: h265Box('hvcC', (body) => patch(22, 0)(body.subarray(0, 23))),
  },
  { rule: 'hvcC.complete', name: 'array_completeness 0', hooks: h265Box('hvcC', patch(23, 0x20)) },
  {
    rule: 'esds.descriptors',
    name: 'no ES descriptor',
    hooks: inBox('esds', patch(at.esDescriptor, 9)),
  },
  {
    rule: 'esds.descriptors',
    name: 'length too large',
    hooks: inBox('esds', patch(at.esConfig + 1, 100)),
  },
  { rule: 'esds.type', name: 'MP3', hooks: inBox('esds', patch(at.esConfig + 2, 0x6b)) },
  { rule: 'esds.type', name: 'visual stream', hooks: inBox('esds', patch(at.esConfig + 3, 0x11)) },
  {
    rule: 'esds.config',
    name: '48 kHz in mp4a',
    hooks: inBox('mp4a', (body) => patch(25, 0x80)(patch(24, 0xbb)(body))),
  },
  { rule: 'esds.config', name: 'stereo in mp4a', hooks: inBox('mp4a', patch(17, 2)) },
  {
    rule: 'aac.profile',
    name: 'AAC Main',
    hooks: inBox('esds', (body) => patch(body.length - 5, (b) => (b & 7) | 8)(body)),
  },
  {
    rule: 'aac.rate',
    name: 'reserved rate',
    hooks: inBox('esds', (body) =>
      patch(body.length - 5, (b) => b | 7)(patch(body.length - 4, (b) => b & 0x7f)(body)),
    ),
  },
  { rule: 'mfhd.sequence', name: 'a number left out', hooks: inBox('mfhd', patch(7, 9), 1) },
  { rule: 'tfhd.track', name: 'track 9', hooks: inBox('tfhd', patch(7, 9), 1, AUDIO_ID) },
  { rule: 'tfhd.track', name: 'track 1 twice', hooks: inBox('tfhd', patch(7, 1), 1, AUDIO_ID) },
  { rule: 'tfhd.base', name: 'base is not moof', hooks: inBox('tfhd', patch(1, 0)) },
  { rule: 'tfdt.present', name: 'no tfdt', hooks: inBox('tfdt', () => undefined, 1, VIDEO_ID) },
  {
    rule: 'tfdt.version',
    name: '32 bits',
    hooks: inBox('tfdt', (body) => Buffer.concat([Buffer.alloc(4), body.subarray(8)])),
  },
  {
    rule: 'tfdt.continuity',
    name: 'a tick too late',
    hooks: {
      decodeTime: (ticks, { fragment, track }) =>
        fragment === 1 && track === VIDEO_ID ? ticks + 1 : ticks,
    },
  },
  {
    rule: 'tfdt.continuity',
    name: 'sound overlaps',
    hooks: {
      decodeTime: (ticks, { fragment, track }) =>
        fragment === 1 && track === AUDIO_ID ? ticks - 1024 : ticks,
    },
  },
  {
    rule: 'tfdt.gap',
    name: 'sound with a gap',
    hooks: {
      decodeTime: (ticks, { fragment, track }) =>
        fragment >= 1 && track === AUDIO_ID ? ticks + 2048 : ticks,
    },
  },
  { rule: 'trun.present', name: 'no trun', hooks: inBox('trun', () => undefined, 1, AUDIO_ID) },
  {
    rule: 'trun.present',
    name: 'count 0',
    hooks: inBox(
      'trun',
      (body) => Buffer.concat([body.subarray(0, 4), Buffer.alloc(4), body.subarray(8, 12)]),
      1,
      AUDIO_ID,
    ),
  },
  {
    rule: 'trun.offset',
    name: 'into moof',
    hooks: { dataOffset: (offset, { fragment }) => (fragment === 1 ? 8 : offset) },
  },
  {
    rule: 'trun.offset',
    name: 'behind mdat',
    hooks: { dataOffset: (offset, { fragment }) => (fragment === 1 ? offset + 1e6 : offset) },
  },
  {
    rule: 'trun.cover',
    name: 'a gap',
    hooks: {
      dataOffset: (offset, { fragment, track }) =>
        fragment === 1 && track === AUDIO_ID ? offset + 1 : offset,
    },
  },
  {
    rule: 'trun.cover',
    name: 'bytes behind the samples',
    hooks: inBox('mdat', append(Buffer.from([0])), 1),
  },
  {
    rule: 'trun.duration',
    name: 'duration 0',
    hooks: { duration: (ticks, index) => (index === 4 ? 0 : ticks) },
  },
  {
    rule: 'trun.duration',
    name: 'two minutes',
    hooks: { duration: (ticks, index) => (index === 29 ? 90_000 * 120 : ticks) },
  },
  {
    rule: 'trun.composition',
    name: 'offset -1',
    hooks: { composition: (_offset, index) => (index === 4 ? -1 : 0) },
  },
  {
    rule: 'sample.sync',
    name: 'P picture as sync sample',
    hooks: { flags: (flags, index) => (index === 4 ? 0x0200_0000 : flags) },
  },
  {
    rule: 'sample.sync',
    name: 'IDR as no sync sample',
    hooks: { flags: (flags) => flags | 0x10000 },
  },
  { rule: 'sample.sync', name: 'sound as no sync sample', hooks: { audioFlags: () => 0x10000 } },
  {
    rule: 'sample.depends',
    name: 'IDR that depends',
    hooks: { flags: (flags, index) => (index === 0 ? 0x0100_0000 : flags) },
  },
  {
    rule: 'sample.depends',
    name: 'P that does not',
    hooks: { flags: (flags, index) => (index === 4 ? 0x0201_0000 : flags) },
  },
  {
    rule: 'sample.reserved',
    name: 'reserved bit',
    hooks: { flags: (flags) => flags + 0x1000_0000 },
  },
  {
    rule: 'sample.lengths',
    name: 'length too large',
    hooks: { sample: (data, index) => (index === 4 ? patch(2, 9)(data) : data) },
  },
  {
    rule: 'sample.lengths',
    name: 'length 0',
    hooks: {
      sample: (data, index) => (index === 4 ? Buffer.concat([data, Buffer.alloc(4)]) : data),
    },
  },
  {
    rule: 'sample.start-code',
    name: 'start code',
    hooks: {
      sample: (data, index) =>
        index === 4 ? Buffer.concat([Buffer.from([0, 0, 0, 1]), data.subarray(4)]) : data,
    },
  },
  {
    rule: 'sample.parameter-sets',
    name: 'SPS in avc1',
    hooks: nthNals(10, (nals) => [h264.sps(), ...nals]),
  },
  {
    rule: 'sample.parameter-sets',
    name: 'VPS in hvc1',
    hooks: { codec: 'h265', ...nthNals(10, (nals) => [h265.vps(), ...nals]) },
  },
  {
    rule: 'sample.empty',
    name: 'no bytes',
    hooks: { sample: (data, index) => (index === 4 ? Buffer.alloc(0) : data) },
  },
  { rule: 'sample.adts', name: 'ADTS header', hooks: { audioFrame: adtsFrame() } },
  { rule: 'fragment.start-key', name: 'begins with P', hooks: nthNals(0, () => [h264.slice()]) },
  {
    rule: 'fragment.key-first',
    name: 'IDR in the middle',
    hooks: nthNals(4, () => [h264.slice({ idr: true })]),
  },
  {
    rule: 'fragment.audio-first',
    name: 'sound 1 s earlier',
    hooks: { decodeTime: (ticks, { track }) => (track === VIDEO_ID ? ticks + 90_000 : ticks) },
  },
  { rule: 'prft.track', name: 'track 9', hooks: inBox('prft', patch(7, 9)) },
  {
    rule: 'prft.time',
    name: 'a tick off',
    hooks: inBox(
      'prft',
      patch(23, (b) => b ^ 1),
      1,
    ),
  },
  {
    rule: 'prft.clock',
    name: 'UTC steps by 5 s',
    hooks: { utcMs: (ms, fragment) => (fragment === 1 ? ms + 5000 : ms) },
  },
  { rule: 'prft.present', name: 'none', hooks: inBox('prft', () => undefined) },
  {
    rule: 'es.nal-header',
    name: 'forbidden_zero_bit',
    hooks: nthNals(2, (nals) => [patch(0, (b) => b | 0x80)(nals[0]!)]),
  },
  {
    rule: 'es.syntax',
    name: 'SPS cannot be parsed',
    hooks: inBox('avcC', (body) =>
      patch(at.spsInAvcC + 4, 0)(patch(at.spsInAvcC + 5, 0)(patch(at.spsInAvcC + 6, 0)(body))),
    ),
  },
  {
    rule: 'es.emulation',
    name: '00 00 01 in a slice',
    hooks: nthNals(2, (nals) => [Buffer.concat([nals[0]!, Buffer.from([0, 0, 1, 0x80])])]),
  },
  {
    rule: 'es.picture',
    name: 'no slice',
    hooks: nthNals(2, () => [Buffer.from([6, 5, 1, 1, 0x80])]),
  },
  {
    rule: 'es.one-picture',
    name: 'two pictures',
    hooks: nthNals(2, (nals) => [...nals, h264.slice({ frameNum: 9 })]),
  },
  {
    rule: 'es.first-slice',
    name: 'first slice lost',
    hooks: nthNals(2, () => [h264.slice({ firstMb: 3 })]),
  },
  {
    rule: 'es.reference',
    name: 'unknown PPS',
    hooks: nthNals(2, () => [h264.slice({ ppsId: 5 })]),
  },
  {
    rule: 'es.order',
    name: 'SEI behind the slice',
    hooks: nthNals(2, (nals) => [...nals, Buffer.from([6, 5, 1, 1, 0x80])]),
  },
  {
    rule: 'es.mixed-idr',
    name: 'P slice in an IDR',
    hooks: nthNals(10, (nals) => [...nals, h264.slice({ firstMb: 1 })]),
  },
  {
    rule: 'es.b-slice',
    name: 'B slice',
    hooks: nthNals(2, () => [h264.slice({ type: 6, frameNum: 2 })]),
  },
  {
    rule: 'es.leading',
    name: 'RASL after the first CRA',
    hooks: {
      codec: 'h265',
      nals: (nals, index) =>
        index === 0 ? [h265.slice({ nal: 21 })] : index === 1 ? [h265.slice({ nal: 9 })] : nals,
    },
  },
  {
    rule: 'es.format-change',
    name: '32 pixels wide',
    hooks: nthNals(10, (nals) => [h264.sps(2), ...nals]),
  },
]

describe('good files have no faults', () => {
  const cases: [string, Mp4Hooks][] = [
    ['h264', {}],
    ['h264 High', { profile: 100 }],
    ['h265', { codec: 'h265' }],
    ['free boxes', { ...inBox('moof', append(rawBox('free', Buffer.alloc(0)))) }],
  ]
  for (const [name, hooks] of cases)
    test(name, () => {
      // the size of moof is part of its data offsets, so a box in it must be there when they are computed
      const checker = check(buildMp4(hooks))
      assert.deepEqual(checker.log.faults, [])
      assert.equal(checker.fragments, 3)
      assert.equal(checker.video.get(VIDEO_ID)?.gops.pictures, 30)
      assert.equal(checker.totals.get(AUDIO_ID)?.samples, 19)
    })

  test('in chunks of any size', () => {
    const bytes = buildMp4()
    for (const chunk of [1, 7, 1000])
      assert.deepEqual(check(bytes, chunk).log.faults, [], `chunk ${chunk}`)
  })

  test('size 0: the last box reaches to the end', () => {
    const good = buildMp4()
    const last = good.lastIndexOf('mdat') - 4
    const toEnd = Buffer.from(good)
    toEnd.writeUInt32BE(0, last)
    assert.deepEqual(check(toEnd, 100).log.faults, [])
  })
})

describe('every rule can fail', () => {
  for (const { rule, name, hooks, bytes } of MUTATIONS)
    test(`${rule}: ${name}`, () => {
      const good = buildMp4(hooks)
      const { counts } = check(bytes ? bytes(good) : good).log
      assert.ok(counts[rule], `not found; found ${JSON.stringify(counts)}`)
    })

  test('there is a mutation for each', () => {
    const covered = new Set(MUTATIONS.map(({ rule }) => rule))
    const missing = Object.keys(MP4_RULES).filter((rule) => !covered.has(rule as Mp4RuleId))
    assert.deepEqual(missing, [])
  })
})

test('random damage never throws', () => {
  const good = buildMp4()
  for (let seed = 1; seed <= 300; seed++) {
    const bytes = Buffer.from(good)
    let state = seed
    for (let i = 0; i < 20; i++) {
      state = (state * 1103515245 + 12345) % 2 ** 31
      bytes[state % bytes.length] = (state >> 8) & 255
    }
    check(bytes.subarray(0, state % bytes.length))
  }
})
