/** H.265 units made field by field. Only syntax: nothing of it decodes to a picture. */
import { BitWriter, concat, preventEmulation } from '../bit-writer.ts'

const header = (type: number, layer = 0): number[] => [
  (type << 1) | (layer >> 5),
  ((layer & 31) << 3) | 1,
]

const profileTierLevel = (w: BitWriter, profile: number, level: number): BitWriter =>
  w.u(2, 0).u(1, 0).u(5, profile).u(32, 0x60000000).u(48, 0x900000000000n).u(8, level)

export const buildVps = (): Uint8Array => {
  const w = new BitWriter()
  w.u(4, 0).u(2, 3).u(6, 0).u(3, 0).u(1, 1).u(16, 0xffff)
  profileTierLevel(w, 1, 93)
  w.u(1, 1).ue(4).ue(0).ue(0).u(6, 0).ue(0).u(1, 0).u(1, 0)
  return concat(header(32), preventEmulation(w.trailing().bytes()))
}

export type SpsFields = {
  profile?: number
  level?: number
  id?: number
  chroma?: number
  width?: number
  height?: number
  window?: [left: number, right: number, top: number, bottom: number]
  bitDepth?: number
  refPicSets?: number
  timing?: [unitsInTick: number, timeScale: number]
}

/** Spec: H.265 7.3.2.2.1 */
export const buildSps = (fields: SpsFields = {}): Uint8Array => {
  const w = new BitWriter()
  w.u(4, 0).u(3, 0).u(1, 1) // vps id, sps_max_sub_layers_minus1, temporal_id_nesting
  profileTierLevel(w, fields.profile ?? 1, fields.level ?? 93)
  w.ue(fields.id ?? 0)
  w.ue(fields.chroma ?? 1)
  if (fields.chroma === 3) w.u(1, 0)
  w.ue(fields.width ?? 64).ue(fields.height ?? 64)
  w.flag(fields.window !== undefined)
  for (const edge of fields.window ?? []) w.ue(edge)
  w.ue((fields.bitDepth ?? 8) - 8).ue((fields.bitDepth ?? 8) - 8)
  w.ue(4).u(1, 1).ue(4).ue(0).ue(0) // poc lsb, ordering info
  w.ue(0).ue(2).ue(0).ue(2).ue(0).ue(0) // coding block 8..32, transform sizes and depths
  w.u(1, 0).u(2, 0).u(1, 0) // scaling lists, amp, sao, pcm
  const sets = fields.refPicSets ?? 0
  w.ue(sets)
  for (let i = 0; i < sets; i++) {
    if (i > 0) w.u(1, i % 2) // inter_ref_pic_set_prediction_flag on odd ones
    if (i % 2 === 1)
      w.u(1, 0).ue(0).u(1, 1).u(2, 0b01) // one used, one only delta
    else w.ue(1).ue(0).ue(0).u(1, 1)
  }
  w.u(1, 0).u(2, 0) // long-term, temporal mvp, strong intra smoothing
  w.flag(fields.timing !== undefined)
  if (fields.timing !== undefined) {
    w.u(4, 0).u(3, 0).u(1, 0) // aspect, overscan, signal, chroma location; neutral, field, frame; display window
    w.u(1, 1).u(32, fields.timing[0]).u(32, fields.timing[1]).u(2, 0).u(1, 0)
  }
  w.u(1, 0)
  return concat(header(33), preventEmulation(w.trailing().bytes()))
}

export const buildPps = (
  fields: { id?: number; sps?: number; dependent?: boolean; extraBits?: number } = {},
): Uint8Array => {
  const w = new BitWriter()
  w.ue(fields.id ?? 0)
    .ue(fields.sps ?? 0)
    .flag(fields.dependent ?? false)
    .u(1, 0)
    .u(3, fields.extraBits ?? 0)
  w.u(2, 0).ue(0).ue(0).se(0).u(3, 0).se(0).se(0).u(6, 0).u(4, 0).ue(0).u(2, 0)
  return concat(header(34), preventEmulation(w.trailing().bytes()))
}

export const IDR_W_RADL = 19
export const CRA = 21
export const TRAIL_R = 1
export const RASL_R = 9

export type SegmentFields = {
  nalType?: number
  first?: boolean
  /** slice_segment_address when it is not the first, of 2 bits with buildSps()'s defaults */
  address?: number
  /** 0 B, 1 P, 2 I */
  type?: number
  pps?: number
  bytes?: number
  seed?: number
}

/** Spec: H.265 7.3.6.1 */
export const buildSegment = (fields: SegmentFields = {}): Uint8Array => {
  const nalType = fields.nalType ?? TRAIL_R
  const w = new BitWriter()
  w.flag(fields.first ?? true)
  if (nalType >= 16 && nalType <= 23) w.u(1, 0)
  w.ue(fields.pps ?? 0)
  if (fields.first === false) w.u(2, fields.address ?? 1)
  w.ue(fields.type ?? (nalType >= 16 ? 2 : 1))
    .u(8, 0xaa)
    .trailing()
  const head = w.bytes()
  const body = new Uint8Array(Math.max(0, (fields.bytes ?? 40) - head.length - 2))
  let state = (fields.seed ?? 1) >>> 0
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    body[i] = state >>> 24 || 1
  }
  return concat(header(nalType), preventEmulation(head), body)
}

export const AUD = Uint8Array.of(0x46, 1, 0x50)
