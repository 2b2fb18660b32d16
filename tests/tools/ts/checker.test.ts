import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TsChecker } from '../../../tools/ts/checker.ts'
import { TS_RULES, type TsRuleId } from '../../../tools/ts/rules.ts'
import { adtsFrame, h264, h265 } from '../tiny-streams.ts'
import { AUDIO_PID, buildTs, PMT_PID, type TsHooks, VIDEO_PID } from './ts-builder.ts'

const check = (bytes: Uint8Array, chunk = bytes.length): TsChecker => {
  const checker = new TsChecker()
  for (let at = 0; at < bytes.length; at += chunk) checker.push(bytes.subarray(at, at + chunk))
  checker.finish()
  return checker
}

const isPacket = (pid: number, wanted: number, bytes: Buffer, start = true): boolean =>
  pid === wanted && (!start || (bytes[1]! & 0x40) !== 0)

/** A hook that changes the n-th packet of a PID that starts a unit. */
const nthPacket = (
  pid: number,
  n: number,
  change: (bytes: Buffer) => Buffer | Buffer[],
): TsHooks => {
  let seen = 0
  return {
    packet: (bytes, _index, packetPid) =>
      isPacket(packetPid, pid, bytes) && seen++ === n ? change(Buffer.from(bytes)) : bytes,
  }
}

const patch =
  (at: number, value: number | ((old: number) => number)) =>
  (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at] = typeof value === 'number' ? value : value(copy[at]!)
    return copy
  }

/** Changes the PES packet `n` of a PID. */
const nthPes = (pid: number, n: number, change: (pes: Buffer) => Buffer): TsHooks => ({
  pes: (pes, pesPid, index) => (pesPid === pid && index === n ? change(pes) : pes),
})

const nthNals = (n: number, change: (nals: Buffer[]) => Buffer[]): TsHooks => ({
  nals: (nals, index) => (index === n ? change(nals) : nals),
})

const allSections = (kind: 'pat' | 'pmt', change: (section: Buffer) => Buffer): TsHooks => ({
  section: (section, sectionKind) => (sectionKind === kind ? change(section) : section),
})

const insert = (bytes: Buffer, at: number, more: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)])

const nullPacket = (patchHeader: (packet: Buffer) => void): Buffer => {
  const packet = Buffer.alloc(188, 0xff)
  packet.set([0x47, 0x1f, 0xff, 0x10])
  patchHeader(packet)
  return packet
}

