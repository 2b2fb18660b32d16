import { AAC_LC, parseAdtsHeader } from '../../runtime/source/adts.ts'
import { H264_NAL, h264NalType, isH264Slice } from '../../runtime/source/bitstream/h264-nal.ts'
import { parseH264Sps } from '../../runtime/source/bitstream/h264-sps.ts'
import { H265_NAL, h265NalType } from '../../runtime/source/bitstream/h265-nal.ts'
import { parseH265Sps } from '../../runtime/source/bitstream/h265-sps.ts'
import { splitNals } from '../../runtime/source/bitstream/nal.ts'

export type FileType = 'ts' | 'fmp4' | 'h264' | 'h265' | 'adts' | 'wav'

/** Enough for the parameter sets of any camera, behind an SEI of encoder settings. */
export const HEAD_BYTES = 64 * 1024

const TS_PACKET_BYTES = 188
const PACKETS_SEEN = 5

const isTs = (bytes: Uint8Array): boolean => {
  const packets = Math.min(PACKETS_SEEN, Math.floor(bytes.length / TS_PACKET_BYTES))
  for (let i = 0; i < packets; i++) if (bytes[i * TS_PACKET_BYTES] !== 0x47) return false
  return packets > 0
}

const FIRST_BOXES = new Set(['ftyp', 'styp', 'moov', 'moof', 'sidx', 'prft', 'free'])

const isMp4 = (bytes: Uint8Array): boolean =>
  FIRST_BOXES.has(Buffer.from(bytes.subarray(4, 8)).toString('latin1'))

const isAdts = (bytes: Uint8Array): boolean => {
  const first = parseAdtsHeader(bytes)
  if (first?.layer !== 0 || first.sampleRate === 0 || first.objectType > AAC_LC * 2) return false
  return first.frameBytes >= bytes.length || parseAdtsHeader(bytes, first.frameBytes) !== undefined
}

/** An SPS that can be parsed as one codec's is no accident; without one, the first NAL header decides. */
const videoCodec = (bytes: Uint8Array): 'h264' | 'h265' | undefined => {
  const nals = splitNals(bytes).map(({ start, end }) => bytes.subarray(start, end))
  for (const nal of nals) {
    if (h265NalType(nal[0]!) === H265_NAL.SPS && parseH265Sps(nal)) return 'h265'
    if (h264NalType(nal[0]!) === H264_NAL.SPS && parseH264Sps(nal)) return 'h264'
  }
  const first = nals[0]?.[0]
  if (first === undefined || (first & 0x80) !== 0) return undefined
  const type264 = h264NalType(first)
  return type264 === H264_NAL.AUD || isH264Slice(type264) ? 'h264' : undefined
}

/** What a file is, by its content: names lie. */
export const detectFileType = (head: Uint8Array): FileType | undefined => {
  const text = Buffer.from(head.subarray(0, 12)).toString('latin1')
  if (text.startsWith('RIFF') && text.slice(8) === 'WAVE') return 'wav'
  if (isTs(head)) return 'ts'
  if (isMp4(head)) return 'fmp4'
  if (isAdts(head)) return 'adts'
  return videoCodec(head)
}
