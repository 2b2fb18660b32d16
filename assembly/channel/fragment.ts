/** The open fragment: where it lies in the ring, when it closes, and how it is closed. */
import { STATE_PAYLOAD_BYTES } from '../abi';
import {
  dropSide, sideAddress, sideBytesOf, sideCount, sideTicks, sideUsed,
} from '../audio/side-buffer';
import { hasAudio, hasVideo, nominalFrameMs } from '../config';
import {
  audioThatFits, BOX_HEADER, frontAddress, frontRoom, MAX_AUDIO_SAMPLES, writeFront,
} from '../fmp4/fragment';
import { FREE, MDAT } from '../fmp4/fourcc';
import { mediaTime, setMediaEnd, takeAudioTime } from '../fmp4/media-clock';
import {
  addSample, clearSamples, durationBefore, lastSampleTicks, MAX_VIDEO_SAMPLES, sampleBytes,
  sampleCount, setLastDuration,
} from '../fmp4/samples';
import { makeRoom, makeTableRoom } from '../gop/policy';
import { copyIn, freeBytes, setWritten, written, zeroIn } from '../gop/ring';
import { reservedAt } from '../gop/room';
import { addSliceAudio, addUnitFrame, beginUnit, setUnitDuration } from '../gop/tables';
import { storeU32 } from '../mem/copy';
import { isRandomAccess } from '../video/picture';
import { addF64 } from '../state';
import { OK } from '../status';
import { audioRate, FRAME_SAMPLES, frameTicks } from './audio-track';
import { endUnitAt, publish } from './publish';
import { lastInterval } from './timing';

/** A fragment closes when a frame arrives this long after its first. */
const FRAGMENT_MS: f64 = 500;
/** Frames more than the rate says, before a fragment has to close early. */
const SPARE_VIDEO: i32 = 3;
const SPARE_AUDIO: i32 = 5;

export let isFragmentOpen: bool = false;
let start: i64 = 0; // position of the fragment's first byte
let data: i64 = 0; // of its first sample
let videoRoom: i32 = 0; // samples that the reserved front has room for
let firstTicks: i64 = 0;
let firstPtsMs: f64 = 0;
let firstUtcMs: f64 = 0;
let startsWithSync: bool = false;
let sequence: u32 = 0;

export function resetFragments(): void {
  isFragmentOpen = false;
  sequence = 0;
  firstPtsMs = 0;
  firstUtcMs = 0;
  clearSamples();
}

// ── how much room ──────────────────────────────────────────────────────────────────────────────────────────────────────

function expectedVideo(): i32 {
  const seen = lastInterval();
  const interval = seen > 0 ? min<f64>(seen, nominalFrameMs()) : nominalFrameMs();
  return min<i32>(MAX_VIDEO_SAMPLES, max<i32>(4, <i32>(FRAGMENT_MS / interval) + SPARE_VIDEO));
}

function expectedAudio(): i32 {
  if (!hasAudio()) return 0;
  const rate = audioRate > 0 ? audioRate : 48000;
  return min<i32>(MAX_AUDIO_SAMPLES, rate / (2 * FRAME_SAMPLES) + SPARE_AUDIO);
}

/** Bytes in front of the first sample of a fragment that begins now. */
export function leadBytes(): i32 {
  return frontRoom(expectedVideo(), expectedAudio()) + BOX_HEADER;
}

/** Runs of the side buffer, from frame `first` on. */
function countRuns(): i32 {
  let runs: i32 = 0;
  for (let first: i32 = 0; first < sideCount; runs++) first += audioRun(first, sideCount);
  return runs;
}

/**
 * Most that closing can write behind the samples: audio, and audio-only fragments for what the open
 * one has no room for.
 */
export function closingBytes(): i32 {
  if (sideCount == 0) return 0;
  const runs = countRuns();
  if (isFragmentOpen && runs == 1 && sideCount <= audioRoom()) return sideUsed;
  return sideUsed + runs * (frontRoom(0, min<i32>(sideCount, MAX_AUDIO_SAMPLES)) + BOX_HEADER);
}

/** Audio samples that the open fragment's front has room for. */
function audioRoom(): i32 {
  return audioThatFits(<i32>(data - start) - BOX_HEADER, sampleCount);
}

/** A frame with this PTS closes the fragment. */
export function closesFragment(ptsMs: f64): bool {
  return isFragmentOpen && (ptsMs - firstPtsMs >= FRAGMENT_MS || sampleCount >= videoRoom);
}

/** The next frame will probably close it: its interval is the one before. */
export function willClose(): bool {
  return closesFragment(<f64>lastSampleTicks() / 90 + lastInterval());
}

// ── open, fill, close ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Begins a fragment at the end of what is written, with its first sample at position `at`. */
export function openFragment(at: i64, ticks: i64, ptsMs: f64, utcMs: f64): void {
  start = written;
  data = at;
  videoRoom = expectedVideo();
  firstTicks = ticks;
  firstPtsMs = ptsMs;
  firstUtcMs = utcMs;
  startsWithSync = isRandomAccess;
  clearSamples();
  beginUnit(start, ptsMs, utcMs, startsWithSync);
  isFragmentOpen = true;
}

