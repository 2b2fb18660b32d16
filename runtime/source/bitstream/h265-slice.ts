import { BitReader } from './bit-reader.ts'
import { h265NalType, isH265Irap } from './h265-nal.ts'
import type { H265Sps } from './h265-sps.ts'
import { unescapeNal } from './nal.ts'

export type H265Pps = {
  id: number
  spsId: number
  dependentSlices: boolean
  outputFlagPresent: boolean
  extraSliceHeaderBits: number
}

export type H265SliceHeader = {
  nalType: number
  firstSliceInPic: boolean
  ppsId: number
  dependent: boolean
  /** 0 B, 1 P, 2 I; undefined when dependent, or when the parameter sets are not known. Spec: H.265 Table 7-7 */
  sliceType?: number
}

export const H265_SLICE_B = 0
export const H265_SLICE_P = 1
export const H265_SLICE_I = 2

const HEADER_MAX_BYTES = 64

/** Picture parameter set, as far as a slice header needs it. Spec: H.265 7.3.2.3.1. */
export const parseH265Pps = (nal: Uint8Array): H265Pps | undefined => {
  const r = new BitReader(unescapeNal(nal, HEADER_MAX_BYTES).subarray(2))
  const id = r.ue()
  const spsId = r.ue()
  const dependentSlices = r.flag()
  const outputFlagPresent = r.flag()
  const extraSliceHeaderBits = r.u(3)
  return r.overrun || id > 63 || spsId > 15
    ? undefined
    : { id, spsId, dependentSlices, outputFlagPresent, extraSliceHeaderBits }
}

/** Bits of slice_segment_address: Ceil(Log2(PicSizeInCtbsY)). Spec: H.265 7.4.7.1. */
const addressBits = (sps: H265Sps): number => {
  const ctb = 2 ** sps.log2CtbSize
  const ctbs = Math.ceil(sps.codedWidth / ctb) * Math.ceil(sps.codedHeight / ctb)
  return Math.ceil(Math.log2(ctbs))
}

/** Slice segment header up to slice_type. Spec: H.265 7.3.6.1. */
export const parseH265SliceHeader = (
  nal: Uint8Array,
  ppsById: ReadonlyMap<number, H265Pps>,
  spsById: ReadonlyMap<number, H265Sps>,
): H265SliceHeader | undefined => {
  const nalType = h265NalType(nal[0]!)
  const r = new BitReader(unescapeNal(nal, HEADER_MAX_BYTES).subarray(2))
  const firstSliceInPic = r.flag()
  if (isH265Irap(nalType)) r.skip(1) // no_output_of_prior_pics_flag
  const ppsId = r.ue()
  if (r.overrun || ppsId > 63) return undefined
  const header: H265SliceHeader = { nalType, firstSliceInPic, ppsId, dependent: false }
  const pps = ppsById.get(ppsId)
  const sps = pps && spsById.get(pps.spsId)
  if (!pps || !sps) return header
  if (!firstSliceInPic) {
    if (pps.dependentSlices) header.dependent = r.flag()
    r.skip(addressBits(sps))
  }
  if (!header.dependent) {
    r.skip(pps.extraSliceHeaderBits)
    header.sliceType = r.ue()
  }
  if (r.overrun || (header.sliceType ?? 0) > H265_SLICE_I) return undefined
  return header
}
