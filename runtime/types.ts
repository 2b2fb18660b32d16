/**
 * Enums and structures of the device API, with the names, values and fields of the specification (chapter 4 and the common
 * audio/video module). Callbacks carry the names of chapter 3. PTS are numbers of milliseconds; what is `uint64_t` there fits 53 bits.
 */

// ── common audio/video module ─────────────────────────────────────────────────────────────────────

import type { DropPolicy } from './spool/drop-policy.ts'
import type { SpoolParameters } from './spool/options.ts'

export enum iv_cm_stream_type_e {
  IV_CM_STREAM_TYPE_AUDIO = 0,
  IV_CM_STREAM_TYPE_VIDEO = 1,
  IV_CM_STREAM_TYPE_BUTT = 2,
}

export enum iv_cm_frame_type_e {
  IV_CM_FRAME_TYPE_I = 0,
  IV_CM_FRAME_TYPE_P = 1,
  IV_CM_FRAME_TYPE_BUTT = 2,
}

export enum iv_cm_venc_type_e {
  IV_CM_VENC_TYPE_H264 = 0,
  IV_CM_VENC_TYPE_H265 = 1,
  /** declared, not supported by cloud storage */
  IV_CM_VENC_TYPE_MJPG = 2,
  IV_CM_VENC_TYPE_BUTT = 3,
}

export enum iv_cm_aenc_type_e {
  IV_CM_AENC_TYPE_PCM = 0,
  IV_CM_AENC_TYPE_G711A = 1,
  IV_CM_AENC_TYPE_G711U = 2,
  /** declared, not supported */
  IV_CM_AENC_TYPE_G726 = 3,
  IV_CM_AENC_TYPE_AAC = 4,
  /** declared, not supported */
  IV_CM_AENC_TYPE_AMR = 5,
  /** declared, not supported */
  IV_CM_AENC_TYPE_ADPCMA = 6,
  IV_CM_AENC_TYPE_BUTT = 7,
}

/** 1 to 9 are the MPEG-4 audio object types. */
export enum iv_cm_aac_type_e {
  IV_CM_AAC_TYPE_NONE = 0,
  IV_CM_AAC_TYPE_MAIN = 1,
  IV_CM_AAC_TYPE_LC = 2,
  IV_CM_AAC_TYPE_SSR = 3,
  IV_CM_AAC_TYPE_LTP = 4,
  IV_CM_AAC_TYPE_SBR = 5,
  /** spelled so in the specification */
  IV_CM_AAC_TYPE_SCALCBLE = 6,
  IV_CM_AAC_TYPE_TWINVQ = 7,
  IV_CM_AAC_TYPE_CELP = 8,
  IV_CM_AAC_TYPE_HVXC = 9,
  IV_CM_AAC_TYPE_BUTT = 10,
}

/** The value is the rate in Hz. */
export enum iv_cm_aenc_sample_rate_e {
  IV_CM_AENC_SAMPLE_RATE_8000 = 8000,
  IV_CM_AENC_SAMPLE_RATE_11025 = 11025,
  IV_CM_AENC_SAMPLE_RATE_12000 = 12000,
  IV_CM_AENC_SAMPLE_RATE_16000 = 16000,
  IV_CM_AENC_SAMPLE_RATE_22050 = 22050,
  IV_CM_AENC_SAMPLE_RATE_24000 = 24000,
  IV_CM_AENC_SAMPLE_RATE_32000 = 32000,
  IV_CM_AENC_SAMPLE_RATE_44100 = 44100,
  IV_CM_AENC_SAMPLE_RATE_48000 = 48000,
  IV_CM_AENC_SAMPLE_RATE_64000 = 64000,
  IV_CM_AENC_SAMPLE_RATE_96000 = 96000,
  IV_CM_AENC_SAMPLE_RATE_BUTT = 96001,
}

/** An index, not a number of bits. */
export enum iv_cm_aenc_bit_width_e {
  IV_CM_AENC_BIT_WIDTH_8 = 0,
  IV_CM_AENC_BIT_WIDTH_16 = 1,
  IV_CM_AENC_BIT_WIDTH_24 = 2,
  IV_CM_AENC_BIT_WIDTH_BUTT = 3,
}

/** An index, not a number of channels. */
export enum iv_cm_aenc_mode_e {
  IV_CM_AENC_MODE_MONO = 0,
  IV_CM_AENC_MODE_STEREO = 1,
  IV_CM_AENC_MODE_BUTT = 2,
}

