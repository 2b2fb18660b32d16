/**
 * What stands in front of a fragment's mdat. Spec: 14496-12 8.8, 8.16.5
 * ```
 * prft                              UTC of capture of the first picture
 * moof
 *   mfhd
 *   traf (video)  tfhd tfdt trun    durations, sizes
 *   traf (audio)  tfhd tfdt trun    sizes
 * free                              what is left of the reserved room
 * mdat                              video samples, then audio samples
 * ```
 */
import { sideLength } from '../audio/side-buffer';
import { openSink, patch32, put32, put64, sinkFailed, sinkLength } from '../mem/sink';
import { close, full, open, resetBoxes } from './box';
import { MFHD, MOOF, PRFT, TFDT, TFHD, TRAF, TRUN } from './fourcc';
import { AUDIO_TRACK, VIDEO_TRACK } from './init-segment';
import { sampleBytes, sampleCount, sampleDuration, sampleSize } from './samples';

export const BOX_HEADER: i32 = 8;
const PRFT_BYTES: i32 = 32;
const MOOF_FIXED: i32 = 8 + 16; // moof, mfhd
const VIDEO_FIXED: i32 = 8 + 20 + 20 + 24; // traf, tfhd, tfdt, trun
const AUDIO_FIXED: i32 = 8 + 24 + 20 + 20;

// tf_flags. Spec: 14496-12 8.8.7
const DEFAULT_BASE_IS_MOOF: u32 = 0x020000;
const DEFAULT_DURATION: u32 = 0x08;
const DEFAULT_FLAGS: u32 = 0x20;
// tr_flags. Spec: 14496-12 8.8.8
const DATA_OFFSET: u32 = 0x01;
const FIRST_FLAGS: u32 = 0x04;
const SAMPLE_DURATION: u32 = 0x100;
const SAMPLE_SIZE: u32 = 0x200;
// sample_flags. Spec: 14496-12 8.8.3.1
const DEPENDS_NOT: u32 = 0x02000000; // sample_depends_on = 2: a sync sample
const DEPENDS: u32 = 0x01010000; // sample_depends_on = 1, sample_is_non_sync_sample

const AAC_SAMPLES: u32 = 1024;
/** time at which the media was captured. Spec: 14496-12 8.16.5.3, Table 6 */
const PRFT_CAPTURED: u32 = 24;
const NTP_UNIX_SECONDS: f64 = 2208988800;

/** Largest front: 64 video and 96 audio samples. */
export const FRONT_MAX: i32 = 1280;
export const MAX_AUDIO_SAMPLES: i32 = 96;
const SCRATCH = memory.data(1280, 8); // FRONT_MAX

export function frontAddress(): usize {
  return SCRATCH;
}

/**
 * Room for the front of a fragment with this many samples; a `free` box fills what is not used, so
 * 8 bytes at least are left.
 */
export function frontRoom(videoSamples: i32, audioSamples: i32): i32 {
  const video = videoSamples > 0 ? PRFT_BYTES + VIDEO_FIXED + 8 * videoSamples : 0;
  const audio = audioSamples > 0 ? AUDIO_FIXED + 4 * audioSamples : 0;
  return MOOF_FIXED + video + audio + BOX_HEADER;
}

/** Audio samples that a front of `room` bytes has room for beside its video samples. */
export function audioThatFits(room: i32, videoSamples: i32): i32 {
  const left = room - frontRoom(videoSamples, 0) - AUDIO_FIXED;
  return left <= 0 ? 0 : min<i32>(MAX_AUDIO_SAMPLES, left / 4);
}

function writePrft(utcMs: f64, mediaTime: i64): void {
  const seconds = Math.floor(utcMs / 1000);
  const fraction = <u64>((utcMs - seconds * 1000) * 4294967.296); // 2^32 / 1000
  full(PRFT, 1, PRFT_CAPTURED); {         // 8.16.5
    put32(VIDEO_TRACK); // reference_track_ID
    put32(<u32>(seconds + NTP_UNIX_SECONDS)); // ntp_timestamp
    put32(<u32>fraction);
    put64(mediaTime);
  } close();
}

/** Offset of trun's data_offset, to be patched. */
function writeVideoTraf(decodeTime: i64, startsWithSync: bool): i32 {
  let dataOffset: i32 = 0;
  open(TRAF); {                           // 8.8.6
    full(TFHD, 0, DEFAULT_BASE_IS_MOOF | DEFAULT_FLAGS); { // 8.8.7
      put32(VIDEO_TRACK); // track_ID
      put32(DEPENDS); // default_sample_flags
    } close();
    full(TFDT, 1, 0); {                   // 8.8.12
      put64(decodeTime); // baseMediaDecodeTime
    } close();
    full(TRUN, 0, DATA_OFFSET | FIRST_FLAGS | SAMPLE_DURATION | SAMPLE_SIZE); { // 8.8.8
      put32(sampleCount); // sample_count
      dataOffset = sinkLength;
      put32(0); // data_offset
      put32(startsWithSync ? DEPENDS_NOT : DEPENDS); // first_sample_flags
      for (let i: i32 = 0; i < sampleCount; i++) {
        put32(sampleDuration(i)); // sample_duration
        put32(sampleSize(i)); // sample_size
      }
    } close();
  } close();
  return dataOffset;
}

function writeAudioTraf(decodeTime: i64, samples: i32): i32 {
  let dataOffset: i32 = 0;
  open(TRAF); {
    full(TFHD, 0, DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_FLAGS); {
      put32(AUDIO_TRACK); // track_ID
      put32(AAC_SAMPLES); // default_sample_duration
      put32(DEPENDS_NOT); // default_sample_flags
    } close();
    full(TFDT, 1, 0); {
      put64(decodeTime); // baseMediaDecodeTime
    } close();
    full(TRUN, 0, DATA_OFFSET | SAMPLE_SIZE); {
      put32(samples); // sample_count
      dataOffset = sinkLength;
      put32(0); // data_offset
      for (let i: i32 = 0; i < samples; i++) put32(sideLength(i)); // sample_size
    } close();
  } close();
  return dataOffset;
}

/**
 * Writes prft and moof into the scratch; `room` is what is reserved up to mdat. Returns their
 * length, or -1 when the room is too small for them and a free box. Audio samples are the first of
 * the side buffer.
 */
export function writeFront(
  room: i32, sequence: u32, videoTime: i64, startsWithSync: bool, utcMs: f64, audioTime: i64,
  audioSamples: i32,
): i32 {
  openSink(SCRATCH, FRONT_MAX);
  resetBoxes();
  if (sampleCount > 0) writePrft(utcMs, videoTime);
  const moof = sinkLength;
  let videoOffset: i32 = 0;
  let audioOffset: i32 = 0;
  open(MOOF); {                           // 8.8.4
    full(MFHD, 0, 0); {                   // 8.8.5
      put32(sequence); // sequence_number
    } close();
    if (sampleCount > 0) videoOffset = writeVideoTraf(videoTime, startsWithSync);
    if (audioSamples > 0) audioOffset = writeAudioTraf(audioTime, audioSamples);
  } close();
  if (sinkFailed || sinkLength + BOX_HEADER > room) return -1;
  const data = room + BOX_HEADER - moof; // first byte of mdat's data, seen from moof
  if (videoOffset != 0) patch32(videoOffset, data);
  if (audioOffset != 0) patch32(audioOffset, data + sampleBytes);
  return sinkLength;
}
