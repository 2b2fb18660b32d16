/** Sequence parameter set. Spec: H.265 7.3.2.2.1, 7.4.3.2.1, E.2.1 */
import {
  openReader, readBits, readerFailed, readFlag, readSe, readUe, skipBits,
} from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H265_SPS_MALFORMED, H265_SPS_RANGE, OK } from '../status';
import { HEADER_BYTES } from './nal-type';
import { ProfileTierLevel, readProfileTierLevel } from './profile-tier-level';
import { MAX_SETS, skipRefPicSet } from './short-term-ref-pic-set';

/** sps_seq_parameter_set_id is 0..15. */
export const MAX_SPS_ID: u32 = 15;
/**
 * Level 6.2 allows 8912 luma samples times 8 in the extreme. Spec: H.265 A.4.1: sqrt(MaxLumaPs * 8)
 */
const MAX_SIDE: u32 = 16888;
const EXTENDED_SAR: u32 = 255;

@unmanaged
export class Sps {
  id: i32;
  ptl: usize; // ProfileTierLevel
  maxSubLayers: i32;
  temporalIdNesting: i32;
  chromaFormatIdc: i32;
  separateColourPlane: i32;
  bitDepthLuma: i32;
  bitDepthChroma: i32;
  width: i32;
  height: i32;
  addressBits: i32; // of slice_segment_address
  orderCntBits: i32; // of slice_pic_order_cnt_lsb
  sarWidth: i32;
  sarHeight: i32;
  numUnitsInTick: u32; // 0: no timing info
  timeScale: u32;
}