/** For every rule at least one stream that breaks it. */
const MUTATIONS: {
  rule: TsRuleId
  name: string
  hooks?: TsHooks
  bytes?: (good: Buffer) => Buffer
}[] = [
  {
    rule: 'ts.length',
    name: 'a byte too many',
    bytes: (good) => Buffer.concat([good, Buffer.from([0x47])]),
  },
  { rule: 'ts.sync', name: 'sync byte lost', hooks: nthPacket(VIDEO_PID, 3, patch(0, 0x46)) },
  {
    rule: 'ts.transport-error',
    name: 'error indicator',
    hooks: nthPacket(
      VIDEO_PID,
      3,
      patch(1, (b) => b | 0x80),
    ),
  },
  {
    rule: 'ts.control',
    name: 'reserved control',
    hooks: nthPacket(
      VIDEO_PID,
      3,
      patch(3, (b) => b & 0xcf),
    ),
  },
  {
    rule: 'ts.scrambling',
    name: 'scrambled',
    hooks: nthPacket(
      VIDEO_PID,
      3,
      patch(3, (b) => b | 0x80),
    ),
  },
  {
    rule: 'ts.pid',
    name: 'unknown PID',
    hooks: nthPacket(VIDEO_PID, 3, (bytes) => [
      bytes,
      nullPacket((p) => p.set([0x47, 0x01, 0x23, 0x10])),
    ]),
  },
  { rule: 'ts.continuity', name: 'a packet lost', hooks: nthPacket(VIDEO_PID, 3, () => []) },
  {
    rule: 'ts.continuity',
    name: 'a packet twice',
    hooks: nthPacket(AUDIO_PID, 3, (bytes) => [bytes, bytes]),
  },
  { rule: 'ts.af-length', name: '183 with payload', hooks: nthPacket(AUDIO_PID, 3, patch(4, 183)) },
  {
    rule: 'ts.af-length',
    name: '182 without payload',
    hooks: nthPacket(VIDEO_PID, 3, (bytes) => [
      bytes,
      nullPacket((p) => p.set([0x47, 1, 0, 0x20 | (bytes[3]! & 15), 182, 0])),
    ]),
  },
  {
    rule: 'ts.af-fields',
    name: 'PCR_flag in a field of one byte',
    hooks: nthPacket(VIDEO_PID, 3, (bytes) => [
      bytes,
      nullPacket((p) => p.set([0x47, 1, 0, 0x20 | (bytes[3]! & 15), 3, 0x10])),
    ]),
  },
  { rule: 'ts.af-stuffing', name: 'zero as stuffing', hooks: nthPacket(AUDIO_PID, 3, patch(8, 0)) },
  { rule: 'psi.pointer', name: 'pointer behind the packet', hooks: nthPacket(0, 1, patch(4, 200)) },
  {
    rule: 'psi.length',
    name: 'section_length 8',
    hooks: { sectionPayload: (payload, kind) => (kind === 'pmt' ? patch(3, 8)(payload) : payload) },
  },
  {
    rule: 'psi.length',
    name: 'section that never ends',
    hooks: {
      sectionPayload: (payload, kind) =>
        kind === 'pmt' ? patch(2, (b) => b | 3)(payload) : payload,
    },
  },
  {
    rule: 'psi.syntax',
    name: 'section_syntax_indicator 0',
    hooks: allSections(
      'pat',
      patch(1, (b) => b & 0x7f),
    ),
  },
  {
    rule: 'psi.syntax',
    name: 'private bit set',
    hooks: allSections(
      'pmt',
      patch(1, (b) => b | 0x40),
    ),
  },
  {
    rule: 'psi.syntax',
    name: 'reserved bits 0',
    hooks: allSections(
      'pmt',
      patch(5, (b) => b & 0x3f),
    ),
  },
  { rule: 'psi.table-id', name: 'PMT on the PAT PID', hooks: allSections('pat', patch(0, 2)) },
  {
    rule: 'psi.stuffing',
    name: 'zero behind the section',
    hooks: {
      sectionPayload: (payload, kind) => (kind === 'pat' ? patch(100, 0)(payload) : payload),
    },
  },
  {
    rule: 'psi.crc',
    name: 'wrong CRC',
    hooks: {
      sectionPayload: (payload, kind) =>
        kind === 'pmt' ? patch(6, (b) => b ^ 1)(payload) : payload,
    },
  },
  {
    rule: 'psi.current',
    name: 'next table',
    hooks: allSections(
      'pat',
      patch(5, (b) => b & 0xfe),
    ),
  },
  { rule: 'psi.current', name: 'section 0 of 2', hooks: allSections('pmt', patch(7, 1)) },
  {
    rule: 'psi.version',
    name: 'another program number, same version',
    hooks: {
      section: (section, kind, index) =>
        kind === 'pat' && index > 0 ? patch(9, 2)(section) : section,
    },
  },
  {
    rule: 'psi.interval',
    name: 'tables every 800 ms',
    hooks: { tables: (before, index) => before && index !== 10 },
  },
  {
    rule: 'psi.before-key',
    name: 'tables after the key picture',
    hooks: { tables: (_before, index) => index % 10 === 1 || index === 0 },
  },
  {
    rule: 'pat.present',
    name: 'no PAT',
    hooks: { packet: (bytes, _index, pid) => (pid === 0 ? [] : bytes) },
  },
  { rule: 'pat.present', name: 'network PID only', hooks: allSections('pat', patch(9, 0)) },
  {
    rule: 'pat.entries',
    name: 'half an entry',
    hooks: allSections('pat', (section) =>
      patch(2, (b) => b + 2)(Buffer.concat([section, Buffer.from([0, 2])])),
    ),
  },
  {
    rule: 'pmt.present',
    name: 'no PMT',
    hooks: { packet: (bytes, _index, pid) => (pid === PMT_PID ? [] : bytes) },
  },
  {
    rule: 'pmt.loops',
    name: 'program_info_length too long',
    hooks: allSections('pmt', patch(11, 200)),
  },
  {
    rule: 'pmt.loops',
    name: 'reserved bits 0',
    hooks: allSections(
      'pmt',
      patch(8, (b) => b & 0x1f),
    ),
  },
  { rule: 'pmt.pcr-pid', name: 'PCR_PID of no stream', hooks: allSections('pmt', patch(9, 0x77)) },
  { rule: 'pmt.stream-type', name: 'private data', hooks: allSections('pmt', patch(17, 6)) },
  {
    rule: 'pmt.registration',
    name: 'HEVX',
    hooks: { codec: 'h265', ...allSections('pmt', patch(22, 0x58)) },
  },
  { rule: 'pcr.present', name: 'no PCR', hooks: { pcr: () => undefined } },
  {
    rule: 'pcr.first',
    name: 'first picture without PCR',
    hooks: { pcr: (ticks, index) => (index === 0 ? undefined : ticks) },
  },
  {
    rule: 'pcr.pid',
    name: 'PCR on the audio PID',
    hooks: allSections('pmt', patch(9, AUDIO_PID & 255)),
  },
  {
    rule: 'pcr.reserved',
    name: 'reserved bits 0',
    hooks: nthPacket(
      VIDEO_PID,
      3,
      patch(10, (b) => b & 0x81),
    ),
  },
  {
    rule: 'pcr.extension',
    name: 'extension 511',
    hooks: nthPacket(VIDEO_PID, 3, (bytes) => patch(11, 0xff)(patch(10, (b) => b | 1)(bytes))),
  },
  {
    rule: 'pcr.monotone',
    name: 'PCR steps back',
    hooks: { pcr: (ticks, index) => (index === 5 ? ticks - 27_000 * 500 : ticks) },
  },
  {
    rule: 'pcr.interval',
    name: 'PCR every 120 ms',
    hooks: { pcr: (ticks, index) => (index % 3 === 0 ? ticks : undefined) },
  },
  {
    rule: 'pcr.goal',
    name: 'PCR every 80 ms',
    hooks: { pcr: (ticks, index) => (index % 2 === 0 ? ticks : undefined) },
  },
  {
    rule: 'pcr.late',
    name: 'PCR 20 ms after DTS',
    hooks: { pcr: (ticks) => ticks + 27_000 * 120 },
  },
  {
    rule: 'pcr.lead',
    name: 'PCR 11 s before DTS',
    hooks: { startMs: 20_000, pcr: (ticks) => ticks - 27_000 * 11_000 },
  },
  {
    rule: 'pcr.long-lead',
    name: 'PCR 2 s before DTS',
    hooks: { startMs: 20_000, pcr: (ticks) => ticks - 27_000 * 2000 },
  },
  {
    rule: 'pes.unit-start',
    name: 'stream begins in the middle',
    hooks: nthPacket(
      VIDEO_PID,
      0,
      patch(1, (b) => b & 0xbf),
    ),
  },
  { rule: 'pes.start-code', name: 'no start code', hooks: nthPes(AUDIO_PID, 2, patch(2, 2)) },
  { rule: 'pes.stream-id', name: 'audio id on video', hooks: nthPes(VIDEO_PID, 2, patch(3, 0xc0)) },
  {
    rule: 'pes.length',
    name: 'audio length too large',
    hooks: nthPes(
      AUDIO_PID,
      2,
      patch(5, (b) => b + 1),
    ),
  },
  {
    rule: 'pes.length',
    name: 'audio length 0',
    hooks: nthPes(AUDIO_PID, 2, (pes) => patch(5, 0)(patch(4, 0)(pes))),
  },
  { rule: 'pes.flags', name: "no '10'", hooks: nthPes(VIDEO_PID, 2, patch(6, 0x04)) },
  { rule: 'pes.flags', name: 'scrambled', hooks: nthPes(VIDEO_PID, 2, patch(6, 0x94)) },
  { rule: 'pes.header-length', name: 'PTS does not fit', hooks: nthPes(VIDEO_PID, 2, patch(8, 4)) },
  {
    rule: 'pes.stuffing',
    name: 'zero as stuffing',
    hooks: nthPes(VIDEO_PID, 2, (pes) => patch(8, 6)(insert(pes, 14, Buffer.from([0])))),
  },
  { rule: 'pes.time-flags', name: 'PTS_DTS_flags 01', hooks: nthPes(VIDEO_PID, 2, patch(7, 0x40)) },
  {
    rule: 'pes.time-markers',
    name: 'marker bit 0',
    hooks: nthPes(
      VIDEO_PID,
      2,
      patch(11, (b) => b & 0xfe),
    ),
  },
  {
    rule: 'pes.time-markers',
    name: 'prefix 0011 without DTS',
    hooks: nthPes(
      VIDEO_PID,
      2,
      patch(9, (b) => b | 0x10),
    ),
  },
  {
    rule: 'pes.pts',
    name: 'no PTS',
    hooks: nthPes(VIDEO_PID, 2, (pes) =>
      patch(7, 0)(patch(8, 0)(Buffer.concat([pes.subarray(0, 9), pes.subarray(14)]))),
    ),
  },
  {
    rule: 'pes.dts',
    name: 'DTS after PTS',
    hooks: { videoDts: (ms, index) => (index === 4 ? ms + 10 : undefined) },
  },
  {
    rule: 'pes.order',
    name: 'PTS repeats',
    hooks: { videoPts: (ms, index) => (index === 4 ? ms - 40 : ms) },
  },
  {
    rule: 'pes.interval',
    name: 'a gap of 800 ms',
    hooks: { videoPts: (ms, index) => (index >= 4 ? ms + 800 : ms) },
  },
  {
    rule: 'unit.start',
    name: 'garbage in front',
    hooks: nthPes(VIDEO_PID, 2, (pes) => insert(pes, 14, Buffer.from([0x55, 0x55]))),
  },
  { rule: 'unit.aud', name: 'no delimiter', hooks: nthNals(2, (nals) => nals.slice(1)) },
  { rule: 'unit.aud', name: 'two delimiters', hooks: nthNals(2, (nals) => [nals[0]!, ...nals]) },
  {
    rule: 'unit.aud',
    name: 'delimiter of H.265 missing',
    hooks: { codec: 'h265', ...nthNals(2, (nals) => nals.slice(1)) },
  },
  {
    rule: 'unit.aud-bytes',
    name: 'H.265 delimiter of two bytes',
    hooks: {
      codec: 'h265',
      ...nthNals(2, (nals) => [Buffer.from([0x46, 0x01]), ...nals.slice(1)]),
    },
  },
  {
    rule: 'unit.aud-bytes',
    name: 'no stop bit',
    hooks: nthNals(2, (nals) => [Buffer.from([9, 0xe1]), ...nals.slice(1)]),
  },
  {
    rule: 'unit.aud-type',
    name: 'I announced, P sent',
    hooks: nthNals(2, (nals) => [h264.aud(0), ...nals.slice(1)]),
  },
  {
    rule: 'unit.random-access',
    name: 'not on a key picture',
    hooks: { randomAccess: () => false },
  },
  { rule: 'unit.random-access', name: 'on a P picture', hooks: { randomAccess: () => true } },
  {
    rule: 'unit.parameter-sets',
    name: 'key picture without',
    hooks: nthNals(10, (nals) => [nals[0]!, nals[3]!]),
  },
  {
    rule: 'unit.start-key',
    name: 'begins with a P picture',
    hooks: nthNals(0, (nals) => [h264.aud(1), nals[1]!, nals[2]!, h264.slice()]),
  },
  {
    rule: 'unit.audio-first',
    name: 'sound first',
    hooks: { order: (units) => [units[1]!, units[0]!, ...units.slice(2)] },
  },
  {
    rule: 'adts.header',
    name: 'no sync word',
    hooks: { audioData: (frame, index) => (index === 2 ? patch(0, 0)(frame) : frame) },
  },
  {
    rule: 'adts.header',
    name: 'layer 2',
    hooks: { audioData: (frame, index) => (index === 2 ? patch(1, (b) => b | 4)(frame) : frame) },
  },
  {
    rule: 'adts.header',
    name: 'channel configuration 0',
    hooks: { audioData: (frame) => patch(3, (b) => b & 0x3f)(frame) },
  },
  {
    rule: 'adts.length',
    name: 'half a frame',
    hooks: { audioData: (frame, index) => (index === 2 ? frame.subarray(0, 30) : frame) },
  },
  {
    rule: 'adts.change',
    name: 'another rate',
    hooks: {
      audioData: (frame, index) => (index === 2 ? patch(2, (b) => b ^ 0x10)(frame) : frame),
    },
  },
  {
    rule: 'adts.time',
    name: 'PTS off by two frames',
    hooks: { audioPts: (ms, index) => (index >= 4 ? ms + 128 : ms) },
  },
  {
    rule: 'aac.profile',
    name: 'Main profile',
    hooks: { audioData: (frame) => patch(2, (b) => b & 0x3f)(frame) },
  },
  {
    rule: 'aac.rate',
    name: 'reserved rate',
    hooks: { audioData: (frame) => patch(2, (b) => (b & 0xc3) | (13 << 2))(frame) },
  },
  {
    rule: 'es.nal-header',
    name: 'forbidden_zero_bit',
    hooks: nthNals(2, (nals) => [nals[0]!, patch(0, (b) => b | 0x80)(nals[1]!)]),
  },
  {
    rule: 'es.nal-header',
    name: 'H.265 temporal id 0',
    hooks: { codec: 'h265', ...nthNals(2, (nals) => [nals[0]!, patch(1, 0)(nals[1]!)]) },
  },
  {
    rule: 'es.syntax',
    name: 'half an SPS',
    hooks: nthNals(10, (nals) => [nals[0]!, nals[1]!.subarray(0, 4), nals[2]!, nals[3]!]),
  },
  {
    rule: 'es.emulation',
    name: '00 00 02 in a slice',
    hooks: nthNals(2, (nals) => [
      nals[0]!,
      Buffer.concat([nals[1]!, Buffer.from([0, 0, 2, 0x80])]),
    ]),
  },
  { rule: 'es.picture', name: 'no slice', hooks: nthNals(2, (nals) => nals.slice(0, 1)) },
  {
    rule: 'es.one-picture',
    name: 'two pictures',
    hooks: nthNals(2, (nals) => [...nals, h264.slice({ frameNum: 9 })]),
  },
  {
    rule: 'es.one-picture',
    name: 'two H.265 pictures',
    hooks: { codec: 'h265', ...nthNals(2, (nals) => [...nals, h265.slice()]) },
  },
  {
    rule: 'es.first-slice',
    name: 'first slice lost',
    hooks: nthNals(2, (nals) => [nals[0]!, h264.slice({ firstMb: 3 })]),
  },
  {
    rule: 'es.first-slice',
    name: 'first H.265 segment lost',
    hooks: { codec: 'h265', ...nthNals(2, (nals) => [nals[0]!, h265.slice({ first: false })]) },
  },
  {
    rule: 'es.reference',
    name: 'unknown PPS',
    hooks: nthNals(2, (nals) => [nals[0]!, h264.slice({ ppsId: 5 })]),
  },
  {
    rule: 'es.reference',
    name: 'unknown H.265 PPS',
    hooks: { codec: 'h265', ...nthNals(2, (nals) => [nals[0]!, h265.slice({ ppsId: 5 })]) },
  },
  {
    rule: 'es.order',
    name: 'PPS before SPS',
    hooks: nthNals(10, (nals) => [nals[0]!, nals[2]!, nals[1]!, nals[3]!]),
  },
  {
    rule: 'es.order',
    name: 'SPS before VPS',
    hooks: {
      codec: 'h265',
      ...nthNals(10, (nals) => [nals[0]!, nals[2]!, nals[1]!, nals[3]!, nals[4]!]),
    },
  },
  {
    rule: 'es.mixed-idr',
    name: 'P slice in an IDR',
    hooks: nthNals(10, (nals) => [...nals, h264.slice({ firstMb: 1 })]),
  },
  {
    rule: 'es.mixed-idr',
    name: 'trailing segment in an H.265 IDR',
    hooks: { codec: 'h265', ...nthNals(10, (nals) => [...nals, h265.slice({ first: false })]) },
  },
  {
    rule: 'es.b-slice',
    name: 'B slice',
    hooks: nthNals(2, () => [h264.aud(2), h264.slice({ type: 6, frameNum: 2 })]),
  },
  {
    rule: 'es.b-slice',
    name: 'H.265 B slice',
    hooks: { codec: 'h265', ...nthNals(2, () => [h265.aud(2), h265.slice({ type: 0 })]) },
  },
  {
    rule: 'es.leading',
    name: 'RASL after the first CRA',
    hooks: {
      codec: 'h265',
      nals: (nals, index) => {
        if (index === 0) return [...nals.slice(0, 4), h265.slice({ nal: 21 })]
        return index === 1 ? [nals[0]!, h265.slice({ nal: 9 })] : nals
      },
    },
  },
  {
    rule: 'es.format-change',
    name: '32 pixels wide',
    hooks: nthNals(10, (nals) => [nals[0]!, h264.sps(2), nals[2]!, nals[3]!]),
  },
  {
    rule: 'es.format-change',
    name: 'H.265 of 32 pixels',
    hooks: {
      codec: 'h265',
      ...nthNals(10, (nals) => [nals[0]!, nals[1]!, h265.sps(2), nals[3]!, nals[4]!]),
    },
  },
]

