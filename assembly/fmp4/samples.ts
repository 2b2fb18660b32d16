/** Samples of the open fragment's video run; audio samples are the side buffer's entries. */

/**
 * Half a second at 120 fps. More frames in half a second close the fragment early.
 * Entry: [ duration u32 | size u32 ], as `trun` wants them, in this machine's byte order.
 */
export const MAX_VIDEO_SAMPLES: i32 = 64;
const TABLE = memory.data(512, 8); // MAX_VIDEO_SAMPLES entries

export let sampleCount: i32 = 0;
/** Bytes of all video samples. */
export let sampleBytes: i32 = 0;
let lastTicks: i64 = 0;

export function clearSamples(): void {
  sampleCount = 0;
  sampleBytes = 0;
}

/** One more sample; the one before it now has a duration. */
export function addSample(ticks: i64, bytes: i32): void {
  if (sampleCount > 0) setLastDuration(<i32>(ticks - lastTicks));
  store<i32>(TABLE + (sampleCount << 3), bytes, 4);
  lastTicks = ticks;
  sampleCount++;
  sampleBytes += bytes;
}

export function setLastDuration(ticks: i32): void {
  store<i32>(TABLE + ((sampleCount - 1) << 3), ticks);
}

/** Time of the newest sample. */
export function lastSampleTicks(): i64 {
  return lastTicks;
}

/** Duration of the last sample but one, 0 when there is none. */
export function durationBefore(): i32 {
  return sampleCount < 2 ? 0 : load<i32>(TABLE + ((sampleCount - 2) << 3));
}

export function sampleDuration(index: i32): u32 {
  return load<u32>(TABLE + (index << 3));
}

export function sampleSize(index: i32): u32 {
  return load<u32>(TABLE + (index << 3), 4);
}
