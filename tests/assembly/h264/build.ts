/** H.264 units made field by field. Only syntax: nothing of it decodes to a picture. */
import { BitWriter, concat, preventEmulation } from '../bit-writer.ts'

export type SpsFields = {
  profile?: number
  constraints?: number
  level?: number
  id?: number
  chroma?: number
  separatePlanes?: boolean
  bitDepthLuma?: number
  bitDepthChroma?: number
  /** deltas of the scaling lists that are present, by list */
  scalingLists?: (number[] | undefined)[]
  log2MaxFrameNum?: number
  pocType?: number
  log2MaxPocLsb?: number
  pocCycle?: number[]
  deltaAlwaysZero?: boolean
  widthMbs?: number
  heightUnits?: number
  frameMbsOnly?: boolean
  crop?: [left: number, right: number, top: number, bottom: number]
  sar?: [width: number, height: number]
  timing?: [unitsInTick: number, timeScale: number]
}

const HIGH = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])

/** Spec: H.264 7.3.2.1.1 */
export const buildSps = (fields: SpsFields = {}): Uint8Array => {
  const profile = fields.profile ?? 66
  const chroma = fields.chroma ?? 1
  const w = new BitWriter()
  w.u(8, profile)
    .u(8, fields.constraints ?? 0)
    .u(8, fields.level ?? 30)
  w.ue(fields.id ?? 0)
  if (HIGH.has(profile)) {
    w.ue(chroma)
    if (chroma === 3) w.flag(fields.separatePlanes ?? false)
    w.ue((fields.bitDepthLuma ?? 8) - 8).ue((fields.bitDepthChroma ?? 8) - 8)
    w.u(1, 0) // qpprime_y_zero_transform_bypass_flag
    w.flag(fields.scalingLists !== undefined)
    if (fields.scalingLists !== undefined)
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) {
        const list = fields.scalingLists[i]
        w.flag(list !== undefined)
        for (const delta of list ?? []) w.se(delta)
      }
  }
  w.ue((fields.log2MaxFrameNum ?? 4) - 4)
  w.ue(fields.pocType ?? 2)
  if ((fields.pocType ?? 2) === 0) w.ue((fields.log2MaxPocLsb ?? 4) - 4)
  if (fields.pocType === 1) {
    w.flag(fields.deltaAlwaysZero ?? false)
    w.se(-3).se(5)
    w.ue(fields.pocCycle?.length ?? 0)
    for (const offset of fields.pocCycle ?? []) w.se(offset)
  }
  w.ue(1).u(1, 0) // max_num_ref_frames, gaps_in_frame_num_value_allowed_flag
  w.ue((fields.widthMbs ?? 4) - 1).ue((fields.heightUnits ?? 4) - 1)
  w.flag(fields.frameMbsOnly ?? true)
  if (fields.frameMbsOnly === false) w.u(1, 0)
  w.u(1, 1) // direct_8x8_inference_flag
  w.flag(fields.crop !== undefined)
  for (const edge of fields.crop ?? []) w.ue(edge)
  const vui = fields.sar !== undefined || fields.timing !== undefined
  w.flag(vui)
  if (vui) {
    w.flag(fields.sar !== undefined)
    if (fields.sar !== undefined) w.u(8, 255).u(16, fields.sar[0]).u(16, fields.sar[1])
    w.u(3, 0) // overscan, video signal, chroma location
    w.flag(fields.timing !== undefined)
    if (fields.timing !== undefined) w.u(32, fields.timing[0]).u(32, fields.timing[1]).u(1, 1)
    w.u(4, 0) // HRD, HRD, pic_struct, bitstream_restriction
  }
  return concat([0x67], preventEmulation(w.trailing().bytes()))
}

/** Spec: H.264 7.3.2.2 */
export const buildPps = (
  fields: { id?: number; sps?: number; orderPresent?: boolean } = {},
): Uint8Array => {
  const w = new BitWriter()
  w.ue(fields.id ?? 0).ue(fields.sps ?? 0)
  w.u(1, 0).flag(fields.orderPresent ?? false) // entropy_coding_mode_flag
  w.ue(0).ue(0).ue(0).u(3, 0).se(0).se(0).se(0).u(3, 0)
  return concat([0x68], preventEmulation(w.trailing().bytes()))
}

export type SliceFields = {
  idr?: boolean
  refIdc?: number
  firstMb?: number
  /** 0 P, 1 B, 2 I, and + 5 */
  type?: number
  pps?: number
  frameNum?: number
  /** pads the slice data to this many bytes */
  bytes?: number
  seed?: number
}

/** A slice for buildSps()'s defaults: frame_num of 4 bits, pic_order_cnt_type 2. Spec: H.264 7.3.3 */
export const buildSlice = (fields: SliceFields = {}): Uint8Array => {
  const idr = fields.idr ?? false
  const w = new BitWriter()
  w.ue(fields.firstMb ?? 0)
    .ue(fields.type ?? (idr ? 7 : 5))
    .ue(fields.pps ?? 0)
  w.u(4, fields.frameNum ?? 0)
  if (idr) w.ue(0)
  w.trailing()
  const header = w.bytes()
  const body = new Uint8Array(Math.max(0, (fields.bytes ?? 40) - header.length - 1))
  let state = (fields.seed ?? 1) >>> 0
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    body[i] = state >>> 24 || 1 // no zero byte, so no start code appears
  }
  return concat([((fields.refIdc ?? 3) << 5) | (idr ? 5 : 1)], preventEmulation(header), body)
}

export const AUD = Uint8Array.of(9, 0xf0)
