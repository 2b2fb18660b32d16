/** HEVCDecoderConfigurationRecord. Spec: 14496-15 8.3.3.1 */
import { currentSps } from '../h265/access-unit';
import { NAL_PPS, NAL_SPS, NAL_VPS } from '../h265/nal-type';
import { ProfileTierLevel } from '../h265/profile-tier-level';
import { put16, put32, put8, putBytes } from '../mem/sink';
import { setAddress, setCount, setKind, setLength } from '../nal/parameter-sets';
import { SET_PPS, SET_SPS, SET_VPS } from '../video/picture';

function putArray(kind: i32, nalType: i32): void {
  let count: i32 = 0;
  for (let index: i32 = 0; index < setCount(); index++) if (setKind(index) == kind) count++;
  // array_completeness = 1 (hvc1: no sets in the samples), reserved, NAL_unit_type
  put8(0x80 | nalType);
  put16(count); // numNalus
  for (let index: i32 = 0; index < setCount(); index++) {
    if (setKind(index) != kind) continue;
    put16(setLength(index)); // nalUnitLength
    putBytes(setAddress(index), setLength(index));
  }
}

export function writeHvcc(): void {
  const sps = currentSps();
  const ptl = changetype<ProfileTierLevel>(sps.ptl);
  put8(1); // configurationVersion
  put8((ptl.profileSpace << 6) | (ptl.tier << 5) | ptl.profileIdc);
  put32(ptl.compatibility); // general_profile_compatibility_flags
  put32(ptl.constraintsHigh); // general_constraint_indicator_flags(48)
  put16(ptl.constraintsLow);
  put8(ptl.levelIdc); // general_level_idc
  put16(0xf000); // reserved(4), min_spatial_segmentation_idc = 0: nothing said
  put8(0xfc); // reserved(6), parallelismType = 0: unknown
  put8(0xfc | sps.chromaFormatIdc); // reserved(6), chroma_format_idc
  put8(0xf8 | (sps.bitDepthLuma - 8)); // reserved(5), bit_depth_luma_minus8
  put8(0xf8 | (sps.bitDepthChroma - 8)); // reserved(5), bit_depth_chroma_minus8
  put16(0); // avgFrameRate: unspecified
  // constantFrameRate(2) = 0: may vary, numTemporalLayers(3), temporalIdNested,
  // lengthSizeMinusOne(2)
  put8((sps.maxSubLayers << 3) | (sps.temporalIdNesting << 2) | 3);
  put8(3); // numOfArrays
  putArray(SET_VPS, NAL_VPS);
  putArray(SET_SPS, NAL_SPS);
  putArray(SET_PPS, NAL_PPS);
}
