/** Ends from outside: stop, pause, clock and format changes, silence. */
import { CLOSED_CLOCK, CLOSED_FORMAT, CLOSED_PAUSE, CLOSED_STOP } from '../abi';
import { hasVideo } from '../config';
import { dropReservation, reservedAt } from '../gop/room';
import { CONFIG_NOT_OPEN, CONFIG_SLICE_RANGE, OK } from '../status';
import { isOpen, setNeedIdr } from './channel';
import { settleHeader } from './publish';
import { drainAudio } from './push-audio';
import { markBreak } from './push-video';
import { clearTiming } from './timing';
import { closeSlice, flushWaiting } from './slices';

/**
 * Ends the open slice; `why` is CLOSED_STOP, CLOSED_PAUSE, CLOSED_CLOCK or CLOSED_FORMAT. The next
 * picture must be an IDR; after a pause or a change of clock its slice is marked as a
 * discontinuity.
 */
export function flush(why: i32): i32 {
  if (!isOpen) return CONFIG_NOT_OPEN;
  if (why != CLOSED_STOP && why != CLOSED_PAUSE && why != CLOSED_CLOCK && why != CLOSED_FORMAT) {
    return CONFIG_SLICE_RANGE;
  }
  dropReservation(); // what is being filled in comes too late for this slice
  drainAudio();
  closeSlice(why, i64.MAX_VALUE, false);
  setNeedIdr(hasVideo());
  markBreak();
  clearTiming();
  return OK;
}

/** For the host to call after 1 s without frames: what waits becomes visible. */
export function closeFragment(): i32 {
  if (!isOpen) return CONFIG_NOT_OPEN;
  if (reservedAt != 0) return OK; // a frame is being filled in: its push is the next chance
  settleHeader();
  return flushWaiting();
}
