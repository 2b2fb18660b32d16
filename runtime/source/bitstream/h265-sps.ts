import { BitReader } from './bit-reader.ts'
import { unescapeNal } from './nal.ts'

/** general_* fields of profile_tier_level. Spec: H.265 7.3.3. */
export type H265Profile = {
  space: number
  tier: number
  idc: number
  compatibilityFlags: number
  /** the 48 bits from general_progressive_source_flag on, as 12 hex digits */
  constraintFlags: string
  levelIdc: number
}

export type H265Sps = {
  vpsId: number
  maxSubLayers: number
  temporalIdNesting: boolean
  profile: H265Profile
  id: number
  chromaFormatIdc: number
  separateColourPlane: boolean
  bitDepthLuma: number
  bitDepthChroma: number
  /** number of pictures that may precede another in decoding and follow it in output */
  maxReorderPics: number
  /** log2 of the coding tree block size */
  log2CtbSize: number
  /** size before cropping */
  codedWidth: number
  codedHeight: number
  /** size after the conformance window */
  width: number
  height: number
  /** pictures per second from VUI timing, undefined when not given */
  fps?: number
}

/** Spec: H.265 7.3.3, with profilePresentFlag = 1. */
export const parseProfileTierLevel = (r: BitReader, maxSubLayers: number): H265Profile => {
  const profile: H265Profile = {
    space: r.u(2),
    tier: r.u(1),
    idc: r.u(5),
    compatibilityFlags: r.u(32),
    constraintFlags: `${r.u(24).toString(16).padStart(6, '0')}${r.u(24).toString(16).padStart(6, '0')}`,
    levelIdc: r.u(8),
  }
  const present: [boolean, boolean][] = []
  for (let i = 0; i < maxSubLayers - 1; i++) present.push([r.flag(), r.flag()])
  if (maxSubLayers > 1) r.skip(2 * (9 - maxSubLayers)) // reserved_zero_2bits up to eight sub-layers
  for (const [hasProfile, hasLevel] of present) r.skip((hasProfile ? 88 : 0) + (hasLevel ? 8 : 0))
  return profile
}

/** Spec: H.265 7.3.4. */
const skipScalingListData = (r: BitReader): void => {
  for (let sizeId = 0; sizeId < 4; sizeId++)
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!r.flag()) {
        r.ue()
        continue
      }
      if (sizeId > 1) r.se()
      const coefficients = Math.min(64, 1 << (4 + (sizeId << 1)))
      for (let i = 0; i < coefficients; i++) r.se()
    }
}

const MAX_SHORT_TERM_SETS = 64
const MAX_DPB_PICS = 16

/** Returns NumDeltaPocs of each set: a predicted set has as many flags as the set it is predicted from. Spec: H.265 7.3.7. */
const skipShortTermSets = (r: BitReader, count: number): void => {
  const deltaPocs: number[] = []
  for (let index = 0; index < count && !r.overrun; index++) {
    if (index > 0 && r.flag()) {
      r.skip(1) // delta_rps_sign
      r.ue()
      let used = 0
      const flags = deltaPocs[index - 1]! + 1
      for (let j = 0; j < flags; j++) {
        const usedByCurrent = r.flag()
        if (usedByCurrent || r.flag()) used++
      }
      deltaPocs.push(Math.min(used, MAX_DPB_PICS))
    } else {
      const negative = Math.min(r.ue(), MAX_DPB_PICS)
      const positive = Math.min(r.ue(), MAX_DPB_PICS)
      for (let i = 0; i < negative + positive; i++) {
        r.ue()
        r.skip(1)
      }
      deltaPocs.push(negative + positive)
    }
  }
}

/** Timing of the VUI. Spec: H.265 E.2.1; what follows it is not needed. */
const parseVuiFps = (r: BitReader): number | undefined => {
  const EXTENDED_SAR = 255
  if (r.flag() && r.u(8) === EXTENDED_SAR) r.skip(32)
  if (r.flag()) r.skip(1) // overscan
  if (r.flag()) {
    r.skip(4)
    if (r.flag()) r.skip(24)
  }
  if (r.flag()) {
    r.ue()
    r.ue()
  }
  r.skip(3) // neutral_chroma_indication, field_seq, frame_field_info_present
  if (r.flag()) for (let i = 0; i < 4; i++) r.ue() // default display window
  if (!r.flag()) return undefined
  const unitsInTick = r.u(32)
  const timeScale = r.u(32)
  return unitsInTick > 0 && timeScale > 0 && !r.overrun ? timeScale / unitsInTick : undefined
}

/** Sequence parameter set, NAL header included; undefined when it is malformed. Spec: H.265 7.3.2.2.1. */
export const parseH265Sps = (nal: Uint8Array): H265Sps | undefined => {
  const r = new BitReader(unescapeNal(nal).subarray(2))
  const vpsId = r.u(4)
  const maxSubLayers = r.u(3) + 1
  const temporalIdNesting = r.flag()
  if (maxSubLayers > 7) return undefined
  const profile = parseProfileTierLevel(r, maxSubLayers)
  const id = r.ue()
  const chromaFormatIdc = r.ue()
  const separateColourPlane = chromaFormatIdc === 3 && r.flag()
  const codedWidth = r.ue()
  const codedHeight = r.ue()
  let width = codedWidth
  let height = codedHeight
  if (r.flag()) {
    // Spec: H.265 Table 6-1, SubWidthC and SubHeightC
    const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1
    const unitY = chromaFormatIdc === 1 ? 2 : 1
    width -= unitX * (r.ue() + r.ue())
    height -= unitY * (r.ue() + r.ue())
  }
  const bitDepthLuma = r.ue() + 8
  const bitDepthChroma = r.ue() + 8
  const log2MaxPocLsb = r.ue() + 4
  let maxReorderPics = 0
  for (let i = r.flag() ? 0 : maxSubLayers - 1; i < maxSubLayers; i++) {
    r.ue()
    maxReorderPics = r.ue()
    r.ue()
  }
  const log2MinCodingBlock = r.ue() + 3
  const log2CtbSize = log2MinCodingBlock + r.ue()
  for (let i = 0; i < 4; i++) r.ue() // transform block sizes and depths
  if (r.flag() && r.flag()) skipScalingListData(r)
  r.skip(2) // amp, sao
  if (r.flag()) {
    r.skip(8)
    r.ue()
    r.ue()
    r.skip(1)
  }
  const shortTermSets = r.ue()
  if (r.overrun || shortTermSets > MAX_SHORT_TERM_SETS) return undefined
  skipShortTermSets(r, shortTermSets)
  if (r.flag()) {
    const longTerm = Math.min(r.ue(), 32)
    for (let i = 0; i < longTerm; i++) r.skip(log2MaxPocLsb + 1)
  }
  r.skip(2) // temporal mvp, strong intra smoothing
  const fps = r.flag() ? parseVuiFps(r) : undefined
  const sane = id <= 15 && chromaFormatIdc <= 3 && width > 0 && height > 0 && log2CtbSize <= 6
  if (r.overrun || !sane || codedWidth > 16888 || codedHeight > 16888) return undefined
  return {
    vpsId,
    maxSubLayers,
    temporalIdNesting,
    profile,
    id,
    chromaFormatIdc,
    separateColourPlane,
    bitDepthLuma,
    bitDepthChroma,
    maxReorderPics,
    log2CtbSize,
    codedWidth,
    codedHeight,
    width,
    height,
    ...(fps === undefined ? {} : { fps }),
  }
}
