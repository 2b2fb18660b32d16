import { box, u8, u16 } from '../mp4/box.ts'
import { type VisualSize, visualEntry } from './h264.ts'
import { BitReader, rbsp } from './nal.ts'

/** Spec: H.265 Table 7-1. */
export const H265 = { firstIrap: 16, lastIrap: 23, vps: 32, sps: 33, pps: 34, aud: 35 } as const
export const h265Type = (unit: Uint8Array): number => (unit[0]! >> 1) & 0x3f

/** Spec: H.265 7.3.3: flags of profile and level of each sub-layer, then 88 and 8 bits of those that are there. */
const skipSubLayers = (bits: BitReader, subLayers: number): void => {
  if (subLayers === 0) return
  const present: [number, number][] = []
  for (let layer = 0; layer < subLayers; layer++) present.push([bits.bit(), bits.bit()])
  bits.skip(2 * (8 - subLayers))
  for (const [profile, level] of present) bits.skip(88 * profile + 8 * level)
}

/** `hvc1` with its configuration record: parameter sets in it only. Spec: 14496-15 8.3.3.1, 8.4.1.1. */
export const hevcEntry = (
  vps: Uint8Array,
  sps: Uint8Array,
  pps: Uint8Array,
  size: VisualSize,
): Uint8Array => {
  const payload = rbsp(sps.subarray(2))
  // Spec: H.265 7.3.2.2: VPS id, sub-layers and nesting are the first byte, profile_tier_level the next twelve
  const general = payload.subarray(1, 13)
  const bits = new BitReader(payload)
  bits.skip(4)
  const subLayers = bits.bits(3)
  const nesting = bits.bit()
  bits.skip(96)
  skipSubLayers(bits, subLayers)
  bits.ue() // sps_seq_parameter_set_id
  const chroma = bits.ue()
  if (chroma === 3) bits.skip(1)
  bits.ue() // pic_width_in_luma_samples
  bits.ue() // pic_height_in_luma_samples
  if (bits.bit() === 1) for (let side = 0; side < 4; side++) bits.ue()
  const luma = bits.ue()
  const depth = bits.ue()
  const array = (type: number, unit: Uint8Array) => [
    ...u8(0x80 | type),
    ...u16(1),
    ...u16(unit.length),
    ...unit,
  ]
  const record = box(
    'hvcC',
    u8(1),
    general,
    u16(0xf000),
    u8(0xfc, 0xfc | chroma, 0xf8 | luma, 0xf8 | depth),
    u16(0),
    u8(((subLayers + 1) << 3) | (nesting << 2) | 3, 3),
    array(H265.vps, vps),
    array(H265.sps, sps),
    array(H265.pps, pps),
  )
  return visualEntry('hvc1', size, record)
}
