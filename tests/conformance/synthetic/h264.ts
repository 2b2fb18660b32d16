/**
 * A small H.264 encoder for test streams: Constrained Baseline, IDR pictures of I_PCM macroblocks, P pictures that skip all
 * macroblocks but one. Decodable by any decoder, and every header is under the caller's control.
 */
import { join, nalUnit } from './annex-b.ts'
import { BitWriter } from './bit-writer.ts'
import { block } from './picture.ts'

const NAL_NON_IDR = 1
const NAL_IDR = 5
const NAL_SEI = 6
const NAL_SPS = 7
const NAL_PPS = 8
const NAL_AUD = 9
const FRAME_NUM_BITS = 8
const I_PCM = 25 // mb_type. Spec: H.264 Table 7-11
const P_MB_TYPES = 5 // I macroblock types follow these in a P slice

export type H264Options = {
  widthMbs: number
  heightMbs: number
  /** bytes of each start code */
  startCode?: 3 | 4
  /** nominal rate written into the VUI; none without it */
  fps?: number
  profileIdc?: 66 | 100
}

export type PictureOptions = {
  aud?: boolean
  sets?: boolean
  sei?: boolean
  slices?: number
}

const header = (refIdc: number, type: number): number[] => [(refIdc << 5) | type]

export class H264Encoder {
  private readonly options: Required<Omit<H264Options, 'fps'>> & { fps: number }
  private frameNum = 0
  private idrId = 0
  private index = 0

  constructor(options: H264Options) {
    this.options = { startCode: 4, profileIdc: 66, fps: 0, ...options }
  }

  /** Spec: H.264 7.3.2.1.1 */
  sps(): Uint8Array {
    const { widthMbs, heightMbs, profileIdc, fps } = this.options
    const w = new BitWriter()
    w.u(8, profileIdc)
    w.u(8, profileIdc === 66 ? 0xc0 : 0) // constraint_set0_flag, constraint_set1_flag
    w.u(8, 30) // level_idc
    w.ue(0) // seq_parameter_set_id
    if (profileIdc === 100) {
      w.ue(1) // chroma_format_idc
      w.ue(0).ue(0) // bit_depth_luma_minus8, bit_depth_chroma_minus8
      w.u(1, 0) // qpprime_y_zero_transform_bypass_flag
      w.u(1, 0) // seq_scaling_matrix_present_flag
    }
    w.ue(FRAME_NUM_BITS - 4) // log2_max_frame_num_minus4
    w.ue(2) // pic_order_cnt_type
    w.ue(1) // max_num_ref_frames
    w.u(1, 0) // gaps_in_frame_num_value_allowed_flag
    w.ue(widthMbs - 1) // pic_width_in_mbs_minus1
    w.ue(heightMbs - 1) // pic_height_in_map_units_minus1
    w.u(1, 1) // frame_mbs_only_flag
    w.u(1, 1) // direct_8x8_inference_flag
    w.u(1, 0) // frame_cropping_flag
    w.u(1, fps > 0 ? 1 : 0) // vui_parameters_present_flag
    if (fps > 0) {
      w.u(1, 0).u(1, 0).u(1, 0).u(1, 0) // aspect_ratio, overscan, video_signal_type, chroma_loc
      w.u(1, 1).u(32, 1) // timing_info_present_flag, num_units_in_tick
      w.u(32, 2 * fps).u(1, 1) // time_scale, fixed_frame_rate_flag
      w.u(1, 0).u(1, 0) // nal_hrd_parameters_present_flag, vcl_hrd_parameters_present_flag
      w.u(1, 0).u(1, 0) // pic_struct_present_flag, bitstream_restriction_flag
    }
    return nalUnit(header(3, NAL_SPS), w.trailing().value, this.options.startCode)
  }

  /** Spec: H.264 7.3.2.2 */
  pps(): Uint8Array {
    const w = new BitWriter()
    w.ue(0).ue(0) // pic_parameter_set_id, seq_parameter_set_id
    w.u(1, 0).u(1, 0) // entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
    w.ue(0) // num_slice_groups_minus1
    w.ue(0).ue(0) // num_ref_idx_l0_default_active_minus1, num_ref_idx_l1_default_active_minus1
    w.u(1, 0).u(2, 0) // weighted_pred_flag, weighted_bipred_idc
    w.se(0).se(0).se(0) // pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
    w.u(1, 1) // deblocking_filter_control_present_flag
    w.u(1, 0).u(1, 0) // constrained_intra_pred_flag, redundant_pic_cnt_present_flag
    return nalUnit(header(3, NAL_PPS), w.trailing().value, this.options.startCode)
  }

