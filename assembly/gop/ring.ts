/**
 * Byte ring of the muxed stream. Positions count bytes since open and never wrap (2^53 bytes
 * outlive any camera).
 * ```
 *      base                                                              base + size
 *       | ........ | released or evicted | tail = ... stream ... = head | open | free ... |
 *       |<------- (position - origin) % size -------->|
 *  tail     oldest byte that is still there
 *  head     end of what readers may read
 *  written  end of what the muxer has finished; above head while a TS header waits for audio or a fragment is open
 * ```
 * When nothing is in it the ring starts over at its first byte: small frames stay in the cache, and
 * a frame of nearly the ring's size has contiguous room.
 */
import {
  STATE_HEAD, STATE_HOLD_FROM, STATE_HOLD_TO, STATE_ORIGIN, STATE_RING_ADDRESS, STATE_RING_SIZE,
  STATE_TAIL,
} from '../abi';
import { setF64, setI32 } from '../state';

export let ringBase: usize = 0;
export let ringSize: i32 = 0;
export let ringEnd: usize = 0;
export let tail: i64 = 0;
export let head: i64 = 0;
export let written: i64 = 0;
export let holdFrom: i64 = 0;
export let holdTo: i64 = 0;
let origin: i64 = 0;

export function openRing(base: usize, size: i32): void {
  ringBase = base;
  ringSize = size;
  ringEnd = base + size;
  tail = 0;
  head = 0;
  written = 0;
  origin = 0;
  holdFrom = 0;
  holdTo = 0;
  setI32(STATE_RING_ADDRESS, <i32>base);
  setI32(STATE_RING_SIZE, size);
}

export function addressAt(position: i64): usize {
  return ringBase + <usize>((position - origin) % <i64>ringSize);
}

// @ts-ignore: decorator
@inline
export function freeBytes(): i32 {
  return ringSize - <i32>(written - tail);
}

/** Starts over at the first byte; only while nothing is in the ring and nothing is held. */
export function realignWhenEmpty(): void {
  if (written == tail && holdFrom == holdTo && origin != written) {
    origin = written;
    setF64(STATE_ORIGIN, <f64>origin);
  }
}

/** The muxer finished `bytes` more; `visible` hands everything finished to the readers. */
export function commit(bytes: i32, visible: bool): void {
  written += bytes;
  if (visible) showWritten();
}

export function showWritten(): void {
  head = written;
  setF64(STATE_HEAD, <f64>head);
}

/** The end of what is finished, when it is not counted but known. */
export function setWritten(position: i64): void {
  written = position;
}

/** Position of an address at or behind `written`, before the ring wraps. */
export function positionOf(address: usize): i64 {
  return written + <i64>(address - addressAt(written));
}

export function setTail(position: i64): void {
  tail = position;
  setF64(STATE_TAIL, <f64>tail);
}

export function setHold(from: i64, to: i64): void {
  holdFrom = from;
  holdTo = to;
  setF64(STATE_HOLD_FROM, <f64>from);
  setF64(STATE_HOLD_TO, <f64>to);
}

/** Zeros at a position, split where the ring wraps. */
export function zeroIn(position: i64, length: i32): void {
  const to = addressAt(position);
  const first = min<i32>(length, <i32>(ringEnd - to));
  memory.fill(to, 0, first);
  if (first < length) memory.fill(ringBase, 0, length - first);
}

/**
 * Copies into the ring at a position, split where the ring wraps. The source may lie in the ring's
 * free room.
 */
export function copyIn(position: i64, from: usize, length: i32): void {
  const to = addressAt(position);
  const first = min<i32>(length, <i32>(ringEnd - to));
  const rest = length - first;
  // from the ring's start: the upper piece goes first, or the lower one would write over it; from
  // beside the upper piece: the reverse
  const fromBelow = from + length <= to;
  if (rest > 0 && !fromBelow) memory.copy(ringBase, from + first, rest);
  memory.copy(to, from, first);
  if (rest > 0 && fromBelow) memory.copy(ringBase, from + first, rest);
}
