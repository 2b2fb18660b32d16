/** The channel's tracks into the transport stream: pictures, audio between them, slices. */
import { STATE_AUDIO_DROPPED, STATE_AUDIO_EARLY, STATE_PAYLOAD_BYTES, UNIT_PTS } from '../abi';
import {
  dropSide, sideBytesOf, sideCount, sideLength, sideOlderThan, sideTicks, sideUsed,
} from '../audio/side-buffer';
import { hasAudio, hasVideo } from '../config';
import { makeRoom, makeTableRoom } from '../gop/policy';
import { commit, written } from '../gop/ring';
import { reservedAt } from '../gop/room';
import {
  addFrame, addSliceAudio, addSliceFrame, addUnitFrame, beginSlice, beginUnit, openSlice, openUnit,
  setUnitDuration,
} from '../gop/tables';
import { addF64, count } from '../state';
import { OK } from '../status';
import {
  announceAudioInHeader, audioBytesMost, beginPackets, fillClock, frontBytesMost, packetBytes,
  pictureBytesMost, undoPackets, writeAudio, writeHeader, writePicture, writeTables,
} from '../ts/muxer';
import { bodyAt } from '../video/access-unit';
import { isRandomAccess } from '../video/picture';
import { frameTicks } from './audio-track';
import {
  ANNOUNCE_MS, audioAnnounced, audioWanted, headerWaits, setAudioAnnounced, setAudioWanted,
  setHeaderWaits, setSliceTime, slicePtsMs,
} from './channel';
import { closeRecords, endUnitAt, publish, recordTracks, settleHeader } from './publish';
import { lastInterval } from './timing';

/**
 * Audio for one PES packet: as much as libavformat collects, or for as long as a viewer of the live
 * stream does not notice.
 */
const PES_AUDIO_BYTES: i32 = 2930;
const PES_AUDIO_TICKS: i64 = 18000; // 200 ms

/** Only the first slice waits for audio; later ones follow the one before. */
let waitedForAudio: bool = false;
/** Output that the waiting audio may become was part of the room of the outstanding reservation. */
let reservedAudio: i32 = 0;

export function openTsChannel(): void {
  waitedForAudio = false;
  reservedAudio = 0;
}

// ── audio ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Frames from `first` on that follow each other without a gap: one PES packet has one PTS. */
function framesInOnePes(first: i32, limit: i32): i32 {
  let frames: i32 = 1;
  let bytes = sideLength(first);
  while (first + frames < limit) {
    bytes += sideLength(first + frames);
    if (bytes > PES_AUDIO_BYTES) break;
    const off = sideTicks(first + frames) - sideTicks(first) - frameTicks(frames);
    if (abs<i64>(off) > frameTicks(1) / 2) break;
    frames++;
  }
  return frames;
}

/** Most that the first `limit` frames of the side buffer can become. */
function sideBytesMost(limit: i32): i32 {
  let most: i32 = 0;
  for (let first: i32 = 0; first < limit; ) {
    const frames = framesInOnePes(first, limit);
    let bytes: i32 = 0;
    for (let i: i32 = 0; i < frames; i++) bytes += sideLength(first + i);
    most += audioBytesMost(bytes);
    first += frames;
  }
  return most;
}

/** Most that a push of `length` bytes of video can become: what reserve() makes room for. */
export function tsBytesMost(length: i32): i32 {
  reservedAudio = audioAnnounced ? sideBytesMost(sideCount) : 0;
  return pictureBytesMost(length) + reservedAudio;
}

/**
 * When audio is written: how long until tables can be written again. Pictures come soon, if they
 * come at a usual rate.
 */
function untilNextChance(): i64 {
  return hasVideo() && lastInterval() <= 100 ? 0 : 2 * PES_AUDIO_TICKS;
}

/** Writes and commits the first `limit` frames of the side buffer. */
function writeSide(limit: i32): void {
  if (limit == 0) return;
  beginPackets();
  // with a frame in place behind it, tables and PCR packets are left to that frame: the room was
  // counted so
  if (reservedAt == 0) fillClock(sideTicks(0), sideTicks(0) + untilNextChance());
  while (limit > 0) {
    const frames = framesInOnePes(0, limit);
    writeAudio(frames);
    addSliceAudio(frames);
    addF64(STATE_PAYLOAD_BYTES, <f64>sideBytesOf(frames));
    dropSide(frames);
    limit -= frames;
  }
  commit(packetBytes(), false);
  publish();
}

/** Audio goes out when there is enough of it to fill packets, or when it has waited long enough. */
export function flushTsAudioWhenDue(): i32 {
  if (sideCount == 0 || reservedAt != 0) return OK;
  const newest = sideTicks(sideCount - 1) + frameTicks(1);
  if (sideUsed < PES_AUDIO_BYTES && newest - sideTicks(0) < PES_AUDIO_TICKS) return OK;
  return flushTsAudio();
}

