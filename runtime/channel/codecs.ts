import { iv_cm_venc_type_e } from '../types.ts'

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0')

/** Bits in reverse order, as RFC 6381 wants general_profile_compatibility_flags. */
const reversed32 = (value: number): number => {
  let out = 0
  for (let bit = 0; bit < 32; bit++) out |= ((value >>> bit) & 1) << (31 - bit)
  return out >>> 0
}

export type TrackFacts = {
  videoType: iv_cm_venc_type_e
  /** profile_idc, or general_profile_idc */
  profile: number
  /** level_idc, or general_level_idc */
  level: number
  /** H.264: the byte of constraint_set flags; H.265: general_profile_compatibility_flags */
  compatibility: number
  hasAudio: boolean
}

/** `CODECS` of a playlist. Spec: RFC 6381 3.3; 14496-15 Annex E (hvc1). Audio is always AAC-LC. */
export const codecsOf = (facts: TrackFacts): string => {
  const video =
    facts.videoType === iv_cm_venc_type_e.IV_CM_VENC_TYPE_H265
      ? `hvc1.${facts.profile}.${reversed32(facts.compatibility).toString(16).toUpperCase()}.L${facts.level}.B0`
      : `avc1.${hex2(facts.profile)}${hex2(facts.compatibility)}${hex2(facts.level)}`
  return facts.hasAudio ? `${video},mp4a.40.2` : video
}
