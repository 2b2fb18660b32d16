/**
 * What the host and the core share in memory. `tools/gen-abi.ts` turns every `export const NAME: i32 = value;` of this file into
 * core-wasm/abi.gen.ts and core-wasm/skyrill.h, so each has one line and a plain number. Blocks never move and their records
 * never change size; all numbers are little-endian; f64 fields hold integers (a byte position, milliseconds).
 */

export const ABI_VERSION: i32 = 1;

// ── config block: i32 fields, written by the host between config() and open() ──────────────────────────────────────────
export const CONFIG_RING_BYTES: i32 = 0; // u32MaxGopSize: a multiple of 4096
export const CONFIG_FORMAT: i32 = 4; // FORMAT_TS or FORMAT_FMP4
export const CONFIG_VIDEO_CODEC: i32 = 8; // VIDEO_H264, VIDEO_H265 or VIDEO_NONE
export const CONFIG_AUDIO_INPUT: i32 = 12; // AUDIO_AAC, AUDIO_PCM, AUDIO_G711A, AUDIO_G711U or AUDIO_NONE
export const CONFIG_SAMPLE_RATE: i32 = 16; // Hz; with AAC 0 takes it from the first ADTS header
export const CONFIG_CHANNELS: i32 = 20; // 1 or 2; with AAC 0 takes it from the first ADTS header
export const CONFIG_AUDIO_BIT_RATE: i32 = 24; // bit/s of the AAC encoder; 0 = its default for the rate
export const CONFIG_NOMINAL_FPS: i32 = 28; // 0 = variable
export const CONFIG_SLICE_MIN_MS: i32 = 32; // a slice ends at the first IDR at least this long after its start
export const CONFIG_SLICE_MAX_MS: i32 = 36; // a slice ends here when no IDR comes
export const CONFIG_FULL_POLICY: i32 = 40; // POLICY_REFUSE or POLICY_EVICT
export const CONFIG_BYTES: i32 = 44;

// iv_cs_format_e
export const FORMAT_TS: i32 = 0;
export const FORMAT_FMP4: i32 = 1;
// iv_cm_venc_type_e, and none
export const VIDEO_H264: i32 = 0;
export const VIDEO_H265: i32 = 1;
export const VIDEO_NONE: i32 = -1;
// iv_cm_aenc_type_e, and none
export const AUDIO_PCM: i32 = 0;
export const AUDIO_G711A: i32 = 1;
export const AUDIO_G711U: i32 = 2;
export const AUDIO_AAC: i32 = 4;
export const AUDIO_NONE: i32 = -1;
// what a full ring does
export const POLICY_REFUSE: i32 = 0; // new frames are refused until the reader has released bytes
export const POLICY_EVICT: i32 = 1; // the oldest GOP that is not held goes
// iv_cm_frame_type_e
export const FRAME_I: i32 = 0;
export const FRAME_P: i32 = 1;

// ── state block ────────────────────────────────────────────────────────────────────────────────────────────────────────
// f64: positions count the stream's bytes since open; address = ring address + (position - STATE_ORIGIN) % ring size
export const STATE_HEAD: i32 = 0; // end of what a reader may read
export const STATE_TAIL: i32 = 8; // start of what is still there
export const STATE_ORIGIN: i32 = 16; // position that lies at the ring's first byte; changes only while the ring is empty
export const STATE_HOLD_FROM: i32 = 24; // bytes of a request in flight: [from, to)
export const STATE_HOLD_TO: i32 = 32;
export const STATE_BYTES_IN: i32 = 40; // bytes of accepted frames
export const STATE_BYTES_LOST: i32 = 48; // bytes evicted before they were released
export const STATE_LAST_PTS_MS: i32 = 56; // of the last accepted video frame
export const STATE_LAST_UTC_MS: i32 = 64;
export const STATE_PAYLOAD_BYTES: i32 = 88; // elementary stream bytes in the ring's stream since open
// i32
export const STATE_RING_ADDRESS: i32 = 128;
export const STATE_RING_SIZE: i32 = 132; // bytes in use: with TS whole packets
export const STATE_LAST_STATUS: i32 = 136;
export const STATE_SHORTFALL: i32 = 140; // bytes that were missing when a status says that room was too small
export const STATE_WIDTH: i32 = 144;
export const STATE_HEIGHT: i32 = 148;
export const STATE_PROFILE: i32 = 152; // profile_idc or general_profile_idc
export const STATE_LEVEL: i32 = 156; // level_idc or general_level_idc
export const STATE_COMPATIBILITY: i32 = 160; // H.264 constraint flags byte; H.265 general_profile_compatibility_flags
export const STATE_AUDIO_RATE: i32 = 164; // of the announced track, 0 = none yet
export const STATE_AUDIO_CHANNELS: i32 = 168;
export const STATE_NEED_IDR: i32 = 172; // 1: P frames are refused until the next IDR
export const STATE_FIRST_SLICE: i32 = 176; // number of the oldest slice in the table
export const STATE_NEXT_SLICE: i32 = 180; // number that the next slice will get
export const STATE_FIRST_UNIT: i32 = 184;
export const STATE_NEXT_UNIT: i32 = 188;
export const STATE_FIRST_FRAME: i32 = 192;
export const STATE_NEXT_FRAME: i32 = 196;
export const STATE_MEMORY_BYTES: i32 = 200; // what required_bytes() said at open()
export const STATE_VIDEO_FRAMES: i32 = 208; // accepted
export const STATE_AUDIO_FRAMES: i32 = 212; // accepted AAC frames
export const STATE_INIT_SEGMENT: i32 = 204; // id of the newest init segment, -1 = none
// i32 counters, since open
export const STATE_REFUSED_EMPTY: i32 = 256; // no bytes, no address
export const STATE_REFUSED_GARBAGE: i32 = 260; // no start code, no picture, broken syntax
export const STATE_REFUSED_NEED_IDR: i32 = 264;
export const STATE_REFUSED_SEVERAL_PICTURES: i32 = 268;
export const STATE_REFUSED_B_SLICE: i32 = 272;
export const STATE_REFUSED_NO_PARAMETER_SETS: i32 = 276;
export const STATE_REFUSED_FORMAT: i32 = 280; // size, profile or codec changed
export const STATE_REFUSED_TIME: i32 = 284;
export const STATE_REFUSED_FULL: i32 = 288; // ring or a table full
export const STATE_REFUSED_TOO_LARGE: i32 = 292; // larger than the ring
export const STATE_REFUSED_AUDIO: i32 = 296; // ADTS header, rate, length, epoch
export const STATE_AUDIO_EARLY: i32 = 300; // AAC frames older than their slice's first picture, dropped
export const STATE_AUDIO_DROPPED: i32 = 304; // AAC frames dropped for another reason: overlap, side buffer full without a picture
export const STATE_WRONG_FRAME_TYPE: i32 = 308; // eFrameType did not say what the NAL units say
export const STATE_INSERTED_SETS: i32 = 312; // IDRs that got cached parameter sets
export const STATE_INSERTED_AUD: i32 = 316;
export const STATE_DROPPED_RASL: i32 = 320;
export const STATE_DISCONTINUITIES: i32 = 324;
export const STATE_EVICTED_UNITS: i32 = 328;
export const STATE_INBAND_SETS: i32 = 332; // pictures other than an IDR that brought new parameter sets
export const STATE_BYTES: i32 = 384;

