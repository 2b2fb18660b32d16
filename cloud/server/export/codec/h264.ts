import { box, type Part, u8, u16, u32, zeros } from '../mp4/box.ts'
import { BitReader, rbsp } from './nal.ts'

/** Spec: H.264 Table 7-1. */
export const H264 = { idr: 5, sps: 7, pps: 8, aud: 9 } as const
export const h264Type = (unit: Uint8Array): number => unit[0]! & 0x1f

/** Profiles whose records and SPS have chroma format and bit depths. Spec: 14496-15 5.3.3.1.2, H.264 7.3.2.1.1. */
const HIGH_PROFILES = new Set([100, 110, 122, 144, 244, 44, 83, 86, 118, 128])

export type VisualSize = { width: number; height: number }

/** Fields that all visual sample entries have. Spec: 14496-12 12.1.3. */
export const visualEntry = (
  type: string,
  { width, height }: VisualSize,
  ...boxes: Part[]
): Uint8Array =>
  box(
    type,
    zeros(6),
    u16(1),
    zeros(16),
    u16(width),
    u16(height),
    // 72 dpi, one picture a sample, no compressor's name, 24 bits of depth
    u32(0x480000),
    u32(0x480000),
    u32(0),
    u16(1),
    zeros(32),
    u16(0x18),
    u16(0xffff),
    ...boxes,
  )

/** `avc1` with its configuration record. Spec: 14496-15 5.3.3.1, 5.4.2.1. */
export const avcEntry = (sps: Uint8Array, pps: Uint8Array, size: VisualSize): Uint8Array => {
  const [, profile = 0, compatibility = 0, level = 0] = sps
  const more: number[] = []
  if (HIGH_PROFILES.has(profile)) {
    const bits = new BitReader(rbsp(sps.subarray(4)))
    bits.ue() // seq_parameter_set_id
    const chroma = bits.ue()
    if (chroma === 3) bits.skip(1)
    more.push(0xfc | chroma, 0xf8 | bits.ue(), 0xf8 | bits.ue(), 0)
  }
  const record = box(
    'avcC',
    u8(1, profile, compatibility, level, 0xff, 0xe1),
    u16(sps.length),
    sps,
    u8(1),
    u16(pps.length),
    pps,
    more,
  )
  return visualEntry('avc1', size, record)
}
