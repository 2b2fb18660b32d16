/**
 * Init segments live outside of the ring: a slice's file is its init segment and its bytes of the
 * ring. A few are kept, because slices that still wait may have another one than the newest.
 */
import { SLICE_END, SLICE_INIT, STATE_INIT_SEGMENT, STATE_NEXT_SLICE } from '../abi';
import { hasVideo } from '../config';
import { tail } from '../gop/ring';
import { firstSlice, openSlice, sliceAddress } from '../gop/tables';
import { setsVersion } from '../nal/parameter-sets';
import { getI32, setI32 } from '../state';
import { PICTURE_SETS_TOO_LARGE, RING_TABLE_FULL } from '../status';
import { writeInitSegment } from './init-segment';

/** About 700 bytes of boxes for each track, and the parameter sets: at most POOL_BYTES. */
const INIT_BYTES: i32 = 3584;
const INIT_SLOTS: i32 = 3;
const SLOTS = memory.data(10752, 8); // INIT_SLOTS * INIT_BYTES
const LENGTHS = memory.data(12, 4);

let newest: i32 = -1;
let newestVersion: i32 = -1;
let newestAudio: bool = false;

export function openInitStore(): void {
  newest = -1;
}

function isKnown(id: i32): bool {
  return id >= 0 && id <= newest && id > newest - INIT_SLOTS;
}

export function initAddress(id: i32): usize {
  return isKnown(id) ? SLOTS + (id % INIT_SLOTS) * INIT_BYTES : 0;
}

export function initLength(id: i32): i32 {
  return isKnown(id) ? load<i32>(LENGTHS + ((id % INIT_SLOTS) << 2)) : 0;
}

/** A slice with bytes in the ring still needs this one. */
function isNeeded(id: i32): bool {
  for (let number = firstSlice(); number < getI32(STATE_NEXT_SLICE); number++) {
    const record = sliceAddress(number);
    if (load<i32>(record, SLICE_INIT) == id && (record == openSlice || load<f64>(record, SLICE_END) > <f64>tail)) {
      return true;
    }
  }
  return false;
}

/** One more init segment can be made, should the next slice need it. */
export function hasInitRoom(): bool {
  return newest + 1 < INIT_SLOTS || !isNeeded(newest + 1 - INIT_SLOTS);
}

/**
 * Id of the init segment for the current parameter sets, made when there is none; or a negative
 * status.
 */
export function currentInit(rate: i32, channels: i32): i32 {
  const audio = rate != 0;
  if (newest >= 0 && newestVersion == setsVersion && newestAudio == audio) return newest;
  const id = newest + 1;
  if (id >= INIT_SLOTS && isNeeded(id - INIT_SLOTS)) return RING_TABLE_FULL;
  const slot = id % INIT_SLOTS;
  const length = writeInitSegment(SLOTS + slot * INIT_BYTES, INIT_BYTES, hasVideo(), rate, channels);
  if (length < 0) return PICTURE_SETS_TOO_LARGE;
  store<i32>(LENGTHS + (slot << 2), length);
  newest = id;
  newestVersion = setsVersion;
  newestAudio = audio;
  setI32(STATE_INIT_SEGMENT, id);
  return id;
}