// ── slice record: slice_address(number) ────────────────────────────────────────────────────────────────────────────────
export const SLICE_START: i32 = 0; // f64 position
export const SLICE_END: i32 = 8; // f64 position; grows while the slice is open
export const SLICE_LOST: i32 = 16; // f64 bytes evicted before they were released
export const SLICE_UTC_A: i32 = 24; // f64 ms: first and last frame
export const SLICE_UTC_B: i32 = 32;
export const SLICE_PTS_A: i32 = 40;
export const SLICE_PTS_B: i32 = 48;
export const SLICE_NUMBER: i32 = 56; // i32 from here
export const SLICE_CLOSED: i32 = 60; // CLOSED_*, 0 while open
export const SLICE_SEQ_A: i32 = 64; // of video frames
export const SLICE_SEQ_B: i32 = 68;
export const SLICE_VIDEO_FRAMES: i32 = 72;
export const SLICE_AUDIO_FRAMES: i32 = 76;
export const SLICE_DISCONTINUITY: i32 = 80; // 1: does not continue the slice before
export const SLICE_TRACKS: i32 = 84; // TRACK_* bits that its header announces
export const SLICE_INIT: i32 = 88; // id of its init segment, -1 with TS
export const SLICE_BYTES: i32 = 96;

export const CLOSED_IDR: i32 = 1; // slice time reached, at an IDR
export const CLOSED_STOP: i32 = 2;
export const CLOSED_PAUSE: i32 = 3;
export const CLOSED_CLOCK: i32 = 4; // the host saw its wall clock step
export const CLOSED_FORMAT: i32 = 5; // parameter sets changed
export const CLOSED_NO_IDR: i32 = 6; // slice_max_ms without an IDR
export const CLOSED_TIME: i32 = 7; // step or jump of PTS
export const CLOSED_AUDIO: i32 = 8; // audio started: announced from here

export const TRACK_VIDEO: i32 = 1;
export const TRACK_AUDIO: i32 = 2;

// ── unit record: unit_address(number). A unit is a GOP (TS) or a fragment (fMP4) ────────────────────────────────────────
export const UNIT_START: i32 = 0; // f64 position
export const UNIT_END: i32 = 8; // f64 position; grows while the unit is open
export const UNIT_UTC: i32 = 16; // f64 ms
export const UNIT_PTS: i32 = 24; // f64 ms
export const UNIT_DURATION: i32 = 32; // f64 ms, to the last frame while open
export const UNIT_SLICE: i32 = 40; // i32 from here
export const UNIT_IDR: i32 = 44; // 1: starts with an IDR
export const UNIT_CLOSED: i32 = 48;
export const UNIT_FRAMES: i32 = 52; // video frames
export const UNIT_BYTES: i32 = 56;

// ── frame record: frame_address(number), of the newest FRAME_CAPACITY video frames in the ring ──────────────────────────
export const FRAME_POSITION: i32 = 0; // f64 position
export const FRAME_PTS: i32 = 8; // f64 ms
export const FRAME_UTC: i32 = 16; // f64 ms
export const FRAME_SEQ: i32 = 24; // i32
export const FRAME_IDR: i32 = 28; // i32
export const FRAME_BYTES: i32 = 32;

export const AUDIO_INPUT_BYTES: i32 = 8192; // at audio_buffer()
export const SLICE_CAPACITY: i32 = 64; // ten minutes of slices
export const UNIT_CAPACITY: i32 = 192; // six minutes of GOPs of 2 s
export const FRAME_CAPACITY: i32 = 256; // ten seconds at 25 fps
