import * as abi from './abi.gen.ts'

/** What each status means and what to do about it: the only texts. Keys are the names in assembly/status.ts. */
const MESSAGES = {
  OK: 'done',
  NOTICE_DISCONTINUITY: 'accepted; a new slice starts that does not continue the one before',
  NOTICE_RASL_DROPPED:
    'a RASL picture was dropped: the CRA before it started the stream, so its references do not exist',
  NOTICE_AUDIO_EARLY: "audio older than the slice's first picture was dropped",
  NOTICE_AUDIO_WAITS: 'audio waits for the first picture',
  CONFIG_RING_RANGE: 'ring bytes (u32MaxGopSize) must be a multiple of 4096 between 4096 and 2^30',
  CONFIG_FORMAT_RANGE: 'format must be 0 (TS) or 1 (fMP4)',
  CONFIG_VIDEO_RANGE: 'video codec must be 0 (H.264), 1 (H.265) or -1 (none)',
  CONFIG_AUDIO_RANGE: 'audio input must be 0 (PCM), 1 (G.711 A), 2 (G.711 u), 4 (AAC) or -1 (none)',
  CONFIG_RATE_RANGE: 'sample rate must be one of the AAC rates, 7350 to 96000 Hz',
  CONFIG_CHANNELS_RANGE: 'channels must be 1 or 2',
  CONFIG_BIT_RATE_RANGE: 'audio bit rate must be 0 (default) to 576000 bit/s',
  CONFIG_FPS_RANGE: 'frame rate must be 0 (variable) to 1000',
  CONFIG_SLICE_RANGE:
    'slice times: 0 < minimum <= maximum <= 3600000 ms; a flush reason must be stop, pause, clock or format',
  CONFIG_POLICY_RANGE: 'full-ring policy must be 0 (refuse) or 1 (evict)',
  CONFIG_NO_TRACK: 'neither video nor audio is configured',
  CONFIG_MEMORY: 'memory could not grow to what the configuration needs',
  CONFIG_NOT_OPEN: 'the core is not open',
  CONFIG_ALREADY_OPEN: 'the core is already open; one instance is one channel',
  RING_FULL: 'the ring is full: release bytes, allow eviction, or make the ring larger',
  RING_TOO_SMALL: 'the frame is larger than the ring; u32MaxGopSize must hold at least one I frame',
  RING_POSITION: 'position outside of what is in the ring',
  RING_ADDRESS: 'address outside of memory, or inside the ring without having been reserved',
  RING_TABLE_FULL: 'too many slices or GOPs wait for release',
  RING_RETRY:
    'the open fragment was closed to make room: read what became visible, then reserve again',
  PICTURE_EMPTY: 'the frame has no bytes',
  PICTURE_NO_START_CODE: 'no Annex B start code (00 00 01) at the beginning of the frame',
  PICTURE_NONE: 'the frame holds no picture',
  PICTURE_SEVERAL: 'the frame holds more than one picture; push one access unit at a time',
  PICTURE_NEED_IDR: 'the next video frame must be an IDR (key) frame',
  PICTURE_B_SLICE: 'B slices are not supported; encode with I and P frames only',
  PICTURE_NO_PARAMETER_SETS: 'the picture refers to an SPS or PPS that was never sent',
  PICTURE_FORMAT_CHANGED: 'size, profile or codec changed: close the channel and open it again',
  PICTURE_MALFORMED: 'a NAL unit header or slice header is broken',
  PICTURE_TOO_MANY_UNITS: 'more than 1024 NAL units in one frame',
  PICTURE_NOT_CONFIGURED: 'this channel has no video',
  PICTURE_SETS_TOO_LARGE: 'parameter sets beyond 1024 bytes each, 2048 together, or 32 of them',
  TIME_RANGE: 'PTS and UTC must be milliseconds from 0 to 2^53',
  TIME_STEP_BACK: 'PTS is not later than that of the frame before',
  TIME_JUMP: 'PTS is more than 10 s later than that of the frame before',
  TIME_MICROSECONDS: 'PTS looks like microseconds; it must be milliseconds',
  TIME_FRAME_NUMBERS: 'PTS looks like frame numbers; it must be milliseconds',
  TIME_AV_DISTANCE:
    'audio and video PTS are more than 10 s apart; both must count from the same epoch',
  AUDIO_NOT_CONFIGURED: 'this channel has no audio',
  AUDIO_EMPTY: 'the audio push has no bytes',
  AUDIO_SYNC: 'no ADTS header (ff f1 or ff f9) where an AAC frame must begin',
  AUDIO_PROFILE: 'only AAC-LC is supported',
  AUDIO_RATE: 'the sample rate in the ADTS header is not that of the channel',
  AUDIO_CHANNELS:
    'the channel configuration in the ADTS header is not that of the channel, or above 2',
  AUDIO_LENGTH:
    'audio length: ADTS frame lengths do not add up to the push, or not 1024 samples per channel',
  AUDIO_STEP_BACK: 'audio PTS is not later than that of the frame before',
  AUDIO_BLOCKS: 'more than one raw data block in an ADTS frame',
  H264_SPS_MALFORMED: 'H.264 SPS ends early',
  H264_SPS_RANGE: 'a field of the H.264 SPS is out of range',
  H264_PPS_MALFORMED: 'H.264 PPS is broken',
  H264_SLICE_MALFORMED: 'H.264 slice header is broken',
  H265_VPS_MALFORMED: 'H.265 VPS is broken',
  H265_SPS_MALFORMED: 'H.265 SPS ends early',
  H265_SPS_RANGE: 'a field of the H.265 SPS is out of range',
  H265_PPS_MALFORMED: 'H.265 PPS is broken',
  H265_SLICE_MALFORMED: 'H.265 slice segment header is broken',
} as const satisfies Partial<Record<keyof typeof abi, string>>

export type StatusName = keyof typeof MESSAGES

const NAMES = new Map<number, StatusName>(
  (Object.keys(MESSAGES) as StatusName[]).map((name) => [abi[name], name]),
)

/** Name of a status, as in assembly/status.ts. */
export const statusName = (status: number): StatusName | undefined => NAMES.get(status)

/** What a status means and what to do about it. */
export const statusMessage = (status: number): string => {
  const name = NAMES.get(status)
  return name === undefined ? `unknown status ${status}` : MESSAGES[name]
}

/** Thrown by Core.create() only; the push path returns numbers. */
export class CoreError extends Error {
  readonly status: number
  readonly code: StatusName | undefined

  constructor(status: number, detail = '') {
    super(`${statusName(status) ?? status}: ${statusMessage(status)}${detail}`)
    this.name = 'CoreError'
    this.status = status
    this.code = statusName(status)
  }
}
