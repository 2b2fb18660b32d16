/**
 * Every status that the ABI returns. 0: done. Negative: refused, nothing was written. Positive: done, with a notice.
 * One base per module; core-wasm/errors.ts holds the only texts. tools/gen-abi.ts copies names and numbers to the hosts.
 */
export const OK: i32 = 0;

// notices
export const NOTICE_DISCONTINUITY: i32 = 1; // accepted; a new slice starts that does not continue the one before
export const NOTICE_RASL_DROPPED: i32 = 2; // a RASL picture after a CRA start was dropped
export const NOTICE_AUDIO_EARLY: i32 = 3; // audio older than the slice's first picture was dropped
export const NOTICE_AUDIO_WAITS: i32 = 4; // audio waits for the first picture

// config, open
export const CONFIG_BASE: i32 = -1000;
export const CONFIG_RING_RANGE: i32 = -1001; // ring bytes: not a multiple of 4096, too small, too large
export const CONFIG_FORMAT_RANGE: i32 = -1002;
export const CONFIG_VIDEO_RANGE: i32 = -1003;
export const CONFIG_AUDIO_RANGE: i32 = -1004;
export const CONFIG_RATE_RANGE: i32 = -1005;
export const CONFIG_CHANNELS_RANGE: i32 = -1006;
export const CONFIG_BIT_RATE_RANGE: i32 = -1007;
export const CONFIG_FPS_RANGE: i32 = -1008;
export const CONFIG_SLICE_RANGE: i32 = -1009;
export const CONFIG_POLICY_RANGE: i32 = -1010;
export const CONFIG_NO_TRACK: i32 = -1011; // neither video nor audio
export const CONFIG_MEMORY: i32 = -1012; // memory could not grow
export const CONFIG_NOT_OPEN: i32 = -1013;
export const CONFIG_ALREADY_OPEN: i32 = -1014;

// ring and tables
export const RING_BASE: i32 = -1100;
export const RING_FULL: i32 = -1101; // by policy, or held; STATE_SHORTFALL says by how many bytes
export const RING_TOO_SMALL: i32 = -1102; // larger than the whole ring; STATE_SHORTFALL
export const RING_POSITION: i32 = -1103; // release or hold outside [tail, head]
export const RING_ADDRESS: i32 = -1104; // an input that is not inside memory
export const RING_TABLE_FULL: i32 = -1105; // slices or units that nobody released
export const RING_RETRY: i32 = -1106; // the open fragment was closed to make room: read what became visible, reserve again

// NAL units and pictures
export const PICTURE_BASE: i32 = -1200;
export const PICTURE_EMPTY: i32 = -1201; // no bytes
export const PICTURE_NO_START_CODE: i32 = -1202; // garbage
export const PICTURE_NONE: i32 = -1203; // NAL units without a picture
export const PICTURE_SEVERAL: i32 = -1204; // more than one picture in a push
export const PICTURE_NEED_IDR: i32 = -1205;
export const PICTURE_B_SLICE: i32 = -1206;
export const PICTURE_NO_PARAMETER_SETS: i32 = -1207;
export const PICTURE_FORMAT_CHANGED: i32 = -1208; // size, profile or codec: close, open again
export const PICTURE_MALFORMED: i32 = -1209; // header syntax
export const PICTURE_TOO_MANY_UNITS: i32 = -1210; // NAL units
export const PICTURE_NOT_CONFIGURED: i32 = -1211; // video pushed to a channel without video
export const PICTURE_SETS_TOO_LARGE: i32 = -1212; // parameter sets beyond the cache

// time
export const TIME_BASE: i32 = -1300;
export const TIME_RANGE: i32 = -1301; // negative, not finite, above 2^53
export const TIME_STEP_BACK: i32 = -1302;
export const TIME_JUMP: i32 = -1303;
export const TIME_MICROSECONDS: i32 = -1304; // suspected
export const TIME_FRAME_NUMBERS: i32 = -1305; // suspected
export const TIME_AV_DISTANCE: i32 = -1306; // audio and video on different epochs

// audio
export const AUDIO_BASE: i32 = -1400;
export const AUDIO_NOT_CONFIGURED: i32 = -1401;
export const AUDIO_EMPTY: i32 = -1402;
export const AUDIO_SYNC: i32 = -1403; // no ADTS syncword
export const AUDIO_PROFILE: i32 = -1404; // not AAC-LC
export const AUDIO_RATE: i32 = -1405; // other than announced or configured
export const AUDIO_CHANNELS: i32 = -1406;
export const AUDIO_LENGTH: i32 = -1407; // frame lengths do not add up; not 1024 samples per channel
export const AUDIO_STEP_BACK: i32 = -1408;
export const AUDIO_BLOCKS: i32 = -1409; // more than one raw_data_block in an ADTS frame

// parameter set syntax
export const H264_BASE: i32 = -1500;
export const H264_SPS_MALFORMED: i32 = -1501;
export const H264_SPS_RANGE: i32 = -1502;
export const H264_PPS_MALFORMED: i32 = -1503;
export const H264_SLICE_MALFORMED: i32 = -1504;

export const H265_BASE: i32 = -1600;
export const H265_VPS_MALFORMED: i32 = -1601;
export const H265_SPS_MALFORMED: i32 = -1602;
export const H265_SPS_RANGE: i32 = -1603;
export const H265_PPS_MALFORMED: i32 = -1604;
export const H265_SLICE_MALFORMED: i32 = -1605;
