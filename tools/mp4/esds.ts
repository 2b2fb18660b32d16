import { AAC_SAMPLE_RATES } from '../../runtime/source/adts.ts'
import { BitReader } from '../../runtime/source/bitstream/bit-reader.ts'
import type { FaultLog } from '../check/fault-log.ts'
import { type Box, fullBox } from './box.ts'
import { Cursor } from './cursor.ts'
import type { Mp4RuleId } from './rules.ts'

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

/** ES_Descriptor of an AAC track, against what its sample entry says. Spec: 14496-14 5.6, 14496-1 7.2.6.5. */
export const parseEsds = (
  box: Box,
  log: FaultLog<Mp4RuleId>,
  rate: number,
  channels: number,
): void => {
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
