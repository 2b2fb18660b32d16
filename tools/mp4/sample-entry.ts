import { AAC_SAMPLE_RATES } from '../../runtime/source/adts.ts'
import { BitReader } from '../../runtime/source/bitstream/bit-reader.ts'
import { H264_NAL, h264NalType } from '../../runtime/source/bitstream/h264-nal.ts'
import { hasHighSyntax, parseH264Sps } from '../../runtime/source/bitstream/h264-sps.ts'
import { H265_NAL, h265NalType } from '../../runtime/source/bitstream/h265-nal.ts'
import { parseH265Sps } from '../../runtime/source/bitstream/h265-sps.ts'
import type { FaultLog } from '../check/fault-log.ts'
import { type Box, bodyOffset, fullBox } from './box.ts'
import { Cursor } from './cursor.ts'
import type { Mp4RuleId } from './rules.ts'

type Log = FaultLog<Mp4RuleId>

/** Parameter sets of a decoder configuration record, in its order. */
export const parseAvcC = (box: Box, log: Log): Uint8Array[] => {
  const c = new Cursor(box.body)
  const { offset } = box
  const version = c.u8()
  const [profile, compatibility, level] = [c.u8(), c.u8(), c.u8()]
  const lengthSize = c.u8()
  const spsCount = c.u8()
  log.expect(
    version === 1 && lengthSize >> 2 === 0x3f && spsCount >> 5 === 7,
    'avcC.version',
    offset,
    `version ${version} or reserved bits`,
  )
  log.expect(
    (lengthSize & 3) === 3,
    'avcC.length-size',
    offset,
    `lengths of ${(lengthSize & 3) + 1} bytes`,
  )
  const list = (count: number, type: number): Uint8Array[] => {
    const sets: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const nal = c.bytes(c.u16())
      const right = nal.length > 0 && h264NalType(nal[0]!) === type
      if (
        log.expect(
          right,
          'avcC.sets',
          offset,
          `set ${i} of type ${type} is of another type or empty`,
        )
      )
        sets.push(nal)
    }
    return sets
  }
  const spsList = list(spsCount & 31, H264_NAL.SPS)
  const ppsList = list(c.u8(), H264_NAL.PPS)
  log.expect(
    spsList.length > 0 && ppsList.length > 0,
    'avcC.sets',
    offset,
    `${spsList.length} SPS, ${ppsList.length} PPS`,
  )
  const first = spsList[0]
  if (first) {
    const same = first[1] === profile && first[2] === compatibility && first[3] === level
    log.expect(
      same,
      'avcC.profile',
      offset,
      `${profile}/${compatibility}/${level} in avcC, ${first[1]}/${first[2]}/${first[3]} in the SPS`,
    )
    const sps = parseH264Sps(first)
    if (sps && hasHighSyntax(profile)) {
      const [chroma, luma, chromaDepth, extensions] = [c.u8(), c.u8(), c.u8(), c.u8()]
      const right =
        chroma === (0xfc | sps.chromaFormatIdc) &&
        luma === (0xf8 | (sps.bitDepthLuma - 8)) &&
        chromaDepth === (0xf8 | (sps.bitDepthChroma - 8)) &&
        !c.overrun
      log.expect(
        right,
        'avcC.high',
        offset,
        'chroma format or bit depths are missing or not those of the SPS',
      )
      for (let i = 0; i < extensions; i++) c.skip(c.u16())
    }
  }
  log.expect(c.overrun || c.left === 0, 'box.fields', offset, `avcC has ${c.left} bytes too many`)
  log.expect(!c.overrun || hasHighSyntax(profile), 'box.fields', offset, 'avcC is too short')
  return [...spsList, ...ppsList]
}

const HVCC_ORDER: readonly number[] = [H265_NAL.VPS, H265_NAL.SPS, H265_NAL.PPS]

