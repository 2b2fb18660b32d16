/**
 * H.265 access units with true headers and made-up slice data: enough for a core that reads parameter sets and slice headers and
 * carries the rest. Main profile, CTB of 16, one tile, one reference picture.
 */
import { join, nalUnit } from './annex-b.ts'
import { BitWriter } from './bit-writer.ts'

// nal_unit_type. Spec: H.265 Table 7-1
const NAL_TRAIL_R = 1
const NAL_RASL_N = 8
const NAL_IDR_W_RADL = 19
const NAL_CRA = 21
const NAL_VPS = 32
const NAL_SPS = 33
const NAL_PPS = 34
const NAL_AUD = 35

const POC_LSB_BITS = 8
// slice_type. Spec: H.265 Table 7-7
const SLICE_B = 0
const SLICE_P = 1
const SLICE_I = 2

export type H265Options = { width: number; height: number; startCode?: 3 | 4 }
export type H265PictureOptions = { aud?: boolean; sets?: boolean; bytes?: number }

const header = (type: number): number[] => [type << 1, 1]

export class H265Encoder {
  private readonly options: Required<H265Options>
  private poc = 0
  private seed = 1

  constructor(options: H265Options) {
    this.options = { startCode: 4, ...options }
  }

  /** Spec: H.265 7.3.2.1 */
  vps(): Uint8Array {
    const w = new BitWriter()
    w.u(4, 0).u(1, 1).u(1, 1) // vps_video_parameter_set_id, base_layer_internal, base_layer_available
    w.u(6, 0).u(3, 0).u(1, 1) // max_layers_minus1, max_sub_layers_minus1, temporal_id_nesting_flag
    w.u(16, 0xffff) // vps_reserved_0xffff_16bits
    this.profileTierLevel(w)
    w.u(1, 1).ue(1).ue(0).ue(0) // sub_layer_ordering_info_present, dec_pic_buffering, reorder, latency
    w.u(6, 0).ue(0) // vps_max_layer_id, vps_num_layer_sets_minus1
    w.u(1, 0).u(1, 0) // vps_timing_info_present_flag, vps_extension_flag
    return this.unit(NAL_VPS, w)
  }

  /** Spec: H.265 7.3.2.2.1 */
  sps(): Uint8Array {
    const { width, height } = this.options
    const w = new BitWriter()
    w.u(4, 0).u(3, 0).u(1, 1) // sps_video_parameter_set_id, max_sub_layers_minus1, nesting
    this.profileTierLevel(w)
    w.ue(0).ue(1) // sps_seq_parameter_set_id, chroma_format_idc
    w.ue(width).ue(height).u(1, 0) // width, height, conformance_window_flag
    w.ue(0).ue(0) // bit_depth_luma_minus8, bit_depth_chroma_minus8
    w.ue(POC_LSB_BITS - 4) // log2_max_pic_order_cnt_lsb_minus4
    w.u(1, 1).ue(1).ue(0).ue(0) // sub_layer_ordering_info_present, dec_pic_buffering, reorder, latency
    w.ue(0).ue(1) // log2_min_luma_coding_block_size_minus3, log2_diff_max_min
    w.ue(0).ue(2) // log2_min_luma_transform_block_size_minus2, log2_diff_max_min
    w.ue(0).ue(0) // max_transform_hierarchy_depth_inter, _intra
    w.u(1, 0).u(1, 0).u(1, 0).u(1, 0) // scaling_list, amp, sample_adaptive_offset, pcm
    w.ue(1) // num_short_term_ref_pic_sets
    w.ue(1).ue(0).ue(0).u(1, 1) // num_negative, num_positive, delta_poc_s0_minus1, used_by_curr
    w.u(1, 0).u(1, 0).u(1, 0) // long_term_ref_pics_present, temporal_mvp, strong_intra_smoothing
    w.u(1, 0).u(1, 0) // vui_parameters_present_flag, sps_extension_present_flag
    return this.unit(NAL_SPS, w)
  }

