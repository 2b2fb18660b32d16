/** A video frame, from the checks to the ring. */
import {
  CLOSED_AUDIO, CLOSED_FORMAT, CLOSED_IDR, CLOSED_NO_IDR, CLOSED_TIME, CONFIG_SLICE_MAX_MS,
  CONFIG_SLICE_MIN_MS, FRAME_I, STATE_BYTES_IN, STATE_DISCONTINUITIES, STATE_DROPPED_RASL,
  STATE_INBAND_SETS, STATE_INSERTED_SETS, STATE_LAST_PTS_MS, STATE_LAST_UTC_MS, STATE_SHORTFALL,
  STATE_VIDEO_FRAMES, STATE_WRONG_FRAME_TYPE,
} from '../abi';
import { field, hasVideo, isTs } from '../config';
import { makeRoom } from '../gop/policy';
import { ringBase, ringEnd, ringSize } from '../gop/ring';
import { dropReservation, isReserved, placeInput, reservedAt } from '../gop/room';
import { openSlice } from '../gop/tables';
import { trimZeros } from '../nal/start-code';
import { moveUnits } from '../nal/unit-list';
import { addF64, count, setF64, setI32 } from '../state';
import {
  CONFIG_NOT_OPEN, NOTICE_DISCONTINUITY, NOTICE_RASL_DROPPED, OK, PICTURE_EMPTY,
  PICTURE_FORMAT_CHANGED, PICTURE_NEED_IDR, PICTURE_NO_PARAMETER_SETS, PICTURE_NOT_CONFIGURED,
  RING_ADDRESS, RING_FULL, RING_RETRY, RING_TOO_SMALL, TIME_RANGE,
} from '../status';
import { ticksOf } from '../ts/clock';
import {
  bringsNewSets, checkSliceType, fixVideoFormat, listUnits, openAccessUnit, sliceAt,
} from '../video/access-unit';
import {
  broughtPps, broughtSps, isCraOrBla, isRandomAccess, isRasl, setsChanged,
} from '../video/picture';
import { setLastAudio } from './audio-track';
import {
  audioAnnounced, audioWanted, dropsRasl, isOpen, needIdr, setDropsRasl, setNeedIdr, slicePtsMs,
} from './channel';
import { countRefusal } from './refusals';
import {
  decideTracks, isInitPending, prepareSample, reserveSample, writeFmp4Picture,
} from './fmp4-channel';
import { checkTime, isPlausibleTime } from './timing';
import { closeSlice } from './slices';
import { tsBytesMost, writeTsPicture } from './ts-channel';

/** The largest ring there can be: sums of what becomes of a frame stay inside of an i32. */
const LENGTH_MAX: i32 = 1 << 30;

/** A break in time was seen; the next slice says so. */
let breakPending: bool = false;

export function openVideo(): void {
  breakPending = false;
}

/** The next slice does not continue the one before. */
export function markBreak(): void {
  breakPending = true;
}

/** Bytes of the host lie inside memory. */
export function isInMemory(at: usize, length: i32): bool {
  return <u64>at + <u64>length <= <u64>memory.size() << 16;
}

/**
 * Room for a frame of `length` bytes that will be muxed where it lies: its address, or a negative
 * status.
 */
export function reserveVideo(length: i32): i32 {
  if (!isOpen) return CONFIG_NOT_OPEN;
  if (!hasVideo()) return PICTURE_NOT_CONFIGURED;
  if (length <= 0) return PICTURE_EMPTY;
  if (length > LENGTH_MAX) {
    setI32(STATE_SHORTFALL, length - ringSize);
    return RING_TOO_SMALL;
  }
  return isTs() ? placeInput(length, tsBytesMost(length)) : reserveSample(length);
}

/** Which end the open slice comes to with this picture, 0 = none. */
function reasonToCut(ptsMs: f64): i32 {
  if (breakPending) return CLOSED_TIME;
  if (setsChanged && !isTs()) return CLOSED_FORMAT;
  if (audioWanted && !audioAnnounced) return CLOSED_AUDIO;
  return ptsMs - slicePtsMs >= <f64>field(CONFIG_SLICE_MIN_MS) ? CLOSED_IDR : 0;
}

/** Checks that do not look at the bytes. */
function checkArguments(at: usize, length: i32, ptsMs: f64, utcMs: f64): i32 {
  if (!isOpen) return CONFIG_NOT_OPEN;
  if (!hasVideo()) return PICTURE_NOT_CONFIGURED;
  if (length <= 0) return PICTURE_EMPTY;
  if (!isInMemory(at, length)) return RING_ADDRESS;
  if (at < ringEnd && at + length > ringBase && !isReserved(at, length)) return RING_ADDRESS;
  return isPlausibleTime(ptsMs) && isPlausibleTime(utcMs) ? OK : TIME_RANGE;
}

