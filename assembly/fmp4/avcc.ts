/** AVCDecoderConfigurationRecord. Spec: 14496-15 5.3.3.1 */
import { currentSps } from '../h264/access-unit';
import { isHighProfile } from '../h264/sps';
import { put16, put8, putBytes } from '../mem/sink';
import { setAddress, setCount, setKind, setLength } from '../nal/parameter-sets';
import { SET_PPS, SET_SPS } from '../video/picture';

/** numOfSequenceParameterSets has 5 bits. */
const MAX_SPS: i32 = 31;

function countKind(kind: i32): i32 {
  let count: i32 = 0;
  for (let index: i32 = 0; index < setCount(); index++) if (setKind(index) == kind) count++;
  return count;
}

function putSets(kind: i32): void {
  for (let index: i32 = 0; index < setCount(); index++) {
    if (setKind(index) != kind) continue;
    put16(setLength(index)); // sequenceParameterSetLength, pictureParameterSetLength
    putBytes(setAddress(index), setLength(index));
  }
}

export function writeAvcc(): void {
  const sps = currentSps();
  put8(1); // configurationVersion
  put8(sps.profileIdc); // AVCProfileIndication
  put8(sps.constraintFlags); // profile_compatibility
  put8(sps.levelIdc); // AVCLevelIndication
  put8(0xfc | 3); // reserved(6), lengthSizeMinusOne
  put8(0xe0 | min<i32>(MAX_SPS, countKind(SET_SPS))); // reserved(3), numOfSequenceParameterSets
  putSets(SET_SPS);
  put8(countKind(SET_PPS)); // numOfPictureParameterSets
  putSets(SET_PPS);
  if (!isHighProfile(sps.profileIdc)) return;
  put8(0xfc | sps.chromaFormatIdc); // reserved(6), chroma_format
  put8(0xf8 | (sps.bitDepthLuma - 8)); // reserved(5), bit_depth_luma_minus8
  put8(0xf8 | (sps.bitDepthChroma - 8)); // reserved(5), bit_depth_chroma_minus8
  put8(0); // numOfSequenceParameterSetExt
}
