/**
 * Records of slices, units (GOPs or fragments) and frames. Each table keeps the newest records,
 * whether their bytes are still in the ring or not; a slice or unit record is reused only when its
 * bytes have left the ring. Layouts in abi.ts.
 */
import {
  FRAME_BYTES, FRAME_CAPACITY, FRAME_IDR, FRAME_POSITION, FRAME_PTS, FRAME_SEQ, FRAME_UTC,
  SLICE_AUDIO_FRAMES, SLICE_BYTES, SLICE_CAPACITY, SLICE_CLOSED, SLICE_DISCONTINUITY, SLICE_END,
  SLICE_INIT, SLICE_LOST, SLICE_NUMBER, SLICE_PTS_A, SLICE_PTS_B, SLICE_SEQ_A, SLICE_SEQ_B,
  SLICE_START, SLICE_TRACKS, SLICE_UTC_A, SLICE_UTC_B, SLICE_VIDEO_FRAMES, STATE_FIRST_FRAME,
  STATE_FIRST_SLICE, STATE_FIRST_UNIT, STATE_NEXT_FRAME, STATE_NEXT_SLICE, STATE_NEXT_UNIT,
  UNIT_BYTES, UNIT_CAPACITY, UNIT_CLOSED, UNIT_DURATION, UNIT_END, UNIT_FRAMES, UNIT_IDR, UNIT_PTS,
  UNIT_SLICE, UNIT_START, UNIT_UTC,
} from '../abi';
import { setI32 } from '../state';
import { tail } from './ring';

const SLICES = memory.data(SLICE_CAPACITY * SLICE_BYTES, 8);
const UNITS = memory.data(UNIT_CAPACITY * UNIT_BYTES, 8);
const FRAMES = memory.data(FRAME_CAPACITY * FRAME_BYTES, 8);

let nextSlice: i32 = 0;
export let nextUnit: i32 = 0;
let nextFrame: i32 = 0;
/** Record of the open slice, 0 = none. */
export let openSlice: usize = 0;
/** Record of the open unit, 0 = none. */
export let openUnit: usize = 0;

export function clearTables(): void {
  nextSlice = 0;
  nextUnit = 0;
  nextFrame = 0;
  openSlice = 0;
  openUnit = 0;
}

function oldest(next: i32, capacity: i32): i32 {
  return max<i32>(0, next - capacity);
}

/** Address of a slice record, 0 when it is not (or no longer) in the table. */
export function sliceAddress(number: i32): usize {
  if (number < oldest(nextSlice, SLICE_CAPACITY) || number >= nextSlice) return 0;
  return SLICES + (number % SLICE_CAPACITY) * SLICE_BYTES;
}

export function unitAddress(number: i32): usize {
  if (number < oldest(nextUnit, UNIT_CAPACITY) || number >= nextUnit) return 0;
  return UNITS + (number % UNIT_CAPACITY) * UNIT_BYTES;
}

export function frameAddress(number: i32): usize {
  if (number < oldest(nextFrame, FRAME_CAPACITY) || number >= nextFrame) return 0;
  return FRAMES + (number % FRAME_CAPACITY) * FRAME_BYTES;
}

/** First unit of the table. */
export function firstUnit(): i32 {
  return oldest(nextUnit, UNIT_CAPACITY);
}

export function firstSlice(): i32 {
  return oldest(nextSlice, SLICE_CAPACITY);
}

/** A new unit (and slice) finds a record whose bytes have left the ring. */
export function tablesHaveRoom(): bool {
  if (nextUnit >= UNIT_CAPACITY && load<f64>(unitAddress(nextUnit - UNIT_CAPACITY), UNIT_END) > <f64>tail) {
    return false;
  }
  if (nextSlice >= SLICE_CAPACITY && load<f64>(sliceAddress(nextSlice - SLICE_CAPACITY), SLICE_END) > <f64>tail) {
    return false;
  }
  return true;
}

// ── slices ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function beginSlice(position: i64, ptsMs: f64, utcMs: f64, discontinuity: bool): void {
  const record = SLICES + (nextSlice % SLICE_CAPACITY) * SLICE_BYTES;
  memory.fill(record, 0, SLICE_BYTES);
  store<f64>(record, <f64>position, SLICE_START);
  store<f64>(record, <f64>position, SLICE_END);
  store<f64>(record, utcMs, SLICE_UTC_A);
  store<f64>(record, utcMs, SLICE_UTC_B);
  store<f64>(record, ptsMs, SLICE_PTS_A);
  store<f64>(record, ptsMs, SLICE_PTS_B);
  store<i32>(record, nextSlice, SLICE_NUMBER);
  store<i32>(record, discontinuity ? 1 : 0, SLICE_DISCONTINUITY);
  store<i32>(record, -1, SLICE_INIT);
  openSlice = record;
  nextSlice++;
  setI32(STATE_FIRST_SLICE, oldest(nextSlice, SLICE_CAPACITY));
  setI32(STATE_NEXT_SLICE, nextSlice);
}

