/**
 * Where a frame goes that will become a sample of a fragment, in place. With 4-byte start codes the
 * sample is as long as the input and starts where the input starts: the input is put exactly there,
 * and nothing of it is moved.
 * ```
 *   written          + lead: what stands in front if this frame begins a fragment
 *   | audio, front   |====== length ======| growth |
 * ```
 * When that place lies across the ring's end, the input goes to the ring's start, and the sample is
 * copied in two pieces.
 */
import { STATE_SHORTFALL } from '../abi';
import { setI32 } from '../state';
import { OK, RING_FULL } from '../status';
import { evictForSpan, makeRoom } from './policy';
import { addressAt, ringBase, ringEnd, tail, written } from './ring';
import { reserveAt } from './room';

/** A byte for each 3-byte start code; a slice of less than 5 bytes cannot be one. */
export function growthOf(length: i32): i32 {
  return min<i32>(1024, 64 + length / 8);
}

/**
 * Places an input; `most` is everything that may be written from `written` on, the sample and its
 * growth included.
 */
export function placeSample(length: i32, lead: i32, most: i32): i32 {
  const room = makeRoom(most);
  if (room != OK) return room;
  const bytes = length + growthOf(length);
  while (true) {
    const to = addressAt(written + lead);
    if (to + bytes <= ringEnd) {
      reserveAt(to, length);
      return OK;
    }
    const start = addressAt(tail);
    const free = start <= addressAt(written) ? <i32>(start - ringBase) : 0;
    if (bytes <= free) {
      reserveAt(ringBase, length);
      return OK;
    }
    if (!evictForSpan()) {
      setI32(STATE_SHORTFALL, bytes - free);
      return RING_FULL;
    }
  }
}