export type iv_cm_av_data_info_s = {
  eAudioType: iv_cm_aenc_type_e
  /** AAC profile, AAC only */
  u32AudioCodecOption?: iv_cm_aac_type_e
  /** G.711 and PCM only; AAC says it in its ADTS header, as it does the next three */
  eAudioMode?: iv_cm_aenc_mode_e
  /** PCM only, 16 bits only */
  eAudioBitWidth?: iv_cm_aenc_bit_width_e
  /** G.711 and PCM */
  eAudioSampleRate?: iv_cm_aenc_sample_rate_e
  /** G.711 and PCM, over all channels: 1024 mono, 2048 stereo */
  u32SampleNumPerFrame?: number
  eVideoType: iv_cm_venc_type_e
  /** pixels; 0 or absent: taken from the stream */
  u32VideoWidth?: number
  u32VideoHeight?: number
  /** pictures per second; 0 is a variable rate */
  u32Framerate?: number
}

/** One audio packet: one or more ADTS frames, or 1024 samples per channel. */
export type iv_cm_aenc_pack_s = {
  pu8Addr: Uint8Array
  /** bytes of `pu8Addr` that count; absent: all */
  u32Len?: number
  /** ms, same epoch as video */
  u64PTS: number
  u32Seq: number
}

/** One picture: an Annex B access unit. */
export type iv_cm_venc_pack_s = iv_cm_aenc_pack_s & { eFrameType: iv_cm_frame_type_e }

// ── cloud storage ─────────────────────────────────────────────────────────────────────────────────

/** Length of `slice_info` of a STATE_MSG notice. */
export const MAX_UPLOAD_INFO_NUM = 10

/**
 * The document stops at CS_MULTI_CH2 and the header at CS_MULTI_CH4; here a device may have 64, as the system module's
 * `max_channel_num` says. CS_CH_NUM is the header's.
 */
export enum iv_cs_chn_e {
  CS_SINGLE_CH = 0,
  CS_MULTI_CH1 = 1,
  CS_MULTI_CH2 = 2,
  CS_MULTI_CH3 = 3,
  CS_MULTI_CH4 = 4,
  CS_CH_NUM = 5,
}

export enum iv_cs_type_e {
  CS_TYPE_NONE = 0,
  CS_TYPE_FULL_TIME = 1,
  CS_TYPE_EVENT = 2,
  CS_TYPE_FREE_TRIAL = 3,
}

export enum iv_cs_up_bk_state_e {
  CS_UP_BK_START = 0,
  CS_UP_BK_RUNNING = 1,
  CS_UP_BK_END = 2,
  CS_UP_BK_BUTT = 3,
}

export enum iv_cs_format_e {
  IV_CS_FORMAT_TS = 0,
  IV_CS_FORMAT_FMP4 = 1,
}

export enum iv_cs_ai_type_e {
  CS_AI_TYPE_CLOSE = 0,
  CS_AI_TYPE_FALL_DETECT = 1,
}

export enum iv_cs_event_report_opt_e {
  CS_EVENT_VIDEO_REQ = 0,
  CS_EVENT_PIC_REQ = 1,
  CS_EVENT_VIDEO_OR_PIC_REQ = 2,
}

export enum iv_cs_upload_state_e {
  IV_CS_UPLOAD_OK = 0,
  IV_CS_UPLOAD_ERR = 1,
}

export enum iv_cs_notify_msg_type_e {
  IV_CS_AV_UPLOAD_CONNECT_FAIL = 0,
  IV_CS_AV_UPLOAD_CONNECT_RECOVER = 1,
  IV_CS_AV_UPLOAD_STATE_MSG = 2,
  IV_CS_AV_UPLOAD_WATERMARK_LOW = 3,
  IV_CS_AV_UPLOAD_WATERMARK_WARN = 4,
  IV_CS_AV_UPLOAD_WATERMARK_HIGH = 5,
  IV_CS_COS_SERVICE_WRONG = 6,
  IV_CS_MSG_BUTT = 7,
}

export type iv_cs_balance_info_s = {
  cs_switch: number
  cs_days: number
  cs_type: iv_cs_type_e
  /** counts for CS_TYPE_FREE_TRIAL only */
  free_trial_remaining_sec: number
}

/** Video frames only. `upload_size === total_size` and IV_CS_UPLOAD_OK: all of it is at the cloud. */
export type iv_cs_upload_slice_info_s = {
  utc_sec_a: number
  utc_sec_b: number
  pts_ms_a: number
  pts_ms_b: number
  frame_seq_a: number
  frame_seq_b: number
  upload_size: number
  total_size: number
  state: iv_cs_upload_state_e
}