/** Everything in the side buffer goes out. */
export function flushTsAudio(): i32 {
  if (sideCount == 0 || openSlice == 0 || !audioAnnounced) return OK;
  const room = makeRoom(frontBytesMost() + sideBytesMost(sideCount));
  if (room != OK) return room;
  writeSide(sideCount);
  return OK;
}

/** Audio older than `ticks` goes out in front of an IDR, if the room for it is there. */
function flushBefore(ticks: i64): void {
  const frames = sideOlderThan(ticks);
  if (frames == 0 || openSlice == 0 || !audioAnnounced) return;
  const most = sideBytesMost(frames);
  if (reservedAt != 0 ? most <= reservedAudio : makeRoom(frontBytesMost() + most) == OK) writeSide(frames);
}

/**
 * Audio was accepted: a header that waits announces it; a slice without it ends at the next IDR.
 */
export function tsAudioArrived(): void {
  if (openSlice == 0 || audioAnnounced) return;
  if (headerWaits) {
    setAudioAnnounced(true);
    announceAudioInHeader();
    settleHeader();
  } else setAudioWanted(true);
}

/** Takes what is older than the slice's first picture out of the side buffer. */
function dropOlder(ticks: i64, counter: i32): void {
  const older = sideOlderThan(ticks);
  for (let i: i32 = 0; i < older; i++) count(counter);
  if (older > 0) dropSide(older);
}

// ── slices and pictures ────────────────────────────────────────────────────────────────────────────────────────────────

/** Ends the open slice; audio older than `nextTicks` still belongs to it. */
export function closeTsSlice(why: i32, nextTicks: i64): void {
  if (openSlice == 0) return;
  flushBefore(nextTicks);
  dropOlder(nextTicks, audioAnnounced ? STATE_AUDIO_DROPPED : STATE_AUDIO_EARLY);
  closeRecords(why);
}

/** Decides what the header of a slice that begins announces. */
function decideTracks(ticks: i64): void {
  dropOlder(ticks, STATE_AUDIO_EARLY);
  if (!hasAudio() || audioAnnounced) return;
  if (sideCount > 0 || audioWanted) setAudioAnnounced(true);
  else if (!waitedForAudio) setHeaderWaits(true);
}

/** Packets in front of a picture; returns where its GOP begins if it is a random access point. */
function writeFront(ticks: i64, cut: bool): i64 {
  if (cut) {
    writeHeader(ticks, audioAnnounced);
    return written;
  }
  if (!isRandomAccess) {
    fillClock(ticks, ticks + <i64>(lastInterval() * 90));
    return written;
  }
  fillClock(ticks, 0);
  const gop = written + packetBytes();
  writeTables(ticks);
  return gop;
}

function record(
  start: i64, gop: i64, ticks: i64, ptsMs: f64, utcMs: f64, seq: i32, cut: bool, discontinuity:
  bool,
): void {
  if (cut) {
    beginSlice(start, ptsMs, utcMs, discontinuity);
    setSliceTime(ticks, ptsMs, waitedForAudio && !discontinuity);
    setAudioWanted(false);
    if (!headerWaits) recordTracks(-1);
    waitedForAudio = true;
  }
  if (isRandomAccess) {
    endUnitAt(gop, ptsMs);
    beginUnit(gop, ptsMs, utcMs, true);
  }
  addFrame(isRandomAccess ? gop : start, ptsMs, utcMs, seq, isRandomAccess);
  addSliceFrame(ptsMs, utcMs, seq);
  addUnitFrame();
  setUnitDuration(ptsMs - load<f64>(openUnit, UNIT_PTS) + lastInterval());
}

/**
 * Writes one picture that openAccessUnit() has read; `cut` begins a slice with it. Room for
 * tsBytesMost() is there. On a refusal nothing of it is left behind.
 */
export function writeTsPicture(
  end: usize, ticks: i64, ptsMs: f64, utcMs: f64, seq: i32, cut: bool, discontinuity: bool,
): i32 {
  if (isRandomAccess) {
    const tables = makeTableRoom();
    if (tables != OK) return tables;
    if (!cut) settleHeader(); // a second set of tables: the first cannot wait any longer
  }
  // audio that ended or stalled does not wait until the clock has passed it
  if (!cut && sideCount > 0 && (isRandomAccess || ticks - sideTicks(0) >= PES_AUDIO_TICKS)) flushBefore(ticks);
  if (cut) decideTracks(ticks);
  beginPackets();
  const start = written;
  const gop = writeFront(ticks, cut);
  const status = writePicture(end, ticks);
  if (status != OK) {
    undoPackets();
    if (cut) setHeaderWaits(false);
    return status;
  }
  commit(packetBytes(), false);
  record(start, gop, ticks, ptsMs, utcMs, seq, cut, discontinuity);
  addF64(STATE_PAYLOAD_BYTES, <f64>(end - bodyAt));
  if (headerWaits && ptsMs - slicePtsMs >= ANNOUNCE_MS) settleHeader();
  publish();
  return OK;
}
