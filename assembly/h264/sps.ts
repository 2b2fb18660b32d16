/** Sequence parameter set. Spec: H.264 7.3.2.1.1, 7.4.2.1.1, E.1.1 */
import {
  bitsLeft, openReader, readBits, readerFailed, readFlag, readSe, readUe, skipBits,
} from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H264_SPS_MALFORMED, H264_SPS_RANGE, OK } from '../status';

/** seq_parameter_set_id is 0..31. */
export const MAX_SPS_ID: i32 = 31;
/**
 * Level 6.2 allows 139264 macroblocks a frame, and at most sqrt(8 x that) in one direction. Spec:
 * H.264 Table A-1, A.3.1
 */
const MAX_MBS: u32 = 139264;
const MAX_SIDE_MBS: u32 = 1055;
/** cpb_cnt_minus1 is 0..31. */
const MAX_CPB: u32 = 31;
const EXTENDED_SAR: u32 = 255;

/** What one SPS says, as far as this core needs it. */
@unmanaged
export class Sps {
  id: i32;
  profileIdc: i32;
  constraintFlags: i32;
  levelIdc: i32;
  chromaFormatIdc: i32;
  bitDepthLuma: i32;
  bitDepthChroma: i32;
  separateColourPlane: i32;
  log2MaxFrameNum: i32;
  picOrderCntType: i32;
  log2MaxPicOrderCntLsb: i32;
  deltaPicOrderAlwaysZero: i32;
  frameMbsOnly: i32;
  width: i32;
  height: i32;
  sarWidth: i32;
  sarHeight: i32;
  numUnitsInTick: u32; // 0: no timing info
  timeScale: u32;
}

/** Profiles with chroma_format_idc and scaling lists in the SPS. */
export function isHighProfile(idc: i32): bool {
  return (
    idc == 100 || idc == 110 || idc == 122 || idc == 244 || idc == 44 || idc == 83 || idc == 86 || idc == 118 ||
    idc == 128 || idc == 138 || idc == 139 || idc == 134 || idc == 135
  );
}

/** Spec: H.264 7.3.2.1.1.1 */
function skipScalingList(size: i32): void {
  let lastScale: i32 = 8;
  let nextScale: i32 = 8;
  for (let j: i32 = 0; j < size; j++) {
    if (nextScale != 0) nextScale = (lastScale + readSe() + 256) & 255; // delta_scale
    if (nextScale != 0) lastScale = nextScale;
  }
}

function readHighFields(sps: Sps): i32 {
  const chroma = readUe(); // chroma_format_idc
  if (chroma > 3) return H264_SPS_RANGE;
  sps.chromaFormatIdc = chroma;
  sps.separateColourPlane = chroma == 3 && readFlag() ? 1 : 0; // separate_colour_plane_flag
  const luma = readUe(); // bit_depth_luma_minus8
  const chromaDepth = readUe(); // bit_depth_chroma_minus8
  if (luma > 6 || chromaDepth > 6) return H264_SPS_RANGE;
  sps.bitDepthLuma = luma + 8;
  sps.bitDepthChroma = chromaDepth + 8;
  skipBits(1); // qpprime_y_zero_transform_bypass_flag
  if (readFlag()) {
    // seq_scaling_matrix_present_flag
    const lists = chroma == 3 ? 12 : 8;
    for (let i: i32 = 0; i < lists; i++) if (readFlag()) skipScalingList(i < 6 ? 16 : 64);
  }
  return OK;
}

function readPicOrderCnt(sps: Sps): i32 {
  const type = readUe(); // pic_order_cnt_type
  if (type > 2) return H264_SPS_RANGE;
  sps.picOrderCntType = type;
  if (type == 0) {
    const lsb = readUe(); // log2_max_pic_order_cnt_lsb_minus4
    if (lsb > 12) return H264_SPS_RANGE;
    sps.log2MaxPicOrderCntLsb = lsb + 4;
  } else if (type == 1) {
    sps.deltaPicOrderAlwaysZero = readFlag() ? 1 : 0; // delta_pic_order_always_zero_flag
    readSe(); // offset_for_non_ref_pic
    readSe(); // offset_for_top_to_bottom_field
    const frames = readUe(); // num_ref_frames_in_pic_order_cnt_cycle
    if (frames > 255) return H264_SPS_RANGE;
    for (let i: u32 = 0; i < frames; i++) readSe(); // offset_for_ref_frame
  }
  return OK;
}

