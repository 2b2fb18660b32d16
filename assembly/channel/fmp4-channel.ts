/**
 * The channel's tracks into fragments: pictures into the ring's open one, audio beside it, slices.
 */
import { SLICE_INIT, STATE_AUDIO_DROPPED, STATE_AUDIO_EARLY, STATE_SHORTFALL } from '../abi';
import { sideCount, sideOlderThan } from '../audio/side-buffer';
import { dropSide } from '../audio/side-buffer';
import { hasAudio } from '../config';
import { currentInit, hasInitRoom, openInitStore } from '../fmp4/init-store';
import { openMediaClock, startMediaTime } from '../fmp4/media-clock';
import { makeTableRoom } from '../gop/policy';
import {
  addressAt, copyIn, freeBytes, head, ringBase, ringEnd, ringSize, written,
} from '../gop/ring';
import { growthOf, placeSample } from '../gop/sample-room';
import { addFrame, addSliceFrame, beginSlice, openSlice } from '../gop/tables';
import { makeSample, sampleBytesBefore, sampleLength } from '../nal/length-prefix';
import { moveUnits, unitAt } from '../nal/unit-list';
import { count, setI32 } from '../state';
import { OK, RING_FULL, RING_RETRY, RING_TABLE_FULL, RING_TOO_SMALL } from '../status';
import { firstSlice } from '../video/access-unit';
import { isRandomAccess } from '../video/picture';
import { audioChannels, audioRate } from './audio-track';
import {
  audioAnnounced, audioWanted, setAudioAnnounced, setAudioWanted, setSliceTime,
} from './channel';
import {
  closesFragment, closingBytes, extendFragment, finishFragment, isFragmentOpen, leadBytes,
  openFragment, resetFragments, setAudioUtc, willClose, writeAudioFragments,
} from './fragment';
import { closeRecords, publish, recordTracks } from './publish';

/**
 * Bytes in front of a fragment's first sample that its free box may take up so that the sample need
 * not move.
 */
const GAP_MAX: i64 = 1024;

/** The first slice has decided; later ones follow. */
let tracksDecided: bool = false;
/** Audio was accepted since the first slice began, perhaps into the encoder. */
let audioAccepted: bool = false;

export function openFmp4Channel(): void {
  tracksDecided = false;
  audioAccepted = false;
  resetFragments();
  openInitStore();
  openMediaClock();
}

/** Most that a frame of `length` bytes and the end of the open fragment can write. */
function bytesMost(length: i32): i32 {
  return closingBytes() + leadBytes() + length + growthOf(length);
}

/**
 * Room for a frame of `length` bytes. An open fragment that is in the way is closed, and the host
 * asked to come again.
 */
export function reserveSample(length: i32): i32 {
  const lead = !isFragmentOpen ? leadBytes() : willClose() ? closingBytes() + leadBytes() : 0;
  const status = placeSample(length, lead, bytesMost(length));
  if (status != RING_FULL && status != RING_TOO_SMALL) return status;
  if (!isFragmentOpen && (sideCount == 0 || !audioAnnounced || openSlice == 0)) return status;
  const before = head;
  flushFmp4();
  return head != before ? RING_RETRY : status;
}

// ── audio ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Audio arrived: a slice that does not announce it ends at the next IDR. */
export function fmp4AudioArrived(): void {
  audioAccepted = true;
  if (openSlice != 0 && tracksDecided && !audioAnnounced) setAudioWanted(true);
}

/** Everything that waits becomes visible: after silence, or when the side buffer is full. */
export function flushFmp4(): void {
  closeFragment(-1, sideCount);
  if (openSlice != 0 && audioAnnounced && sideCount > 0) writeAudioFragments(sideCount);
}

/** A channel without video: what waits becomes fragments, labelled by this pair of times. */
export function flushAudioAlone(ptsMs: f64, utcMs: f64): i32 {
  setAudioUtc(ptsMs, utcMs);
  writeAudioFragments(sideCount);
  return OK;
}

function dropOlder(ticks: i64, counter: i32): void {
  const older = sideOlderThan(ticks);
  for (let i: i32 = 0; i < older; i++) count(counter);
  if (older > 0) dropSide(older);
}

// ── fragments and slices ───────────────────────────────────────────────────────────────────────────────────────────────

/** The open slice has no init segment yet. */
export function isInitPending(): bool {
  return openSlice != 0 && load<i32>(openSlice, SLICE_INIT) < 0;
}

/**
 * Tracks and init segment of a slice, at the end of its first fragment. The room for one more init
 * segment was checked.
 */
export function decideTracks(): void {
  if (!isInitPending()) return;
  if (!tracksDecided && hasAudio() && (sideCount > 0 || audioAccepted)) setAudioAnnounced(true);
  tracksDecided = true;
  recordTracks(currentInit(audioAnnounced ? audioRate : 0, audioChannels));
}

function closeFragment(nextTicks: i64, audioLimit: i32): void {
  if (!isFragmentOpen) return;
  decideTracks();
  finishFragment(nextTicks, audioAnnounced ? audioLimit : 0);
  publish();
}