export type iv_cs_upload_info_s = { slice_info: iv_cs_upload_slice_info_s[]; num: number }

export type iv_cs_notify_msg_data = { av_result_info: iv_cs_upload_info_s }

export type iv_cs_event_result_info = {
  /** 1 success, 0 failure: the document's values, the header has them the other way round */
  result_code: number
  event_id: number
  start_time_s: number
  end_time_s: number
}

export type iv_cs_congestion_ctrl_s = {
  /** bytes, ascending, at most u32MaxGopSize */
  low_mark: number
  warn_mark: number
  high_mark: number
  /** 0 or 1 */
  enable: number
}

export type iv_cs_channel_params_s = {
  channel_id: number
  /** bytes, a multiple of 4096 */
  u32MaxGopSize: number
  congestion_cfg?: iv_cs_congestion_ctrl_s
  av_fmt: iv_cm_av_data_info_s
  cs_fmt: iv_cs_format_e
  event_report_opt?: iv_cs_event_report_opt_e
  /** not of the specification: bytes of a queue that a Worker writes frames into, a multiple of 65536; absent or 0: none */
  capture_queue_bytes?: number
}

/** IV_ERR_NONE or nothing: done. Another code is logged and changes nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a callback in TypeScript need not return what the one in C must
export type iv_cs_callback_result = number | void

/** What onEventCapturePicture fills in; left as it is (null and 0) there is no picture. */
export type iv_cs_picture_s = { pic: Uint8Array | null; size: number }

/** What onGetBalance fills in: `is_vaild` (spelled so in the specification) 1 when the plan is valid. */
export type iv_cs_balance_answer_s = { is_vaild: number; balance: iv_cs_balance_info_s }

/** What getCsAiProcess fills in. */
export type iv_cs_ai_process_s = { ai_type: iv_cs_ai_type_e }

/** What an analysis in the cloud found; more than the specification's callback can say. */
export type iv_cs_ai_notice_s = { event_key?: string; event_id?: number; text?: string }

export type iv_cs_init_func_cb_s = {
  onStartPushStream(channel: number): iv_cs_callback_result
  onStopPushStream(channel: number): iv_cs_callback_result
  /** `utc_expire` in seconds, 0 when the service does not end */
  onAiServiceNotify?(
    channel: number,
    ai_server_type: number,
    utc_expire: number,
    notice: iv_cs_ai_notice_s,
  ): void
  /** The picture's bytes must stay as they are until onEventPictureResult hands them back. */
  onEventCapturePicture?(
    channel: number,
    event_id: number,
    picture: iv_cs_picture_s,
  ): iv_cs_callback_result
  /** `err_code` 0: uploaded. Called once for each picture, never when there was none. */
  onEventPictureResult?(channel: number, pic: Uint8Array, err_code: number): iv_cs_callback_result
  onEventReportResult?(channel: number, info: iv_cs_event_result_info): iv_cs_callback_result
  /** not of the specification: an event that was told of as failed is complete after all, as its video has come to the cloud from ring or spool */
  onEventLateResult?(channel: number, info: iv_cs_event_result_info): iv_cs_callback_result
  /** For devices whose chip has no MQTT: the plan, from the chip that has. Called often; what it fills in is cached here too. */
  onGetBalance?(channel: number, answer: iv_cs_balance_answer_s, timeout_ms: number): void
  /**
   * Every muxed byte: START, RUNNING …, END for each slice. Times in ms of UTC; the name comes with END; `buf` is the app's during
   * the call only. Called inside pushCsStream: must not block. What it returns is bytes saved, and not looked at.
   */
  onDumpFile?(
    channel: number,
    state: iv_cs_up_bk_state_e,
    start_ts: number,
    end_ts: number,
    file_name: string | null,
    buf: Uint8Array | null,
    len: number,
  ): iv_cs_callback_result
  onNotify?(
    channel: number,
    type: iv_cs_notify_msg_type_e,
    data: iv_cs_notify_msg_data | null,
  ): iv_cs_callback_result
}

export type iv_cs_init_parm_s = {
  channel_num: number
  func_cb: iv_cs_init_func_cb_s
  ch_params: iv_cs_channel_params_s[]
  /** not of the specification: keeps on disk what the line does not carry; absent: nothing is written */
  spool?: SpoolParameters
  /**
   * not of the specification: what goes when there is no room. `newest`: what comes is refused up to the next IDR for which there is room (the default without a
   * spool); `oldest`: the oldest GOP; `non-event-first`: the oldest that belongs to no event (the default with a spool)
   */
  drop_policy?: DropPolicy
}