/** Spec: H.265 7.3.4 */
function skipScalingLists(): void {
  for (let sizeId: i32 = 0; sizeId < 4; sizeId++) {
    for (let matrixId: i32 = 0; matrixId < 6; matrixId += sizeId == 3 ? 3 : 1) {
      if (!readFlag()) {
        readUe(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      const coefficients = min<i32>(64, 1 << (4 + (sizeId << 1)));
      if (sizeId > 1) readSe(); // scaling_list_dc_coef_minus8
      for (let i: i32 = 0; i < coefficients; i++) readSe(); // scaling_list_delta_coef
    }
  }
}

function readSize(sps: Sps): i32 {
  const chroma = readUe(); // chroma_format_idc
  if (chroma > 3) return H265_SPS_RANGE;
  sps.chromaFormatIdc = chroma;
  sps.separateColourPlane = chroma == 3 && readFlag() ? 1 : 0; // separate_colour_plane_flag
  const width = readUe(); // pic_width_in_luma_samples
  const height = readUe(); // pic_height_in_luma_samples
  if (width == 0 || height == 0 || width > MAX_SIDE || height > MAX_SIDE) return H265_SPS_RANGE;
  let cropX: u64 = 0;
  let cropY: u64 = 0;
  if (readFlag()) {
    // conformance_window_flag; units are SubWidthC and SubHeightC. Spec: H.265 Table 6-1
    const unitX: u64 = chroma == 1 || chroma == 2 ? 2 : 1;
    const unitY: u64 = chroma == 1 ? 2 : 1;
    cropX = unitX * (<u64>readUe() + <u64>readUe());
    cropY = unitY * (<u64>readUe() + <u64>readUe());
  }
  if (cropX >= <u64>width || cropY >= <u64>height) return H265_SPS_RANGE;
  sps.width = width - <u32>cropX;
  sps.height = height - <u32>cropY;
  const luma = readUe(); // bit_depth_luma_minus8
  const chromaDepth = readUe(); // bit_depth_chroma_minus8
  if (luma > 8 || chromaDepth > 8) return H265_SPS_RANGE;
  sps.bitDepthLuma = luma + 8;
  sps.bitDepthChroma = chromaDepth + 8;
  return readBlocks(sps, width, height);
}

/**
 * Decoded picture buffer and block sizes; PicSizeInCtbsY gives the width of slice_segment_address.
 * Spec: H.265 (7-10)..(7-17)
 */
function readBlocks(sps: Sps, width: u32, height: u32): i32 {
  const orderCnt = readUe(); // log2_max_pic_order_cnt_lsb_minus4
  if (orderCnt > 12) return H265_SPS_RANGE;
  sps.orderCntBits = orderCnt + 4;
  const orderingInfo = readFlag(); // sps_sub_layer_ordering_info_present_flag
  for (let i: i32 = orderingInfo ? 0 : sps.maxSubLayers - 1; i < sps.maxSubLayers; i++) {
    readUe(); // sps_max_dec_pic_buffering_minus1
    readUe(); // sps_max_num_reorder_pics
    readUe(); // sps_max_latency_increase_plus1
  }
  const minCb = readUe(); // log2_min_luma_coding_block_size_minus3
  const diffCb = readUe(); // log2_diff_max_min_luma_coding_block_size
  if (minCb > 3 || diffCb > 3 || minCb + diffCb > 3) return H265_SPS_RANGE;
  const ctbLog2 = minCb + 3 + diffCb;
  const ctb: u32 = 1 << ctbLog2;
  const ctbs = ((width + ctb - 1) >>> ctbLog2) * ((height + ctb - 1) >>> ctbLog2);
  sps.addressBits = ctbs > 1 ? 32 - clz<u32>(ctbs - 1) : 0;
  readUe(); // log2_min_luma_transform_block_size_minus2
  readUe(); // log2_diff_max_min_luma_transform_block_size
  readUe(); // max_transform_hierarchy_depth_inter
  readUe(); // max_transform_hierarchy_depth_intra
  return OK;
}

/** Tools, reference picture sets: read over to get to the VUI. */
function skipTools(): bool {
  // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
  if (readFlag() && readFlag()) skipScalingLists();
  skipBits(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (readFlag()) {
    // pcm_enabled_flag
    skipBits(8); // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
    readUe(); // log2_min_pcm_luma_coding_block_size_minus3
    readUe(); // log2_diff_max_min_pcm_luma_coding_block_size
    skipBits(1); // pcm_loop_filter_disabled_flag
  }
  const sets = readUe(); // num_short_term_ref_pic_sets
  if (sets > MAX_SETS) return false;
  for (let i: u32 = 0; i < sets; i++) if (!skipRefPicSet(i)) return false;
  return true;
}

function skipLongTerm(orderBits: i32): bool {
  if (!readFlag()) return true; // long_term_ref_pics_present_flag
  const count = readUe(); // num_long_term_ref_pics_sps
  if (count > 32) return false;
  // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
  for (let i: u32 = 0; i < count; i++) skipBits(orderBits + 1);
  return true;
}

/** The VUI up to timing. Spec: H.265 E.2.1 */
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
  skipBits(3); // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
  if (readFlag()) {
    // default_display_window_flag
    for (let i: i32 = 0; i < 4; i++) readUe();
  }
  if (readFlag()) {
    // vui_timing_info_present_flag
    const units = readBits(32);
    const scale = readBits(32);
    if (!readerFailed && units != 0 && scale != 0) {
      sps.numUnitsInTick = units;
      sps.timeScale = scale;
    }
  }
}

/**
 * Parses a NAL unit of type 33, header included. `sps.ptl` points to the record that gets profile,
 * tier and level.
 */
export function parseSps(at: usize, length: i32, sps: Sps): i32 {
  if (length < 8) return H265_SPS_MALFORMED;
  const ptl = sps.ptl;
  memory.fill(changetype<usize>(sps), 0, offsetof<Sps>());
  sps.ptl = ptl;
  openReader(rbspAddress(), unescape(at + HEADER_BYTES, at + length));
  skipBits(4); // sps_video_parameter_set_id
  const subLayers = readBits(3); // sps_max_sub_layers_minus1
  if (subLayers > 6) return H265_SPS_RANGE;
  sps.maxSubLayers = subLayers + 1;
  sps.temporalIdNesting = readBits(1); // sps_temporal_id_nesting_flag
  readProfileTierLevel(changetype<ProfileTierLevel>(ptl), subLayers);
  const id = readUe(); // sps_seq_parameter_set_id
  if (id > MAX_SPS_ID) return H265_SPS_RANGE;
  sps.id = id;
  const size = readSize(sps);
  if (readerFailed) return H265_SPS_MALFORMED;
  if (size != OK) return size;
  // only timing stands behind: what cannot be read of it harms nobody
  if (skipTools() && skipLongTerm(sps.orderCntBits)) {
    skipBits(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
    if (readFlag() && !readerFailed) readVui(sps); // vui_parameters_present_flag
  }
  return OK;
}