/** A sample of `bytes` was written at position `at`. */
export function extendFragment(at: i64, bytes: i32, ticks: i64): void {
  addSample(ticks, bytes);
  addUnitFrame();
  setWritten(at + bytes);
}

/**
 * Frames of the side buffer from `first` on, below `limit`, that make one run: each follows the one
 * before.
 */
function audioRun(first: i32, limit: i32): i32 {
  const most = min<i32>(limit - first, MAX_AUDIO_SAMPLES);
  let frames: i32 = 0;
  while (frames < most) {
    const off = sideTicks(first + frames) - sideTicks(first) - frameTicks(frames);
    if (abs<i64>(off) >= frameTicks(1)) break;
    frames++;
  }
  return frames;
}

const BOX = memory.data(8, 8);

function putBoxHeader(position: i64, size: i32, type: u32): void {
  storeU32(BOX, size);
  storeU32(BOX + 4, type);
  copyIn(position, BOX, BOX_HEADER);
}

/**
 * Appends the audio run behind the video samples, and writes prft, moof, free and the header of
 * mdat in front.
 */
function finish(audioFrames: i32): void {
  const audioBytes = sideBytesOf(audioFrames);
  const audioTime = audioFrames > 0 ? takeAudioTime(sideTicks(0), audioFrames, audioRate) : 0;
  if (audioBytes > 0) copyIn(written, sideAddress(), audioBytes);
  const room = <i32>(data - start) - BOX_HEADER;
  const used = writeFront(room, ++sequence, mediaTime(firstTicks), startsWithSync, firstUtcMs, audioTime, audioFrames);
  copyIn(start, frontAddress(), used);
  zeroIn(start + used, room - used); // stale bytes of other frames have no place in a file
  putBoxHeader(start + used, room - used, FREE);
  putBoxHeader(data - BOX_HEADER, BOX_HEADER + sampleBytes + audioBytes, MDAT);
  setWritten(written + audioBytes);
  addF64(STATE_PAYLOAD_BYTES, <f64>(sampleBytes + audioBytes));
  addSliceAudio(audioFrames);
  dropSide(audioFrames);
  clearSamples();
  isFragmentOpen = false;
}

/**
 * As many of `frames` audio frames as the ring has room for; what is evicted for them was readable
 * before.
 */
function audioInRing(frames: i32): i32 {
  if (reservedAt == 0) makeRoom(sideBytesOf(frames));
  while (frames > 0 && sideBytesOf(frames) > freeBytes()) frames--;
  return frames;
}

/**
 * Duration of a last sample that no frame follows: the one before it, or what the camera's rate
 * says.
 */
function guessDuration(): i32 {
  const before = durationBefore();
  if (before > 0) return before;
  return <i32>((lastInterval() > 0 ? lastInterval() : nominalFrameMs()) * 90);
}

/**
 * Closes the open fragment. `nextTicks` is the time of the frame that follows, -1 when none does;
 * of the audio, the first `audioLimit` frames may go along.
 */
export function finishFragment(nextTicks: i64, audioLimit: i32): void {
  const last = lastSampleTicks();
  const duration = nextTicks > last ? <i32>(nextTicks - last) : guessDuration();
  setLastDuration(duration);
  setMediaEnd(last + duration);
  const spanMs = <f64>(last + duration - firstTicks) / 90;
  finish(audioInRing(min<i32>(audioRoom(), audioRun(0, audioLimit))));
  setUnitDuration(spanMs);
  endUnitAt(written, -1);
}

/** UTC of an audio-only fragment follows from a pair of times of the same stream. */
export function setAudioUtc(ptsMs: f64, utcMs: f64): void {
  firstPtsMs = ptsMs;
  firstUtcMs = utcMs;
}

/**
 * Fragments with nothing but audio, for the first `limit` frames: more of them than fit beside the
 * pictures, or no picture for long.
 */
export function writeAudioFragments(limit: i32): void {
  while (limit > 0) {
    const frames = audioRun(0, limit);
    const front = frontRoom(0, frames);
    const most = front + BOX_HEADER + sideBytesOf(frames);
    if (reservedAt != 0 ? most > freeBytes() : makeRoom(most) != OK || makeTableRoom() != OK) break;
    const ptsMs = <f64>sideTicks(0) / 90;
    start = written;
    data = written + front + BOX_HEADER;
    clearSamples();
    beginUnit(start, ptsMs, firstUtcMs + (ptsMs - firstPtsMs), !hasVideo());
    setWritten(data);
    finish(frames);
    setUnitDuration(<f64>frameTicks(frames) / 90);
    endUnitAt(written, -1);
    limit -= frames;
  }
  publish();
}