/** Time of the newest frame of the open slice. */
export function setSliceTimeB(ptsMs: f64, utcMs: f64): void {
  store<f64>(openSlice, ptsMs, SLICE_PTS_B);
  store<f64>(openSlice, utcMs, SLICE_UTC_B);
}

/** A video frame of the open slice. */
export function addSliceFrame(ptsMs: f64, utcMs: f64, seq: i32): void {
  setSliceTimeB(ptsMs, utcMs);
  const frames = load<i32>(openSlice, SLICE_VIDEO_FRAMES);
  if (frames == 0) store<i32>(openSlice, seq, SLICE_SEQ_A);
  store<i32>(openSlice, seq, SLICE_SEQ_B);
  store<i32>(openSlice, frames + 1, SLICE_VIDEO_FRAMES);
}

export function addSliceAudio(frames: i32): void {
  store<i32>(openSlice, load<i32>(openSlice, SLICE_AUDIO_FRAMES) + frames, SLICE_AUDIO_FRAMES);
}

export function setSliceEnd(position: i64): void {
  store<f64>(openSlice, <f64>position, SLICE_END);
}

export function setSliceTracks(tracks: i32, init: i32): void {
  store<i32>(openSlice, tracks, SLICE_TRACKS);
  store<i32>(openSlice, init, SLICE_INIT);
}

export function endSlice(why: i32): void {
  store<i32>(openSlice, why, SLICE_CLOSED);
  openSlice = 0;
}

/** Bytes [from, to) left the ring unread: they are the loss of their slices. */
export function addSliceLoss(from: i64, to: i64): void {
  for (let number = oldest(nextSlice, SLICE_CAPACITY); number < nextSlice; number++) {
    const record = sliceAddress(number);
    const start = max<f64>(load<f64>(record, SLICE_START), <f64>from);
    const end = min<f64>(load<f64>(record, SLICE_END), <f64>to);
    if (end > start) store<f64>(record, load<f64>(record, SLICE_LOST) + (end - start), SLICE_LOST);
  }
}

// ── units ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function beginUnit(position: i64, ptsMs: f64, utcMs: f64, idr: bool): void {
  const record = UNITS + (nextUnit % UNIT_CAPACITY) * UNIT_BYTES;
  memory.fill(record, 0, UNIT_BYTES);
  store<f64>(record, <f64>position, UNIT_START);
  store<f64>(record, <f64>position, UNIT_END);
  store<f64>(record, utcMs, UNIT_UTC);
  store<f64>(record, ptsMs, UNIT_PTS);
  store<i32>(record, load<i32>(openSlice, SLICE_NUMBER), UNIT_SLICE);
  store<i32>(record, idr ? 1 : 0, UNIT_IDR);
  openUnit = record;
  nextUnit++;
  setI32(STATE_FIRST_UNIT, firstUnit());
  setI32(STATE_NEXT_UNIT, nextUnit);
}

export function setUnitEnd(position: i64): void {
  store<f64>(openUnit, <f64>position, UNIT_END);
}

export function addUnitFrame(): void {
  store<i32>(openUnit, load<i32>(openUnit, UNIT_FRAMES) + 1, UNIT_FRAMES);
}

export function setUnitDuration(ms: f64): void {
  store<f64>(openUnit, ms, UNIT_DURATION);
}

export function endUnit(): void {
  store<i32>(openUnit, 1, UNIT_CLOSED);
  openUnit = 0;
}

// ── frames ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export function addFrame(position: i64, ptsMs: f64, utcMs: f64, seq: i32, idr: bool): void {
  const record = FRAMES + (nextFrame % FRAME_CAPACITY) * FRAME_BYTES;
  store<f64>(record, <f64>position, FRAME_POSITION);
  store<f64>(record, ptsMs, FRAME_PTS);
  store<f64>(record, utcMs, FRAME_UTC);
  store<i32>(record, seq, FRAME_SEQ);
  store<i32>(record, idr ? 1 : 0, FRAME_IDR);
  nextFrame++;
  setI32(STATE_FIRST_FRAME, oldest(nextFrame, FRAME_CAPACITY));
  setI32(STATE_NEXT_FRAME, nextFrame);
}
