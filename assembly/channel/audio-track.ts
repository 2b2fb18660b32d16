/** The audio track: its format, and the clock of its frames. */
import { ticksOf } from '../ts/clock';

/** Samples per channel in an AAC frame. */
export const FRAME_SAMPLES: i32 = 1024;

export let audioRate: i32 = 0;
export let audioChannels: i32 = 0;
/** Time of the last accepted frame, -1 = none since the last break. */
export let lastAudioTicks: i64 = -1;

export function openAudioTrack(rate: i32, channels: i32): void {
  audioRate = rate;
  audioChannels = channels;
  lastAudioTicks = -1;
}

/** The first ADTS header tells what the configuration left open. */
export function fixAudioFormat(rate: i32, channels: i32): void {
  if (audioRate == 0) audioRate = rate;
  if (audioChannels == 0) audioChannels = channels;
}

export function setLastAudio(ticks: i64): void {
  lastAudioTicks = ticks;
}

/** 90 kHz ticks of `frames` frames. */
export function frameTicks(frames: i32): i64 {
  return (<i64>frames * FRAME_SAMPLES * 90000 + (audioRate >> 1)) / audioRate;
}

/** Time of frame `index` of a push. */
export function audioTicksAt(ptsMs: f64, index: i32): i64 {
  return ticksOf(ptsMs) + frameTicks(index);
}
