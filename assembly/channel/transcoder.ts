/** PCM and G.711 into AAC: the encoder, and the times of what comes out of it. */
import { CONFIG_AUDIO_BIT_RATE, CONFIG_AUDIO_INPUT } from '../abi';
import { ADTS_BYTES, writeAdts } from '../aac/adts';
import {
  ACCESS_UNIT_MAX_BYTES, encodeFrame, encoderBytes, encoderFlush, encoderOpen,
} from '../aac/api';
import { field, isTs } from '../config';
import { HAS_ENCODER } from '../features';
import { sampleBytes } from '../pcm/samples';
import { audioChannels, audioRate, FRAME_SAMPLES, frameTicks } from './audio-track';

/** Largest access unit with its ADTS header, and what the encoder may write beyond. */
export const ENCODED_MAX: i32 = ACCESS_UNIT_MAX_BYTES + ADTS_BYTES + 16;

let base: usize = 0;
let isFresh: bool = false;
// ENCODER_DELAY is two blocks: a push gives the access unit of the block before the last one. Times
// of those two:
let older: i64 = 0;
let newer: i64 = 0;

/** Length and time of the access unit that encodeBlock() or drainEncoder() gave last. */
export let encodedBytes: i32 = 0;
export let encodedTicks: i64 = 0;

export function transcoderBytes(rate: i32, channels: i32): i32 {
  return HAS_ENCODER ? encoderBytes(rate, channels) : 0;
}

/** The encoder's state lies at `at`, 16-byte aligned. */
export function openTranscoder(at: usize): void {
  base = at;
  isFresh = false;
}

/** Bytes that a push must have: 1024 samples per channel. */
export function blockBytes(): i32 {
  return FRAME_SAMPLES * audioChannels * sampleBytes(field(CONFIG_AUDIO_INPUT));
}

/** TS wants the ADTS header, fMP4 the raw data block. */
function payloadOffset(): i32 {
  return isTs() ? ADTS_BYTES : 0;
}

function finish(bytes: i32, out: usize): bool {
  if (bytes == 0) return false;
  if (isTs()) writeAdts(out, audioRate, audioChannels, bytes);
  encodedBytes = bytes + payloadOffset();
  return true;
}

/**
 * Encodes a block of samples; true when an access unit came out, at `out`. Its time is that of the
 * block it holds, not of this one.
 */
export function encodeBlock(input: usize, ticks: i64, out: usize): bool {
  if (!HAS_ENCODER) return false;
  if (!isFresh) {
    encoderOpen(base, audioRate, audioChannels, field(CONFIG_AUDIO_BIT_RATE));
    isFresh = true;
    // the first access unit is priming, a block in front of the first
    newer = ticks - frameTicks(1);
  }
  encodedTicks = older;
  older = newer;
  newer = ticks;
  return finish(encodeFrame(input, field(CONFIG_AUDIO_INPUT), out + payloadOffset()), out);
}

/**
 * At a stop: one access unit more of what the encoder holds; false when there is none. The next
 * block starts afresh.
 */
export function drainEncoder(out: usize): bool {
  if (!HAS_ENCODER || !isFresh) return false;
  encodedTicks = older;
  older = newer;
  newer += frameTicks(1);
  if (finish(encoderFlush(out + payloadOffset()), out)) return true;
  isFresh = false;
  return false;
}
