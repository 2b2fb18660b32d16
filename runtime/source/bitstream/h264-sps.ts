import { BitReader } from './bit-reader.ts'
import { unescapeNal } from './nal.ts'

export type H264Sps = {
  profileIdc: number
  constraintFlags: number
  levelIdc: number
  id: number
  chromaFormatIdc: number
  separateColourPlane: boolean
  bitDepthLuma: number
  bitDepthChroma: number
  log2MaxFrameNum: number
  picOrderCntType: number
  log2MaxPicOrderCntLsb: number
  deltaPicOrderAlwaysZero: boolean
  maxNumRefFrames: number
  frameMbsOnly: boolean
  /** size after cropping */
  width: number
  height: number
  /** sample aspect ratio, 0:0 when unspecified */
  sarWidth: number
  sarHeight: number
  /** frames per second from VUI timing, undefined when not given */
  fps?: number
  fixedFrameRate: boolean
  /** max_num_reorder_frames, undefined when not given */
  maxReorderFrames?: number
}

/** Profiles whose SPS has chroma and bit-depth fields. Spec: H.264 7.3.2.1.1. */
const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
const EXTENDED_SAR = 255
/** Spec: H.264 Table E-1. */
const SAR_TABLE: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
]

export const hasHighSyntax = (profileIdc: number): boolean => HIGH_PROFILES.has(profileIdc)

/** Spec: H.264 7.3.2.1.1.1. */
const skipScalingList = (r: BitReader, size: number): void => {
  let last = 8
  let next = 8
  for (let j = 0; j < size; j++) {
    if (next !== 0) next = (last + r.se() + 256) & 255
    last = next === 0 ? last : next
  }
}

/** Spec: H.264 E.1.2. */
const skipHrd = (r: BitReader): void => {
  const count = Math.min(r.ue(), 31) + 1
  r.skip(8)
  for (let i = 0; i < count; i++) {
    r.ue()
    r.ue()
    r.skip(1)
  }
  r.skip(20)
}

type Vui = Pick<H264Sps, 'sarWidth' | 'sarHeight' | 'fps' | 'fixedFrameRate' | 'maxReorderFrames'>

/** Spec: H.264 E.1.1. */
const parseVui = (r: BitReader): Vui => {
  const vui: Vui = { sarWidth: 0, sarHeight: 0, fixedFrameRate: false }
  if (r.flag()) {
    const idc = r.u(8)
    const [w, h] = idc === EXTENDED_SAR ? [r.u(16), r.u(16)] : (SAR_TABLE[idc] ?? [0, 0])
    vui.sarWidth = w
    vui.sarHeight = h
  }
  if (r.flag()) r.skip(1) // overscan
  if (r.flag()) {
    r.skip(4) // video_format, full range
    if (r.flag()) r.skip(24) // colour description
  }
  if (r.flag()) {
    r.ue()
    r.ue()
  }
  if (r.flag()) {
    const unitsInTick = r.u(32)
    const timeScale = r.u(32)
    vui.fixedFrameRate = r.flag()
    // a tick is a field: two of them make a frame (E.2.1, DeltaTfiDivisor)
    if (unitsInTick > 0 && timeScale > 0) vui.fps = timeScale / (2 * unitsInTick)
  }
  const nalHrd = r.flag()
  if (nalHrd) skipHrd(r)
  const vclHrd = r.flag()
  if (vclHrd) skipHrd(r)
  if (nalHrd || vclHrd) r.skip(1)
  r.skip(1) // pic_struct_present_flag
  if (r.flag()) {
    r.skip(1)
    r.ue()
    r.ue()
    r.ue()
    r.ue()
    vui.maxReorderFrames = r.ue()
    r.ue()
  }
  return vui
}

/** Sequence parameter set, NAL header included; undefined when it is malformed. Spec: H.264 7.3.2.1.1. */
export const parseH264Sps = (nal: Uint8Array): H264Sps | undefined => {
  const r = new BitReader(unescapeNal(nal).subarray(1))
  const profileIdc = r.u(8)
  const constraintFlags = r.u(8)
  const levelIdc = r.u(8)
  const id = r.ue()
  let chromaFormatIdc = 1
  let separateColourPlane = false
  let bitDepthLuma = 8
  let bitDepthChroma = 8
  if (hasHighSyntax(profileIdc)) {
    chromaFormatIdc = r.ue()
    if (chromaFormatIdc === 3) separateColourPlane = r.flag()
    bitDepthLuma = r.ue() + 8
    bitDepthChroma = r.ue() + 8
    r.skip(1)
    if (r.flag()) {
      const lists = chromaFormatIdc === 3 ? 12 : 8
      for (let i = 0; i < lists; i++) if (r.flag()) skipScalingList(r, i < 6 ? 16 : 64)
    }
  }
  const log2MaxFrameNum = r.ue() + 4
  const picOrderCntType = r.ue()
  let log2MaxPicOrderCntLsb = 0
  let deltaPicOrderAlwaysZero = false
  if (picOrderCntType === 0) log2MaxPicOrderCntLsb = r.ue() + 4
  else if (picOrderCntType === 1) {
    deltaPicOrderAlwaysZero = r.flag()
    r.se()
    r.se()
    const cycle = Math.min(r.ue(), 255)
    for (let i = 0; i < cycle; i++) r.se()
  }
  const maxNumRefFrames = r.ue()
  r.skip(1)
  const widthMbs = r.ue() + 1
  const heightMapUnits = r.ue() + 1
  const frameMbsOnly = r.flag()
  if (!frameMbsOnly) r.skip(1)
  r.skip(1)
  let width = widthMbs * 16
  let height = heightMapUnits * 16 * (frameMbsOnly ? 1 : 2)
  if (r.flag()) {
    // Spec: H.264 7.4.2.1.1, CropUnitX and CropUnitY
    const chromaArrayType = separateColourPlane ? 0 : chromaFormatIdc
    const unitX = chromaArrayType === 1 || chromaArrayType === 2 ? 2 : 1
    const unitY = (chromaArrayType === 1 ? 2 : 1) * (frameMbsOnly ? 1 : 2)
    width -= unitX * (r.ue() + r.ue())
    height -= unitY * (r.ue() + r.ue())
  }
  const vui: Vui = r.flag() ? parseVui(r) : { sarWidth: 0, sarHeight: 0, fixedFrameRate: false }
  const sane =
    id <= 31 &&
    chromaFormatIdc <= 3 &&
    picOrderCntType <= 2 &&
    log2MaxFrameNum <= 16 &&
    log2MaxPicOrderCntLsb <= 16 &&
    width > 0 &&
    height > 0 &&
    widthMbs <= 1024
  if (r.overrun || !sane) return undefined
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    id,
    chromaFormatIdc,
    separateColourPlane,
    bitDepthLuma,
    bitDepthChroma,
    log2MaxFrameNum,
    picOrderCntType,
    log2MaxPicOrderCntLsb,
    deltaPicOrderAlwaysZero,
    maxNumRefFrames,
    frameMbsOnly,
    width,
    height,
    ...vui,
  }
}