  /** Spec: H.265 7.3.2.3.1 */
  pps(): Uint8Array {
    const w = new BitWriter()
    w.ue(0).ue(0) // pps_pic_parameter_set_id, pps_seq_parameter_set_id
    w.u(1, 0).u(1, 0).u(3, 0) // dependent_slice_segments, output_flag_present, extra header bits
    w.u(1, 0).u(1, 0) // sign_data_hiding, cabac_init_present
    w.ue(0).ue(0).se(0) // num_ref_idx_l0_default, _l1_default, init_qp_minus26
    w.u(1, 0).u(1, 0).u(1, 0) // constrained_intra_pred, transform_skip, cu_qp_delta
    w.se(0).se(0).u(1, 0) // cb_qp_offset, cr_qp_offset, slice_chroma_qp_offsets_present
    w.u(1, 0).u(1, 0).u(1, 0) // weighted_pred, weighted_bipred, transquant_bypass
    w.u(1, 0).u(1, 0) // tiles_enabled, entropy_coding_sync_enabled
    w.u(1, 0) // pps_loop_filter_across_slices_enabled_flag
    w.u(1, 1).u(1, 0).u(1, 1) // deblocking control: present, override_enabled, disabled
    w.u(1, 0).u(1, 0).ue(0) // scaling_list_data, lists_modification, log2_parallel_merge_level_minus2
    w.u(1, 0).u(1, 0) // slice_segment_header_extension, pps_extension
    return this.unit(NAL_PPS, w)
  }

  idr(options: H265PictureOptions = {}): Uint8Array {
    this.poc = 0
    return this.randomAccess(NAL_IDR_W_RADL, options)
  }

  cra(options: H265PictureOptions = {}): Uint8Array {
    this.poc++
    return this.randomAccess(NAL_CRA, options)
  }

  p(options: H265PictureOptions = {}): Uint8Array {
    this.poc++
    return this.picture(NAL_TRAIL_R, SLICE_P, options, [])
  }

  /** A leading picture that refers to what came before its CRA. */
  rasl(options: H265PictureOptions = {}): Uint8Array {
    return this.picture(NAL_RASL_N, SLICE_P, options, [])
  }

  b(options: H265PictureOptions = {}): Uint8Array {
    return this.picture(NAL_TRAIL_R, SLICE_B, options, [])
  }

  private randomAccess(type: number, options: H265PictureOptions): Uint8Array {
    const { sets = true } = options
    const lead = sets ? [this.vps(), this.sps(), this.pps()] : []
    return this.picture(type, SLICE_I, options, lead)
  }

  private picture(
    type: number,
    sliceType: number,
    options: H265PictureOptions,
    lead: Uint8Array[],
  ) {
    const { aud = false, bytes = type >= NAL_IDR_W_RADL ? 900 : 120 } = options
    const parts = aud
      ? [this.unit(NAL_AUD, new BitWriter().u(3, sliceType === SLICE_I ? 0 : 1))]
      : []
    return join(...parts, ...lead, this.slice(type, sliceType, bytes))
  }

  /** Spec: H.265 7.3.6.1 */
  private slice(type: number, sliceType: number, bytes: number): Uint8Array {
    const idr = type === NAL_IDR_W_RADL
    const w = new BitWriter()
    w.u(1, 1) // first_slice_segment_in_pic_flag
    if (type >= 16 && type <= 23) w.u(1, 0) // no_output_of_prior_pics_flag
    w.ue(0).ue(sliceType) // slice_pic_parameter_set_id, slice_type
    if (!idr) w.u(POC_LSB_BITS, this.poc & 0xff).u(1, 1) // pic_order_cnt_lsb, short_term_ref_pic_set_sps_flag
    if (sliceType !== SLICE_I) {
      w.u(1, 0) // num_ref_idx_active_override_flag
      if (sliceType === SLICE_B) w.u(1, 0) // mvd_l1_zero_flag
      w.ue(4) // five_minus_max_num_merge_cand
    }
    w.se(0) // slice_qp_delta
    w.trailing() // byte_alignment()
    for (let i = 0; i < bytes; i++) {
      this.seed = (Math.imul(this.seed, 1664525) + 1013904223) >>> 0
      w.u(8, this.seed >>> 24)
    }
    return this.unit(type, w)
  }

  /** Main profile, level 3.1. Spec: H.265 7.3.3 */
  private profileTierLevel(w: BitWriter): void {
    w.u(2, 0).u(1, 0).u(5, 1) // general_profile_space, general_tier_flag, general_profile_idc
    w.u(32, 0x60000000) // general_profile_compatibility_flag[1], [2]
    w.u(1, 1).u(1, 0).u(1, 0).u(1, 1) // progressive_source, interlaced, non_packed, frame_only
    w.u(32, 0).u(12, 0) // reserved
    w.u(8, 93) // general_level_idc
  }

  private unit(type: number, rbsp: BitWriter): Uint8Array {
    return nalUnit(header(type), rbsp.trailing().value, this.options.startCode)
  }
}
