import { box, fullBox, u8, u16, u32, zeros } from '../mp4/box.ts'

/** Spec: 14496-3 Table 1.18. */
const RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
  7350,
]
export const AAC_FRAME = 1024

export type AdtsFrame = {
  objectType: number
  rateIndex: number
  channels: number
  data: Uint8Array
}

/** Whole frames of an ADTS stream. Spec: 14496-3 1.A.2.2.1. */
export const adtsFrames = (bytes: Uint8Array): AdtsFrame[] => {
  const frames: AdtsFrame[] = []
  for (let at = 0; at + 7 <= bytes.length; ) {
    if (bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) break
    const header = (bytes[at + 1]! & 1) === 1 ? 7 : 9
    const length =
      ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | ((bytes[at + 5]! & 0xe0) >> 5)
    if (length < header || at + length > bytes.length) break
    frames.push({
      objectType: (bytes[at + 2]! >> 6) + 1,
      rateIndex: (bytes[at + 2]! >> 2) & 15,
      channels: ((bytes[at + 2]! & 1) << 2) | (bytes[at + 3]! >> 6),
      data: bytes.subarray(at + header, at + length),
    })
    at += length
  }
  return frames
}

export const sampleRate = ({ rateIndex }: Pick<AdtsFrame, 'rateIndex'>): number =>
  RATES[rateIndex] ?? 0

/** Spec: 14496-1 7.2.6.5: tag and length; the lengths here are below 128. */
const descriptor = (tag: number, ...parts: number[][]): number[] => {
  const body = parts.flat()
  return [tag, body.length, ...body]
}

/** `mp4a` with its decoder configuration. Spec: 14496-14 5.6.1, 14496-3 1.6.2.1. */
export const aacEntry = (frame: AdtsFrame): Uint8Array => {
  const { objectType, rateIndex, channels } = frame
  const config = (objectType << 11) | (rateIndex << 7) | (channels << 3)
  const decoder = descriptor(
    4,
    // AAC, an audio stream; buffer size and bit rates are not known
    u8(0x40, 0x15),
    zeros(11),
    descriptor(5, u16(config)),
  )
  const esds = fullBox('esds', 0, 0, descriptor(3, u16(0), u8(0), decoder, descriptor(6, u8(2))))
  return box(
    'mp4a',
    zeros(6),
    u16(1),
    zeros(8),
    u16(channels),
    u16(16),
    u32(0),
    u32(sampleRate(frame) * 0x10000),
    esds,
  )
}
