/**
 * Annex B units to length-prefixed ones (lengthSizeMinusOne = 3), within memory: the units of the
 * list are moved to where the sample wants them, which with 4-byte start codes is where they are,
 * and 4 bytes of length go in front of each. Spec: 14496-15 5.3.2
 */
import { storeU32 } from '../mem/copy';
import { unitAt, unitCount, unitLength } from './unit-list';

export const LENGTH_BYTES: i32 = 4;

/** Bytes of the sample that the listed units make. */
export function sampleLength(): i32 {
  let bytes: i32 = 0;
  for (let index: i32 = 0; index < unitCount; index++) bytes += LENGTH_BYTES + unitLength(index);
  return bytes;
}

/** Bytes of the sample in front of unit `index`, that unit's length field included. */
export function sampleBytesBefore(index: i32): i32 {
  let bytes: i32 = LENGTH_BYTES;
  for (let i: i32 = 0; i < index; i++) bytes += LENGTH_BYTES + unitLength(i);
  return bytes;
}

/**
 * Makes the sample at `to`. Units that go up are moved from the last to the first, then those that
 * go down from the first to the last: as the destinations are in order and do not overlap, no unit
 * is written over before it has been moved.
 */
export function makeSample(to: usize, length: i32): void {
  let end = to + length;
  for (let index = unitCount - 1; index >= 0; index--) {
    const bytes = unitLength(index);
    end -= bytes;
    if (end > unitAt(index)) memory.copy(end, unitAt(index), bytes);
    end -= LENGTH_BYTES;
  }
  for (let index: i32 = 0; index < unitCount; index++) {
    const bytes = unitLength(index);
    to += LENGTH_BYTES;
    if (to < unitAt(index)) memory.copy(to, unitAt(index), bytes);
    storeU32(to - LENGTH_BYTES, bytes);
    to += bytes;
  }
}
