/** A channel without video: every AAC frame may begin a slice, and audio carries the clock. */
import {
  CLOSED_IDR, CLOSED_TIME, CONFIG_SLICE_MIN_MS, STATE_LAST_PTS_MS, STATE_LAST_UTC_MS,
} from '../abi';
import { sideCount, sideTicks } from '../audio/side-buffer';
import { field, isTs } from '../config';
import { currentInit } from '../fmp4/init-store';
import { startMediaTime } from '../fmp4/media-clock';
import { makeRoom, makeTableRoom } from '../gop/policy';
import { commit, written } from '../gop/ring';
import {
  beginSlice, beginUnit, openSlice, openUnit, setSliceTimeB, setUnitDuration,
} from '../gop/tables';
import { setF64 } from '../state';
import { OK } from '../status';
import { beginPackets, frontBytesMost, packetBytes, writeHeader, writeTables } from '../ts/muxer';
import { audioChannels, audioRate, frameTicks } from './audio-track';
import { setAudioAnnounced, setSliceTime, slicePtsMs } from './channel';
import { flushAudioAlone } from './fmp4-channel';
import { endUnitAt, publish, recordTracks } from './publish';
import { closeSlice } from './slices';
import { JUMP_MS } from './timing';
import { flushTsAudioWhenDue } from './ts-channel';

/** Where playback can begin: a seek lands at most this far away. */
const UNIT_MS: f64 = 2000;
const FRAGMENT_TICKS: i64 = 45000; // 500 ms, as with video

let unitPtsMs: f64 = 0;
let lastMs: f64 = 0;

/** Tables at the start of a slice or unit, and their records. */
function begin(ptsMs: f64, utcMs: f64, ticks: i64, isSlice: bool, broken: bool): i32 {
  const tables = makeTableRoom();
  if (tables != OK) return tables;
  if (isTs()) {
    const room = makeRoom(frontBytesMost());
    if (room != OK) return room;
  }
  const start = written;
  if (isTs()) {
    beginPackets();
    if (isSlice) writeHeader(ticks, true);
    else writeTables(ticks);
    commit(packetBytes(), false);
  }
  if (isSlice) {
    setAudioAnnounced(true);
    startMediaTime(ticks, broken);
    beginSlice(start, ptsMs, utcMs, broken);
    setSliceTime(ticks, ptsMs, !broken);
    recordTracks(isTs() ? -1 : currentInit(audioRate, audioChannels));
  }
  if (isTs()) {
    endUnitAt(start, ptsMs);
    beginUnit(start, ptsMs, utcMs, true);
    unitPtsMs = ptsMs;
  }
  publish();
  return OK;
}

/** The newest frame of the side buffer has this time. */
export function audioAloneArrived(ticks: i64, utcMs: f64): i32 {
  const ptsMs = <f64>ticks / 90;
  setF64(STATE_LAST_PTS_MS, ptsMs);
  setF64(STATE_LAST_UTC_MS, utcMs);
  const broken = openSlice != 0 && ptsMs - lastMs > JUMP_MS;
  lastMs = ptsMs;
  if (broken) closeSlice(CLOSED_TIME, ticks, false);
  else if (openSlice != 0 && ptsMs - slicePtsMs >= <f64>field(CONFIG_SLICE_MIN_MS)) closeSlice(CLOSED_IDR, ticks, true);
  let status = OK;
  if (openSlice == 0) status = begin(ptsMs, utcMs, ticks, true, broken);
  else if (isTs() && ptsMs - unitPtsMs >= UNIT_MS && sideCount == 1) status = begin(ptsMs, utcMs, ticks, false, false);
  if (status != OK) return status;
  setSliceTimeB(ptsMs, utcMs);
  if (openUnit != 0) setUnitDuration(ptsMs - unitPtsMs + <f64>frameTicks(1) / 90);
  if (isTs()) return flushTsAudioWhenDue();
  return ticks + frameTicks(1) - sideTicks(0) >= FRAGMENT_TICKS ? flushAudioAlone(ptsMs, utcMs) : OK;
}
