/**
 * Cache of parameter sets as NAL units without start code, by kind and id. A set of the same kind
 * and id replaces the older one.
 * ```
 *  slots  [ key u32 | offset u16 | length u16 ] x MAX_SETS     key = kind << 8 | id
 *  pool   bytes of the sets, closed up when one is replaced
 * ```
 */
import { sameBytes } from '../mem/copy';

/**
 * Cameras send one of each; encoders that switch modes keep a few PPS. 24 is the most seen in
 * conformance streams, plus room.
 */
export const MAX_SETS: i32 = 32;
/** Bytes of all cached sets. */
export const POOL_BYTES: i32 = 2048;
/** A set beyond this is refused: it would not fit an init segment either. */
export const MAX_SET_BYTES: i32 = 1024;

const SLOT_BYTES: i32 = 8;
const SLOTS = memory.data(256, 8); // MAX_SETS * SLOT_BYTES
const POOL = memory.data(2048, 8); // POOL_BYTES

let count: i32 = 0;
let used: i32 = 0;

/** Grows by one with every change: writers of headers compare it. */
export let setsVersion: i32 = 0;

export function clearSets(): void {
  count = 0;
  used = 0;
  setsVersion = 0;
}

export function setCount(): i32 {
  return count;
}

/** Bytes of all sets, each with a start code or length of 4 bytes. */
export function setsBytes(): i32 {
  return used + 4 * count;
}

// @ts-ignore: decorator
@inline
function slot(index: i32): usize {
  return SLOTS + index * SLOT_BYTES;
}

export function setKind(index: i32): i32 {
  return load<u32>(slot(index)) >> 8;
}

export function setAddress(index: i32): usize {
  return POOL + <usize>load<u16>(slot(index), 4);
}

export function setLength(index: i32): i32 {
  return load<u16>(slot(index), 6);
}

export function findSet(kind: i32, id: i32): i32 {
  const key: u32 = (kind << 8) | id;
  for (let index: i32 = 0; index < count; index++) if (load<u32>(slot(index)) == key) return index;
  return -1;
}

function removeSet(index: i32): void {
  const offset: i32 = load<u16>(slot(index), 4);
  const length = setLength(index);
  memory.copy(POOL + offset, POOL + offset + length, used - offset - length);
  used -= length;
  count--;
  memory.copy(slot(index), slot(index + 1), (count - index) * SLOT_BYTES);
  for (let other: i32 = 0; other < count; other++) {
    const at: i32 = load<u16>(slot(other), 4);
    if (at > offset) store<u16>(slot(other), <u16>(at - length), 4);
  }
}

/** A set with exactly these bytes is cached. */
export function isKnownSet(at: usize, length: i32): bool {
  for (let index: i32 = 0; index < count; index++)
    if (setLength(index) == length && sameBytes(setAddress(index), at, length)) return true;
  return false;
}

/** 0: was known with the same bytes; 1: stored; -1: does not fit. */
export function storeSet(kind: i32, id: i32, at: usize, length: i32): i32 {
  const known = findSet(kind, id);
  if (known >= 0 && setLength(known) == length && sameBytes(setAddress(known), at, length)) {
    return 0;
  }
  const freed = known >= 0 ? setLength(known) : 0;
  if (length > MAX_SET_BYTES || used - freed + length > POOL_BYTES) return -1;
  if (known < 0 && count == MAX_SETS) return -1;
  if (known >= 0) removeSet(known);
  store<u32>(slot(count), (kind << 8) | id);
  store<u16>(slot(count), <u16>used, 4);
  store<u16>(slot(count), <u16>length, 6);
  memory.copy(POOL + used, at, length);
  used += length;
  count++;
  setsVersion++;
  return 1;
}
