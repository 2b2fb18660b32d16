/** Room in the ring: what is released, what is held, and what goes when there is no room. */
import {
  POLICY_EVICT, CONFIG_FULL_POLICY, STATE_BYTES_LOST, STATE_EVICTED_UNITS, STATE_SHORTFALL,
  UNIT_END, UNIT_IDR, UNIT_START,
} from '../abi';
import { field } from '../config';
import { addF64, getI32, setI32 } from '../state';
import { OK, RING_FULL, RING_POSITION, RING_TABLE_FULL, RING_TOO_SMALL } from '../status';
import {
  freeBytes, head, holdFrom, holdTo, realignWhenEmpty, ringSize, setHold, setTail, tail,
} from './ring';
import { addSliceLoss, firstUnit, nextUnit, tablesHaveRoom, unitAddress } from './tables';

/**
 * Start of the first GOP behind the tail, or the head: the oldest GOP, or what is left of one, ends
 * there.
 */
function endOfOldestGop(): i64 {
  for (let number = firstUnit(); number < nextUnit; number++) {
    const record = unitAddress(number);
    const start = <i64>load<f64>(record, UNIT_START);
    if (start >= head) break;
    if (start > tail && load<i32>(record, UNIT_IDR) != 0) return start;
  }
  return head;
}

function countEvicted(to: i64): i32 {
  let evicted: i32 = 0;
  for (let number = firstUnit(); number < nextUnit; number++) {
    const end = <i64>load<f64>(unitAddress(number), UNIT_END);
    if (end > tail && end <= to) evicted++;
  }
  return evicted;
}

/** Evicts the oldest GOP. False when nothing may go: empty, held, or not the policy. */
function evictOldest(): bool {
  if (field(CONFIG_FULL_POLICY) != POLICY_EVICT) return false;
  const to = endOfOldestGop();
  if (to <= tail) return false;
  if (holdFrom < holdTo && to > holdFrom && tail < holdTo) return false;
  setI32(STATE_EVICTED_UNITS, getI32(STATE_EVICTED_UNITS) + countEvicted(to));
  addF64(STATE_BYTES_LOST, <f64>(to - tail));
  addSliceLoss(tail, to);
  setTail(to);
  return true;
}

function shortfall(bytes: i32): void {
  setI32(STATE_SHORTFALL, bytes);
}

/** Makes `bytes` of the ring free, evicting whole GOPs when the policy says so. */
export function makeRoom(bytes: i32): i32 {
  if (bytes > ringSize) {
    shortfall(bytes - ringSize);
    return RING_TOO_SMALL;
  }
  while (freeBytes() < bytes) {
    if (!evictOldest()) {
      shortfall(bytes - freeBytes());
      return RING_FULL;
    }
  }
  realignWhenEmpty();
  return OK;
}

/** Makes room in the tables for one more unit and slice. */
export function makeTableRoom(): i32 {
  while (!tablesHaveRoom()) if (!evictOldest()) return RING_TABLE_FULL;
  return OK;
}

/** Evicts one GOP more: contiguous room is what lacks. */
export function evictForSpan(): bool {
  const done = evictOldest();
  realignWhenEmpty();
  return done;
}

/** The reader is done with everything below `position`. */
export function releaseTo(position: i64): i32 {
  if (position < tail || position > head) return RING_POSITION;
  setTail(position);
  if (holdTo <= position) setHold(0, 0);
  return OK;
}

/** Bytes of a request in flight; hold(0, 0) ends it. */
export function holdRange(from: i64, to: i64): i32 {
  if (from == to) {
    setHold(0, 0);
    return OK;
  }
  if (from < tail || to > head || from > to) return RING_POSITION;
  setHold(from, to);
  return OK;
}
