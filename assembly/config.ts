import { encoderSupports } from './aac/api';
import {
  AUDIO_AAC, AUDIO_G711A, AUDIO_G711U, AUDIO_NONE, AUDIO_PCM, CONFIG_AUDIO_BIT_RATE,
  CONFIG_AUDIO_INPUT, CONFIG_BYTES, CONFIG_CHANNELS, CONFIG_FORMAT, CONFIG_FULL_POLICY,
  CONFIG_NOMINAL_FPS, CONFIG_RING_BYTES, CONFIG_SAMPLE_RATE, CONFIG_SLICE_MAX_MS,
  CONFIG_SLICE_MIN_MS, CONFIG_VIDEO_CODEC, FORMAT_FMP4, FORMAT_TS, POLICY_EVICT, POLICY_REFUSE,
  VIDEO_H264, VIDEO_H265, VIDEO_NONE,
} from './abi';
import {
  CONFIG_AUDIO_RANGE, CONFIG_BIT_RATE_RANGE, CONFIG_CHANNELS_RANGE, CONFIG_FORMAT_RANGE,
  CONFIG_FPS_RANGE, CONFIG_NO_TRACK, CONFIG_POLICY_RANGE, CONFIG_RATE_RANGE, CONFIG_RING_RANGE,
  CONFIG_SLICE_RANGE, CONFIG_VIDEO_RANGE, OK,
} from './status';
import { HAS_ENCODER } from './features';
import { frequencyIndex } from './audio/sampling-frequency';

/** u32MaxGopSize counts in steps of this. */
const RING_STEP: i32 = 4096;
/** Ring positions inside the memory stay far from 2^31, so address sums never overflow an i32. */
const RING_MAX: i32 = 1 << 30;
const FPS_MAX: i32 = 1000;
const BIT_RATE_MAX: i32 = 576000; // 6144 bit per 1024 samples and channel at 48 kHz, stereo
const SLICE_MS_MAX: i32 = 3600000;

const BLOCK = memory.data(CONFIG_BYTES, 8);

export function configAddress(): usize {
  return BLOCK;
}

// @ts-ignore: decorator
@inline
export function field(offset: i32): i32 {
  return load<i32>(BLOCK + offset);
}

export function ringBytes(): i32 {
  return field(CONFIG_RING_BYTES);
}

export function isTs(): bool {
  return field(CONFIG_FORMAT) == FORMAT_TS;
}

export function isH265(): bool {
  return field(CONFIG_VIDEO_CODEC) == VIDEO_H265;
}

export function hasVideo(): bool {
  return field(CONFIG_VIDEO_CODEC) != VIDEO_NONE;
}

export function hasAudio(): bool {
  return field(CONFIG_AUDIO_INPUT) != AUDIO_NONE;
}

/** PCM and G.711 go through the encoder. */
export function transcodes(): bool {
  const input = field(CONFIG_AUDIO_INPUT);
  return input == AUDIO_PCM || input == AUDIO_G711A || input == AUDIO_G711U;
}

/** Frame interval when nothing better is known, ms. */
export function nominalFrameMs(): f64 {
  const fps = field(CONFIG_NOMINAL_FPS);
  return fps > 0 ? 1000.0 / <f64>fps : 40.0;
}

function checkAudio(): i32 {
  const input = field(CONFIG_AUDIO_INPUT);
  if (input == AUDIO_NONE) return OK;
  if (input != AUDIO_AAC && (!HAS_ENCODER || !transcodes())) return CONFIG_AUDIO_RANGE;
  const rate = field(CONFIG_SAMPLE_RATE);
  const channels = field(CONFIG_CHANNELS);
  const free = input == AUDIO_AAC; // the ADTS header tells
  if (!(free && rate == 0) && !(free ? frequencyIndex(rate) >= 0 : HAS_ENCODER && encoderSupports(rate, 1))) {
    return CONFIG_RATE_RANGE;
  }
  if (!(free && channels == 0) && channels != 1 && channels != 2) return CONFIG_CHANNELS_RANGE;
  const bitRate = field(CONFIG_AUDIO_BIT_RATE);
  if (bitRate < 0 || bitRate > BIT_RATE_MAX) return CONFIG_BIT_RATE_RANGE;
  return OK;
}

/** OK, or the status of the first field that is out of range. */
export function checkConfig(): i32 {
  const ring = field(CONFIG_RING_BYTES);
  if (ring <= 0 || ring > RING_MAX || ring % RING_STEP != 0) return CONFIG_RING_RANGE;
  const format = field(CONFIG_FORMAT);
  if (format != FORMAT_TS && format != FORMAT_FMP4) return CONFIG_FORMAT_RANGE;
  const video = field(CONFIG_VIDEO_CODEC);
  if (video != VIDEO_H264 && video != VIDEO_H265 && video != VIDEO_NONE) return CONFIG_VIDEO_RANGE;
  const audio = checkAudio();
  if (audio != OK) return audio;
  if (!hasVideo() && !hasAudio()) return CONFIG_NO_TRACK;
  const fps = field(CONFIG_NOMINAL_FPS);
  if (fps < 0 || fps > FPS_MAX) return CONFIG_FPS_RANGE;
  const min = field(CONFIG_SLICE_MIN_MS);
  const max = field(CONFIG_SLICE_MAX_MS);
  if (min <= 0 || max < min || max > SLICE_MS_MAX) return CONFIG_SLICE_RANGE;
  const policy = field(CONFIG_FULL_POLICY);
  if (policy != POLICY_REFUSE && policy != POLICY_EVICT) return CONFIG_POLICY_RANGE;
  return OK;
}