/** Ends the open slice when this picture asks for it; a status when the picture cannot go on. */
function cutBefore(ticks: i64, ptsMs: f64): i32 {
  if (openSlice == 0) return OK;
  if (isRandomAccess) {
    const why = reasonToCut(ptsMs);
    if (why != 0) closeSlice(why, ticks, why != CLOSED_TIME);
    return OK;
  }
  if (ptsMs - slicePtsMs < <f64>field(CONFIG_SLICE_MAX_MS)) return OK;
  closeSlice(CLOSED_NO_IDR, ticks, true);
  return PICTURE_NEED_IDR;
}

function countPicture(length: i32, ptsMs: f64, utcMs: f64, cut: bool): void {
  count(STATE_VIDEO_FRAMES);
  addF64(STATE_BYTES_IN, <f64>length);
  setF64(STATE_LAST_PTS_MS, ptsMs);
  setF64(STATE_LAST_UTC_MS, utcMs);
  if (!isRandomAccess) {
    if (setsChanged) count(STATE_INBAND_SETS);
    return;
  }
  if (!broughtSps || !broughtPps) count(STATE_INSERTED_SETS);
  setDropsRasl(isCraOrBla && (cut || needIdr));
  setNeedIdr(false);
}

let roomStatus: i32 = OK;

/**
 * Room for what the frame will become. TS reads it where it is; a sample has to lie in the ring, so
 * a frame from elsewhere is copied to where reserve() would have put it. Returns where it is now,
 * or 0 with roomStatus set. `length` bytes were pushed, `used` matter.
 */
function findRoom(at: usize, length: i32, used: i32, ptsMs: f64): usize {
  const reserved = isReserved(at, length);
  if (isTs()) {
    roomStatus = reserved ? OK : makeRoom(tsBytesMost(used));
    return roomStatus == OK ? at : 0;
  }
  if (!reserved) {
    roomStatus = reserveSample(used);
    if (roomStatus == RING_RETRY) roomStatus = RING_FULL;
    if (roomStatus != OK) return 0;
    memory.copy(reservedAt, at, used);
    moveUnits(<i32>reservedAt - <i32>at);
    at = reservedAt;
  }
  roomStatus = RING_FULL;
  return prepareSample(at, used, ptsMs);
}

function accept(at: usize, length: i32, ptsMs: f64, utcMs: f64, seq: i32, frameType: i32): i32 {
  const ok = checkArguments(at, length, ptsMs, utcMs);
  if (ok != OK) return ok;
  const end = trimZeros(at, at + length);
  if (!isTs() && isInitPending() && bringsNewSets(at, <i32>(end - at))) decideTracks();
  const unit = openAccessUnit(at, <i32>(end - at));
  if (unit == PICTURE_NO_PARAMETER_SETS || unit == PICTURE_FORMAT_CHANGED) {
    // to a host whose P frame is refused anyway, the parameter sets that it would need are no news
    return needIdr && sliceAt != 0 && !isRandomAccess ? PICTURE_NEED_IDR : unit;
  }
  if (unit != OK) return unit;
  if ((frameType == FRAME_I) != isRandomAccess) count(STATE_WRONG_FRAME_TYPE);
  if (isRasl && dropsRasl) {
    count(STATE_DROPPED_RASL);
    return NOTICE_RASL_DROPPED;
  }
  const type = checkSliceType();
  if (type != OK) return type;
  const time = checkTime(ptsMs, isRandomAccess);
  if (time != OK) {
    breakPending = true;
    if (time < 0) {
      closeSlice(CLOSED_TIME, i64.MAX_VALUE, false);
      return time;
    }
  }
  if (needIdr && !isRandomAccess) return PICTURE_NEED_IDR;
  const units = isTs() ? OK : listUnits(at, end);
  if (units != OK) return units;
  const bytes = <i32>(end - at);
  at = findRoom(at, length, bytes, ptsMs);
  if (at == 0) return roomStatus;
  const ticks = ticksOf(ptsMs);
  const going = cutBefore(ticks, ptsMs);
  if (going != OK) return going;
  const cut = openSlice == 0;
  const broken = cut && breakPending;
  if (broken) setLastAudio(-1);
  const status = isTs()
    ? writeTsPicture(end, ticks, ptsMs, utcMs, seq, cut, broken)
    : writeFmp4Picture(at, bytes, ticks, ptsMs, utcMs, seq, cut, broken);
  if (status != OK) return status;
  if (isRandomAccess) fixVideoFormat();
  countPicture(length, ptsMs, utcMs, cut);
  if (!broken) return OK;
  breakPending = false;
  count(STATE_DISCONTINUITIES);
  return NOTICE_DISCONTINUITY;
}

export function pushVideo(
  at: usize, length: i32, ptsMs: f64, utcMs: f64, seq: i32, frameType: i32,
): i32 {
  const status = accept(at, length, ptsMs, utcMs, seq, frameType);
  dropReservation();
  if (status < 0) {
    countRefusal(status);
    // an empty push held no picture, so none is missing
    if (isOpen && hasVideo() && status != PICTURE_EMPTY && status != RING_ADDRESS) setNeedIdr(true);
  }
  return status;
}
