/**
 * Where a frame that is to be muxed in place goes. The output starts at `written` and is longer
 * than the input; the input lies at the far end of the room that the output may need, so that
 * writing never reaches what has not been read:
 * ```
 *   written                     input                 written + most
 *   | output grows ->           |====== length ======|
 * ```
 * What is still to be written is always at least what is still to be read, so the distance at the
 * start, `most - length`, is the smallest surplus that can ever be left; IN_PLACE_GAP of it is
 * never used up, and a packet is written below the one being read. When the output wraps, the input
 * lies behind the wrap, in the room at the ring's start.
 */
import { STATE_SHORTFALL } from '../abi';
import { setI32 } from '../state';
import { OK, RING_FULL } from '../status';
import { evictForSpan, makeRoom } from './policy';
import { addressAt, ringBase, ringEnd, tail, written } from './ring';

/** One packet and a vector. */
export const IN_PLACE_GAP: i32 = 208;

/** Address given by the last reserve(), 0 = none outstanding. */
export let reservedAt: usize = 0;
export let reservedBytes: i32 = 0;

export function dropReservation(): void {
  reservedAt = 0;
}

export function reserveAt(at: usize, length: i32): void {
  reservedAt = at;
  reservedBytes = length;
}

export function isReserved(at: usize, length: i32): bool {
  return reservedAt != 0 && at == reservedAt && length <= reservedBytes;
}

/**
 * Places an input of `length` bytes whose output needs at most `most`; returns OK with reservedAt
 * set, or why not.
 */
export function placeInput(length: i32, most: i32): i32 {
  reservedAt = 0;
  most += IN_PLACE_GAP;
  const room = makeRoom(most);
  if (room != OK) return room;
  while (true) {
    const to = addressAt(written);
    const before = <i32>(ringEnd - to);
    if (most <= before) {
      reservedAt = to + (most - length);
      break;
    }
    // the output wraps: nothing is in the way from the ring's start up to the tail
    const start = addressAt(tail);
    const behind = most - before;
    const needed = max<i32>(length, behind);
    const free = start <= to ? <i32>(start - ringBase) : 0;
    if (needed <= free) {
      reservedAt = ringBase + max<i32>(0, behind - length);
      break;
    }
    if (!evictForSpan()) {
      setI32(STATE_SHORTFALL, needed - free);
      return RING_FULL;
    }
  }
  reservedBytes = length;
  return OK;
}
