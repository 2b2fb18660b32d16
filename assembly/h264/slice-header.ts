/**
 * First fields of a slice header: what decides about slice type and picture boundary. Spec: H.264
 * 7.3.3
 */
import { openReader, readBits, readerFailed, readFlag, readSe, readUe } from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H264_SLICE_MALFORMED, OK } from '../status';
import { MAX_PPS_ID } from './pps';
import { NAL_IDR, refIdc, unitType } from './nal-type';
import { Sps } from './sps';

/** Enough for every field up to delta_pic_order_cnt[1], emulation prevention included. */
export const SLICE_HEADER_BYTES: i32 = 48;
/** Enough for the three fields that every picture is asked for: ue of 35, 7 and 17 bits. */
const START_BYTES: i32 = 13;

// slice_type % 5. Spec: H.264 Table 7-6
export const SLICE_P: i32 = 0;
export const SLICE_B: i32 = 1;
export const SLICE_I: i32 = 2;
export const SLICE_SP: i32 = 3;
export const SLICE_SI: i32 = 4;

@unmanaged
export class SliceHeader {
  nalType: i32;
  nalRefIdc: i32;
  firstMb: i32;
  sliceType: i32;
  ppsId: i32;
  frameNum: i32;
  fieldPic: i32;
  bottomField: i32;
  idrPicId: i32;
  picOrderCntLsb: i32;
  deltaBottom: i32;
  delta0: i32;
  delta1: i32;
}

function readStart(at: usize, end: usize, bytes: i32, slice: SliceHeader): i32 {
  const header = load<u8>(at);
  slice.nalType = unitType(header);
  slice.nalRefIdc = refIdc(header);
  openReader(rbspAddress(), unescape(at + 1, at + bytes < end ? at + bytes : end));
  slice.firstMb = readUe(); // first_mb_in_slice
  const type = readUe(); // slice_type
  const pps = readUe(); // pic_parameter_set_id
  if (readerFailed || type > 9 || pps > <u32>MAX_PPS_ID) return H264_SLICE_MALFORMED;
  slice.sliceType = type % 5;
  slice.ppsId = pps;
  return OK;
}

/** Fields up to pic_parameter_set_id. */
export function parseSliceStart(at: usize, end: usize, slice: SliceHeader): i32 {
  return readStart(at, end, START_BYTES, slice);
}

/** Fields up to delta_pic_order_cnt[1]. */
export function parseSlice(
  at: usize, end: usize, slice: SliceHeader, sps: Sps, orderPresent: bool,
): i32 {
  const status = readStart(at, end, SLICE_HEADER_BYTES, slice);
  if (status != OK) return status;
  if (sps.separateColourPlane != 0) readBits(2); // colour_plane_id
  slice.frameNum = readBits(sps.log2MaxFrameNum);
  slice.fieldPic = sps.frameMbsOnly == 0 && readFlag() ? 1 : 0; // field_pic_flag
  slice.bottomField = slice.fieldPic != 0 && readFlag() ? 1 : 0; // bottom_field_flag
  slice.idrPicId = slice.nalType == NAL_IDR ? readUe() : 0;
  slice.picOrderCntLsb = 0;
  slice.deltaBottom = 0;
  slice.delta0 = 0;
  slice.delta1 = 0;
  if (sps.picOrderCntType == 0) {
    slice.picOrderCntLsb = readBits(sps.log2MaxPicOrderCntLsb);
    if (orderPresent && slice.fieldPic == 0) slice.deltaBottom = readSe();
  } else if (sps.picOrderCntType == 1 && sps.deltaPicOrderAlwaysZero == 0) {
    slice.delta0 = readSe();
    if (orderPresent && slice.fieldPic == 0) slice.delta1 = readSe();
  }
  return readerFailed ? H264_SLICE_MALFORMED : OK;
}
