/**
 * AAC frames on their way: TS collects a few for one PES packet, fMP4 all of a fragment, and before
 * the first picture they wait here.
 * ```
 *  bytes    frame 0 | frame 1 | …            SIDE_BYTES
 *  entries  [ ticks i64 | length i32 | - ]   SIDE_FRAMES
 * ```
 */

export const SIDE_BYTES: i32 = 16384; // the architecture's figure
/** 128 frames: 8 s at 16 kHz, 2.7 s at 48 kHz. */
export const SIDE_FRAMES: i32 = 128;

const BYTES = memory.data(SIDE_BYTES, 16);
const ENTRIES = memory.data(SIDE_FRAMES * 16, 8);

export let sideCount: i32 = 0;
export let sideUsed: i32 = 0;

export function clearSide(): void {
  sideCount = 0;
  sideUsed = 0;
}

export function sideAddress(): usize {
  return BYTES;
}

// @ts-ignore: decorator
@inline
export function sideTicks(index: i32): i64 {
  return load<i64>(ENTRIES + (index << 4));
}

// @ts-ignore: decorator
@inline
export function sideLength(index: i32): i32 {
  return load<i32>(ENTRIES + (index << 4), 8);
}

export function sideHasRoom(length: i32): bool {
  return sideCount < SIDE_FRAMES && sideUsed + length <= SIDE_BYTES;
}

/** Where the next frame's bytes go; addSide() makes them one. */
export function sideNext(): usize {
  return BYTES + sideUsed;
}

export function addSide(ticks: i64, length: i32): void {
  const entry = ENTRIES + (sideCount << 4);
  store<i64>(entry, ticks);
  store<i32>(entry, length, 8);
  sideCount++;
  sideUsed += length;
}

/** Takes the first `frames` out; the rest moves up. */
export function dropSide(frames: i32): void {
  let bytes: i32 = 0;
  for (let index: i32 = 0; index < frames; index++) bytes += sideLength(index);
  sideCount -= frames;
  sideUsed -= bytes;
  if (sideUsed > 0) memory.copy(BYTES, BYTES + bytes, sideUsed);
  if (sideCount > 0) memory.copy(ENTRIES, ENTRIES + (frames << 4), sideCount << 4);
}

/** Frames older than `ticks` at the front. */
export function sideOlderThan(ticks: i64): i32 {
  let frames: i32 = 0;
  while (frames < sideCount && sideTicks(frames) < ticks) frames++;
  return frames;
}

/** Bytes of the first `frames`. */
export function sideBytesOf(frames: i32): i32 {
  let bytes: i32 = 0;
  for (let index: i32 = 0; index < frames; index++) bytes += sideLength(index);
  return bytes;
}