function readSize(sps: Sps): i32 {
  const widthMbs = readUe() + 1; // pic_width_in_mbs_minus1
  const heightUnits = readUe() + 1; // pic_height_in_map_units_minus1
  if (widthMbs == 0 || heightUnits == 0 || widthMbs > MAX_SIDE_MBS || heightUnits > MAX_SIDE_MBS) {
    return H264_SPS_RANGE;
  }
  sps.frameMbsOnly = readFlag() ? 1 : 0; // frame_mbs_only_flag
  const heightMbs = heightUnits * (sps.frameMbsOnly != 0 ? 1 : 2);
  if (widthMbs * heightMbs > MAX_MBS) return H264_SPS_RANGE;
  if (sps.frameMbsOnly == 0) skipBits(1); // mb_adaptive_frame_field_flag
  skipBits(1); // direct_8x8_inference_flag
  let left: u32 = 0;
  let right: u32 = 0;
  let top: u32 = 0;
  let bottom: u32 = 0;
  if (readFlag()) {
    // frame_cropping_flag
    left = readUe();
    right = readUe();
    top = readUe();
    bottom = readUe();
  }
  // CropUnitX, CropUnitY. Spec: H.264 (7-19)..(7-22)
  const chromaArray = sps.separateColourPlane != 0 ? 0 : sps.chromaFormatIdc;
  const unitX: u64 = chromaArray == 1 || chromaArray == 2 ? 2 : 1;
  const unitY: u64 = (chromaArray == 1 ? 2 : 1) * (sps.frameMbsOnly != 0 ? 1 : 2);
  const cropX = unitX * (<u64>left + <u64>right);
  const cropY = unitY * (<u64>top + <u64>bottom);
  if (cropX >= <u64>(widthMbs * 16) || cropY >= <u64>(heightMbs * 16)) return H264_SPS_RANGE;
  sps.width = widthMbs * 16 - <i32>cropX;
  sps.height = heightMbs * 16 - <i32>cropY;
  return OK;
}

/** The VUI up to timing: all that is read of it. Spec: H.264 E.1.1 */
function readVui(sps: Sps): void {
  if (readFlag()) {
    // aspect_ratio_info_present_flag
    if (readBits(8) == EXTENDED_SAR) {
      sps.sarWidth = readBits(16);
      sps.sarHeight = readBits(16);
    }
  }
  if (readFlag()) skipBits(1); // overscan_info_present_flag: overscan_appropriate_flag
  if (readFlag()) {
    // video_signal_type_present_flag
    skipBits(4); // video_format, video_full_range_flag
    if (readFlag()) skipBits(24); // colour_description_present_flag
  }
  if (readFlag()) {
    // chroma_loc_info_present_flag
    readUe();
    readUe();
  }
  if (readFlag()) {
    // timing_info_present_flag
    const units = readBits(32);
    const scale = readBits(32);
    if (!readerFailed && units != 0 && scale != 0) {
      sps.numUnitsInTick = units;
      sps.timeScale = scale;
    }
  }
}

/** Parses a NAL unit of type 7, header byte included. */
export function parseSps(at: usize, length: i32, sps: Sps): i32 {
  if (length < 4) return H264_SPS_MALFORMED;
  memory.fill(changetype<usize>(sps), 0, offsetof<Sps>());
  openReader(rbspAddress(), unescape(at + 1, at + length));
  sps.profileIdc = readBits(8);
  sps.constraintFlags = readBits(8);
  sps.levelIdc = readBits(8);
  const id = readUe(); // seq_parameter_set_id
  if (id > <u32>MAX_SPS_ID) return H264_SPS_RANGE;
  sps.id = id;
  sps.chromaFormatIdc = 1;
  sps.bitDepthLuma = 8;
  sps.bitDepthChroma = 8;
  if (isHighProfile(sps.profileIdc)) {
    const status = readHighFields(sps);
    if (status != OK) return status;
  }
  const log2MaxFrameNum = readUe(); // log2_max_frame_num_minus4
  if (log2MaxFrameNum > 12) return H264_SPS_RANGE;
  sps.log2MaxFrameNum = log2MaxFrameNum + 4;
  const order = readPicOrderCnt(sps);
  if (order != OK) return order;
  if (readUe() > 16) return H264_SPS_RANGE; // max_num_ref_frames
  skipBits(1); // gaps_in_frame_num_value_allowed_flag
  const size = readSize(sps);
  if (readerFailed) return H264_SPS_MALFORMED;
  if (size != OK) return size;
  const vui = readFlag(); // vui_parameters_present_flag
  if (readerFailed) return H264_SPS_MALFORMED;
  // a VUI that ends early is common in cheap encoders and harms nobody: what was read of it stays
  if (vui && bitsLeft() > 0) readVui(sps);
  return OK;
}