export const parseHvcC = (box: Box, log: Log, entryType: string): Uint8Array[] => {
  const c = new Cursor(box.body)
  const { offset } = box
  const version = c.u8()
  const general = Buffer.from(c.bytes(12)).toString('hex')
  const segmentation = c.u16()
  const parallelism = c.u8()
  const [chroma, luma, chromaDepth] = [c.u8(), c.u8(), c.u8()]
  c.u16() // avgFrameRate
  const layers = c.u8()
  const reserved =
    version === 1 &&
    segmentation >> 12 === 15 &&
    parallelism >> 2 === 63 &&
    chroma >> 2 === 63 &&
    luma >> 3 === 31 &&
    chromaDepth >> 3 === 31
  log.expect(reserved, 'hvcC.version', offset, `version ${version} or reserved bits`)
  log.expect((layers & 3) === 3, 'hvcC.length-size', offset, `lengths of ${(layers & 3) + 1} bytes`)
  const sets: Uint8Array[] = []
  const types: number[] = []
  const arrays = c.u8()
  for (let i = 0; i < arrays && !c.overrun; i++) {
    const head = c.u8()
    const type = head & 0x3f
    types.push(type)
    log.expect((head & 0x40) === 0, 'hvcC.version', offset, 'reserved bit of an array')
    const completeEnough = (head & 0x80) !== 0 || entryType !== 'hvc1' || !HVCC_ORDER.includes(type)
    log.expect(completeEnough, 'hvcC.complete', offset, `array of type ${type} is not complete`)
    const count = c.u16()
    for (let j = 0; j < count && !c.overrun; j++) {
      const nal = c.bytes(c.u16())
      const right = nal.length > 2 && h265NalType(nal[0]!) === type
      if (
        log.expect(
          right,
          'hvcC.arrays',
          offset,
          `a NAL unit in the array of type ${type} is of another type`,
        )
      )
        sets.push(nal)
    }
  }
  const wanted = types.filter((type) => HVCC_ORDER.includes(type))
  log.expect(
    wanted.join() === HVCC_ORDER.join(),
    'hvcC.arrays',
    offset,
    `arrays of types ${types.join(', ')}`,
  )
  const spsNal = sets.find((nal) => h265NalType(nal[0]!) === H265_NAL.SPS)
  const sps = spsNal && parseH265Sps(spsNal)
  if (sps && spsNal) {
    const { profile } = sps
    const first = (profile.space << 6) | (profile.tier << 5) | profile.idc
    const expected = `${first.toString(16).padStart(2, '0')}${profile.compatibilityFlags.toString(16).padStart(8, '0')}${profile.constraintFlags}${profile.levelIdc.toString(16).padStart(2, '0')}`
    log.expect(
      general === expected,
      'hvcC.profile',
      offset,
      `${general} in hvcC, ${expected} in the SPS`,
    )
    const right =
      (chroma & 3) === sps.chromaFormatIdc &&
      (luma & 7) === sps.bitDepthLuma - 8 &&
      (chromaDepth & 7) === sps.bitDepthChroma - 8 &&
      ((layers >> 3) & 7) === sps.maxSubLayers &&
      ((layers >> 2) & 1) === Number(sps.temporalIdNesting)
    log.expect(
      right,
      'hvcC.format',
      offset,
      'chroma format, bit depths or layers are not those of the SPS',
    )
  }
  log.expect(
    !c.overrun && c.left === 0,
    'box.fields',
    offset,
    `hvcC is ${c.overrun ? 'too short' : `${c.left} bytes too long`}`,
  )
  return sets
}

/** AudioSpecificConfig, as far as AAC LC needs. Spec: 14496-3 1.6.2.1. */
export const parseAudioSpecificConfig = (
  bytes: Uint8Array,
): { objectType: number; sampleRate: number; channels: number } => {
  const r = new BitReader(bytes)
  const ESCAPE = 31
  let objectType = r.u(5)
  if (objectType === ESCAPE) objectType = 32 + r.u(6)
  const index = r.u(4)
  const sampleRate = index === 15 ? r.u(24) : (AAC_SAMPLE_RATES[index] ?? 0)
  const channels = r.u(4)
  return {
    objectType,
    sampleRate: r.overrun ? 0 : sampleRate,
    channels: channels === 7 ? 8 : channels,
  }
}

const ES_DESCRIPTOR = 3
const DECODER_CONFIG = 4
const DECODER_INFO = 5
const SL_CONFIG = 6
const OTI_AAC = 0x40
const STREAM_TYPE_AUDIO = 5

