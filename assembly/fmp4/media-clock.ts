/**
 * Decode times of the fragments: 64 bits, cumulative since open, zero at the first picture. After a
 * break in PTS they go on where they were, so that the files of a recording form one time line.
 * Audio counts samples and is set right when PTS is a frame or more off.
 */

let started: bool = false;
let base: i64 = 0; // 90 kHz ticks that correspond to media time 0
let endTicks: i64 = 0; // media time behind the newest picture
let nextAudio: i64 = -1; // samples; -1 = take it from PTS

export function openMediaClock(): void {
  started = false;
  nextAudio = -1;
  endTicks = 0;
}

/** A slice begins with a picture of this PTS. */
export function startMediaTime(ticks: i64, broken: bool): void {
  if (!started) {
    base = ticks;
    started = true;
    nextAudio = -1;
  } else if (broken) {
    base = ticks - endTicks;
    nextAudio = -1;
  }
}

/** Media time of a picture, 90 kHz. */
export function mediaTime(ticks: i64): i64 {
  return ticks - base;
}

export function setMediaEnd(ticks: i64): void {
  endTicks = ticks - base;
}

function samplesOf(ticks: i64, rate: i32): i64 {
  return max<i64>(0, ((ticks - base) * rate + 45000) / 90000);
}

/** An audio frame of this PTS does not follow the one before: off by a frame or more. */
export function isAudioOff(ticks: i64, framesSince: i32, rate: i32): bool {
  if (nextAudio < 0) return framesSince > 0;
  return abs<i64>(samplesOf(ticks, rate) - nextAudio - <i64>framesSince * 1024) >= 1024;
}

/** Decode time of the first of `frames` audio frames that go into a fragment, samples. */
export function takeAudioTime(ticks: i64, frames: i32, rate: i32): i64 {
  if (nextAudio < 0 || isAudioOff(ticks, 0, rate)) nextAudio = max<i64>(samplesOf(ticks, rate), nextAudio);
  const time = nextAudio;
  nextAudio += <i64>frames * 1024;
  return time;
}
