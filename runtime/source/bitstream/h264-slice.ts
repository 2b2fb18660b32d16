import { BitReader } from './bit-reader.ts'
import { H264_NAL, h264NalType, h264RefIdc } from './h264-nal.ts'
import type { H264Sps } from './h264-sps.ts'
import { unescapeNal } from './nal.ts'

export type H264Pps = { id: number; spsId: number; bottomFieldPicOrder: boolean }

/** slice_type modulo 5. Spec: H.264 Table 7-6. */
export const SLICE_P = 0
export const SLICE_B = 1
export const SLICE_I = 2

/** The fields that tell one primary coded picture from the next. */
export type H264SliceHeader = {
  nalType: number
  refIdc: number
  firstMb: number
  sliceType: number
  ppsId: number
  /** what follows is there only when the parameter sets are known */
  frameNum?: number
  fieldPic: boolean
  bottomField: boolean
  idrPicId: number
  picOrderCntLsb: number
  deltaPicOrderCntBottom: number
  deltaPicOrderCnt0: number
  deltaPicOrderCnt1: number
  picOrderCntType: number
}

/** Enough RBSP for the longest run of header fields up to delta_pic_order_cnt[1]. */
const HEADER_MAX_BYTES = 64

/** Picture parameter set, as far as pic_order_present. Spec: H.264 7.3.2.2. */
export const parseH264Pps = (nal: Uint8Array): H264Pps | undefined => {
  const r = new BitReader(unescapeNal(nal, HEADER_MAX_BYTES).subarray(1))
  const id = r.ue()
  const spsId = r.ue()
  r.skip(1)
  const bottomFieldPicOrder = r.flag()
  return r.overrun || id > 255 || spsId > 31 ? undefined : { id, spsId, bottomFieldPicOrder }
}

/** Slice header up to the picture order count. Spec: H.264 7.3.3. */
export const parseH264SliceHeader = (
  nal: Uint8Array,
  ppsById: ReadonlyMap<number, H264Pps>,
  spsById: ReadonlyMap<number, H264Sps>,
): H264SliceHeader | undefined => {
  const nalType = h264NalType(nal[0]!)
  const refIdc = h264RefIdc(nal[0]!)
  const r = new BitReader(unescapeNal(nal, HEADER_MAX_BYTES).subarray(1))
  const firstMb = r.ue()
  const sliceTypeCode = r.ue()
  const ppsId = r.ue()
  if (r.overrun || sliceTypeCode > 9 || ppsId > 255) return undefined
  const header: H264SliceHeader = {
    nalType,
    refIdc,
    firstMb,
    sliceType: sliceTypeCode % 5,
    ppsId,
    fieldPic: false,
    bottomField: false,
    idrPicId: 0,
    picOrderCntLsb: 0,
    deltaPicOrderCntBottom: 0,
    deltaPicOrderCnt0: 0,
    deltaPicOrderCnt1: 0,
    picOrderCntType: 2,
  }
  const pps = ppsById.get(ppsId)
  const sps = pps && spsById.get(pps.spsId)
  if (!pps || !sps) return header
  if (sps.separateColourPlane) r.skip(2)
  header.frameNum = r.u(sps.log2MaxFrameNum)
  if (!sps.frameMbsOnly) {
    header.fieldPic = r.flag()
    if (header.fieldPic) header.bottomField = r.flag()
  }
  if (nalType === H264_NAL.IDR_SLICE) header.idrPicId = r.ue()
  header.picOrderCntType = sps.picOrderCntType
  const frameOrder = pps.bottomFieldPicOrder && !header.fieldPic
  if (sps.picOrderCntType === 0) {
    header.picOrderCntLsb = r.u(sps.log2MaxPicOrderCntLsb)
    if (frameOrder) header.deltaPicOrderCntBottom = r.se()
  } else if (sps.picOrderCntType === 1 && !sps.deltaPicOrderAlwaysZero) {
    header.deltaPicOrderCnt0 = r.se()
    if (frameOrder) header.deltaPicOrderCnt1 = r.se()
  }
  return r.overrun ? undefined : header
}

/** Whether `next` is the first slice of another primary coded picture than `last`. Spec: H.264 7.4.1.2.4. */
export const isNewH264Picture = (last: H264SliceHeader, next: H264SliceHeader): boolean => {
  // without parameter sets the only sign left is a slice that begins at the first macroblock
  if (last.frameNum === undefined || next.frameNum === undefined) return next.firstMb === 0
  return (
    last.frameNum !== next.frameNum ||
    last.ppsId !== next.ppsId ||
    last.fieldPic !== next.fieldPic ||
    last.bottomField !== next.bottomField ||
    (last.refIdc !== next.refIdc && (last.refIdc === 0 || next.refIdc === 0)) ||
    (last.picOrderCntType === 0 &&
      next.picOrderCntType === 0 &&
      (last.picOrderCntLsb !== next.picOrderCntLsb ||
        last.deltaPicOrderCntBottom !== next.deltaPicOrderCntBottom)) ||
    (last.picOrderCntType === 1 &&
      next.picOrderCntType === 1 &&
      (last.deltaPicOrderCnt0 !== next.deltaPicOrderCnt0 ||
        last.deltaPicOrderCnt1 !== next.deltaPicOrderCnt1)) ||
    (last.nalType === H264_NAL.IDR_SLICE) !== (next.nalType === H264_NAL.IDR_SLICE) ||
    (last.nalType === H264_NAL.IDR_SLICE &&
      next.nalType === H264_NAL.IDR_SLICE &&
      last.idrPicId !== next.idrPicId)
  )
}