/** Tag and expandable length. Spec: 14496-1 8.3.3. */
const descriptor = (c: Cursor): { tag: number; body: Cursor } => {
  const tag = c.u8()
  let length = 0
  for (let i = 0; i < 4; i++) {
    const byte = c.u8()
    length = length * 128 + (byte & 127)
    if ((byte & 128) === 0) break
  }
  return { tag, body: new Cursor(c.bytes(length)) }
}

export const parseEsds = (box: Box, log: Log, rate: number, channels: number): void => {
  const { offset } = box
  const { fields } = fullBox(box)
  const es = descriptor(fields)
  es.body.u16() // ES_ID
  const flags = es.body.u8()
  if ((flags & 0x80) !== 0) es.body.u16()
  if ((flags & 0x40) !== 0) es.body.skip(es.body.u8())
  if ((flags & 0x20) !== 0) es.body.u16()
  const config = descriptor(es.body)
  const oti = config.body.u8()
  const streamType = config.body.u8()
  config.body.skip(11) // bufferSizeDB, maxBitrate, avgBitrate
  const info = descriptor(config.body)
  const sl = descriptor(es.body)
  const nested =
    es.tag === ES_DESCRIPTOR &&
    config.tag === DECODER_CONFIG &&
    info.tag === DECODER_INFO &&
    sl.tag === SL_CONFIG &&
    sl.body.u8() === 2
  const whole = ![fields, es.body, config.body, info.body, sl.body].some((part) => part.overrun)
  log.expect(
    nested && whole && fields.left === 0,
    'esds.descriptors',
    offset,
    'descriptors do not fit into each other',
  )
  log.expect(
    oti === OTI_AAC && streamType >> 2 === STREAM_TYPE_AUDIO,
    'esds.type',
    offset,
    `objectTypeIndication ${oti}, streamType ${streamType >> 2}`,
  )
  const asc = parseAudioSpecificConfig(info.body.bytes(info.body.left))
  log.expect(asc.objectType === 2, 'aac.profile', offset, `audio object type ${asc.objectType}`)
  log.expect(asc.sampleRate > 0, 'aac.rate', offset, 'sampling frequency of AudioSpecificConfig')
  const same = asc.sampleRate === rate && asc.channels === channels
  log.expect(
    same,
    'esds.config',
    offset,
    `${asc.sampleRate} Hz, ${asc.channels} channels in esds; ${rate} Hz, ${channels} in mp4a`,
  )
}

export type SampleEntry = {
  type: string
  width: number
  height: number
  sampleRate: number
  channels: number
  parameterSets: Uint8Array[]
  configOffset: number
}

/** avc1, hvc1, hev1 or mp4a with its configuration. Spec: 14496-12 12.1.3, 12.2.3. */
export const parseSampleEntry = (
  box: Box,
  log: Log,
  children: (bytes: Uint8Array, offset: number) => Box[],
): SampleEntry => {
  const c = new Cursor(box.body)
  const entry: SampleEntry = {
    type: box.type,
    width: 0,
    height: 0,
    sampleRate: 0,
    channels: 0,
    parameterSets: [],
    configOffset: box.offset,
  }
  c.skip(8) // reserved, data_reference_index
  if (box.type === 'mp4a') {
    c.skip(8)
    entry.channels = c.u16()
    c.skip(6)
    entry.sampleRate = c.u32() / 65536
  } else {
    c.skip(16)
    entry.width = c.u16()
    entry.height = c.u16()
    c.skip(50)
  }
  const boxes = children(box.body.subarray(c.at), bodyOffset(box) + c.at)
  const wanted = box.type === 'mp4a' ? 'esds' : box.type === 'avc1' ? 'avcC' : 'hvcC'
  const config = boxes.find((child) => child.type === wanted)
  if (
    !log.expect(
      config !== undefined,
      'box.required',
      box.offset,
      `${box.type} without ${wanted}`,
    ) ||
    !config
  )
    return entry
  entry.configOffset = config.offset
  if (wanted === 'avcC') entry.parameterSets = parseAvcC(config, log)
  else if (wanted === 'hvcC') entry.parameterSets = parseHvcC(config, log, box.type)
  else parseEsds(config, log, entry.sampleRate, entry.channels)
  return entry
}