  /** Spec: H.264 7.3.2.4 */
  aud(primaryPicType: number): Uint8Array {
    const rbsp = new BitWriter().u(3, primaryPicType).trailing().value
    return nalUnit(header(0, NAL_AUD), rbsp, this.options.startCode)
  }

  /** user_data_unregistered. Spec: H.264 D.1.7 */
  sei(): Uint8Array {
    const text = [...'skyrill conformance vectors     '].map((c) => c.charCodeAt(0))
    const rbsp = new BitWriter().u(8, 5).u(8, text.length).raw(text).trailing().value
    return nalUnit(header(0, NAL_SEI), rbsp, this.options.startCode)
  }

  idr(options: PictureOptions = {}): Uint8Array {
    const { sets = true } = options
    this.frameNum = 0
    const lead = sets ? [this.sps(), this.pps()] : []
    const out = this.picture(true, 7, { ...options }, lead)
    this.idrId = (this.idrId + 1) & 15
    return out
  }

  p(options: PictureOptions = {}): Uint8Array {
    return this.picture(false, 5, options, [])
  }

  /** Only the header says B: enough for a core that must refuse it. */
  b(): Uint8Array {
    return this.picture(false, 6, {}, [])
  }

  private picture(idr: boolean, sliceType: number, options: PictureOptions, lead: Uint8Array[]) {
    const { aud = false, sei = false, slices = 1 } = options
    const total = this.options.widthMbs * this.options.heightMbs
    const parts = aud ? [this.aud(idr ? 0 : 1)] : []
    parts.push(...lead)
    if (sei) parts.push(this.sei())
    for (let slice = 0; slice < slices; slice++) {
      const from = Math.floor((total * slice) / slices)
      const to = Math.floor((total * (slice + 1)) / slices)
      parts.push(this.slice(idr, sliceType, from, to))
    }
    this.frameNum = (this.frameNum + 1) & ((1 << FRAME_NUM_BITS) - 1)
    this.index++
    return join(...parts)
  }

  /** Spec: H.264 7.3.3, 7.3.4 */
  private slice(idr: boolean, sliceType: number, from: number, to: number): Uint8Array {
    const w = new BitWriter()
    w.ue(from) // first_mb_in_slice
    w.ue(sliceType).ue(0) // slice_type, pic_parameter_set_id
    w.u(FRAME_NUM_BITS, this.frameNum)
    if (idr) w.ue(this.idrId) // idr_pic_id
    if (sliceType === 6) w.u(1, 1) // direct_spatial_mv_pred_flag
    if (!idr) w.u(1, 0).u(1, 0) // num_ref_idx_active_override_flag, ref_pic_list_modification_flag_l0
    if (sliceType === 6) w.u(1, 0) // ref_pic_list_modification_flag_l1
    if (idr)
      w.u(1, 0).u(1, 0) // no_output_of_prior_pics_flag, long_term_reference_flag
    else w.u(1, 0) // adaptive_ref_pic_marking_mode_flag
    w.se(0) // slice_qp_delta
    w.ue(1) // disable_deblocking_filter_idc
    const walker = this.index % (this.options.widthMbs * this.options.heightMbs)
    if (idr) for (let mb = from; mb < to; mb++) this.pcm(w.ue(I_PCM), mb, mb === walker)
    else if (walker >= from && walker < to) {
      w.ue(walker - from).ue(P_MB_TYPES + I_PCM) // mb_skip_run, mb_type
      this.pcm(w, walker, true)
      if (walker + 1 < to) w.ue(to - walker - 1)
    } else w.ue(to - from)
    const rbsp = w.trailing().value
    return nalUnit(header(2, idr ? NAL_IDR : NAL_NON_IDR), rbsp, this.options.startCode)
  }

  /** pcm_alignment_zero_bit and the samples. Spec: H.264 7.3.5 */
  private pcm(w: BitWriter, mb: number, bright: boolean): void {
    const x = (mb % this.options.widthMbs) * 16
    const y = Math.floor(mb / this.options.widthMbs) * 16
    const samples = block(16, x, y, this.index, bright)
    w.zerosToByte().raw(samples.luma).raw(samples.cb).raw(samples.cr)
  }
}