/** Ends the open slice; audio older than `nextTicks` still belongs to it. */
export function closeFmp4Slice(why: i32, nextTicks: i64, continues: bool): void {
  if (openSlice == 0) return;
  const later = sideCount - sideOlderThan(nextTicks);
  closeFragment(continues ? nextTicks : -1, sideCount - later);
  if (audioAnnounced && sideCount > later) writeAudioFragments(sideCount - later);
  dropOlder(nextTicks, audioAnnounced ? STATE_AUDIO_DROPPED : STATE_AUDIO_EARLY);
  closeRecords(why);
}

function beginFmp4Slice(ticks: i64, ptsMs: f64, utcMs: f64, discontinuity: bool): void {
  dropOlder(ticks, STATE_AUDIO_EARLY);
  if (tracksDecided && (sideCount > 0 || audioWanted)) setAudioAnnounced(true);
  startMediaTime(ticks, discontinuity);
  beginSlice(written, ptsMs, utcMs, discontinuity);
  setSliceTime(ticks, ptsMs, tracksDecided && !discontinuity);
  if (!tracksDecided) audioAccepted = false;
  setAudioWanted(false);
}

// ── pictures ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Position of an address in the ring's free room, counted from `written`. */
function distanceTo(at: usize): i32 {
  const from = addressAt(written);
  return at >= from ? <i32>(at - from) : ringSize - <i32>(from - at);
}

/**
 * The end of the open fragment will be written over where the input lies, because reserve() could
 * not know that this frame would end it: the input moves behind it. Returns its new address, or 0
 * when there is no room in one piece.
 */
function makeWay(at: usize, length: i32): usize {
  if (distanceTo(at) >= closingBytes()) return at;
  const bytes = length + growthOf(length);
  const lead = closingBytes() + leadBytes();
  let to = addressAt(written + lead);
  let distance = lead;
  if (to + bytes > ringEnd) {
    distance = <i32>(ringEnd - addressAt(written));
    to = ringBase;
  }
  if (distance < closingBytes() || distance + bytes > freeBytes()) {
    setI32(STATE_SHORTFALL, max<i32>(1, distance + bytes - freeBytes()));
    return 0;
  }
  memory.copy(to, at, length);
  moveUnits(<i32>to - <i32>at);
  return to;
}

/**
 * Where a fragment's first sample goes: where its first slice lies already, if a free box can take
 * up the difference.
 */
function firstSamplePosition(bytes: i32): i64 {
  const earliest = written + leadBytes();
  const natural = unitAt(firstSlice) - sampleBytesBefore(firstSlice);
  const gap = <i64>natural - <i64>addressAt(earliest);
  return gap >= 0 && gap <= GAP_MAX && natural + bytes <= ringEnd ? earliest + gap : earliest;
}

/**
 * Makes the sample at a position of the ring; across the ring's end it is made where the input lies
 * and copied in two pieces.
 */
function writeSample(position: i64, at: usize, bytes: i32): void {
  const to = addressAt(position);
  if (to + bytes <= ringEnd) {
    makeSample(to, bytes);
    return;
  }
  makeSample(at, bytes);
  copyIn(position, at, bytes);
}

/**
 * Does the picture end the open fragment, and is the input out of its way? To be called before
 * anything is closed. Returns the input's address, 0 when there is no room.
 */
export function prepareSample(at: usize, length: i32, ptsMs: f64): usize {
  return isFragmentOpen && (isRandomAccess || closesFragment(ptsMs)) ? makeWay(at, length) : at;
}

/**
 * Writes one picture whose units are listed; the input lies at `at` in the ring's free room. `cut`
 * begins a slice with it.
 */
export function writeFmp4Picture(
  at: usize, length: i32, ticks: i64, ptsMs: f64, utcMs: f64, seq: i32, cut: bool, discontinuity:
  bool,
): i32 {
  const bytes = sampleLength();
  if (bytes > length + growthOf(length)) {
    setI32(STATE_SHORTFALL, bytes - length - growthOf(length));
    return RING_FULL;
  }
  if (cut && !hasInitRoom()) return RING_TABLE_FULL;
  if (isRandomAccess || closesFragment(ptsMs)) closeFragment(ticks, sideCount);
  if (!isFragmentOpen) {
    const tables = makeTableRoom();
    if (tables != OK) return tables;
  }
  if (!isFragmentOpen && leadBytes() + length + growthOf(length) > freeBytes()) {
    setI32(STATE_SHORTFALL, leadBytes() + length + growthOf(length) - freeBytes());
    return RING_FULL;
  }
  if (cut) beginFmp4Slice(ticks, ptsMs, utcMs, discontinuity);
  const position = isFragmentOpen ? written : firstSamplePosition(bytes);
  writeSample(position, at, bytes);
  if (!isFragmentOpen) openFragment(position, ticks, ptsMs, utcMs);
  extendFragment(position, bytes, ticks);
  addFrame(position, ptsMs, utcMs, seq, isRandomAccess);
  addSliceFrame(ptsMs, utcMs, seq);
  return OK;
}