describe('good streams have no faults', () => {
  for (const codec of ['h264', 'h265'] as const) {
    test(codec, () => {
      const checker = check(buildTs({ codec }))
      assert.deepEqual(checker.log.faults, [])
      assert.equal(checker.video.get(VIDEO_PID)?.gops.pictures, 30)
      assert.equal(checker.audio.get(AUDIO_PID)?.frames, 19)
    })
    for (const wrapMs of [2 ** 33 / 90, 2 ** 32 / 90])
      test(`${codec} over the wrap at ${wrapMs.toFixed(0)} ms`, () => {
        assert.deepEqual(check(buildTs({ codec, startMs: wrapMs - 600 })).log.faults, [])
      })
  }

  test('DTS with PTS, several AAC frames in a PES packet, null packets', () => {
    const hooks: TsHooks = {
      videoDts: (ms) => ms - 20,
      audioData: (frame, index) =>
        index % 2 === 0 ? Buffer.concat([frame, adtsFrame(25)]) : frame,
      order: (units) => units.filter((unit) => unit.kind === 'video' || unit.index % 2 === 0),
      packet: (bytes, index) => (index % 9 === 4 ? [bytes, nullPacket(() => {})] : bytes),
    }
    assert.deepEqual(check(buildTs(hooks)).log.faults, [])
  })

  test('in chunks of any size', () => {
    const bytes = buildTs()
    for (const chunk of [1, 187, 188, 1000])
      assert.deepEqual(check(bytes, chunk).log.faults, [], `chunk ${chunk}`)
  })
})

describe('every rule can fail', () => {
  for (const { rule, name, hooks, bytes } of MUTATIONS)
    test(`${rule}: ${name}`, () => {
      const good = buildTs(hooks)
      const { counts } = check(bytes ? bytes(good) : good).log
      assert.ok(counts[rule], `not found; found ${JSON.stringify(counts)}`)
    })

  test('there is a mutation for each', () => {
    const covered = new Set(MUTATIONS.map(({ rule }) => rule))
    const missing = Object.keys(TS_RULES).filter((rule) => !covered.has(rule as TsRuleId))
    assert.deepEqual(missing, [])
  })
})

test('random damage never throws', () => {
  const good = buildTs()
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
