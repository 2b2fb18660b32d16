/** An audio push: one or more ADTS frames, or 1024 samples per channel for the encoder. */
import {
  STATE_AUDIO_DROPPED, STATE_AUDIO_EARLY, STATE_AUDIO_FRAMES, STATE_BYTES_IN, STATE_LAST_PTS_MS,
  STATE_LAST_UTC_MS, STATE_VIDEO_FRAMES,
} from '../abi';
import {
  ADTS_HEADER_BYTES, adtsChannels, adtsHeaderLength, adtsLength, adtsRate, parseAdts,
} from '../audio/adts';
import { addSide, dropSide, sideCount, sideHasRoom, sideNext } from '../audio/side-buffer';
import { hasAudio, hasVideo, isTs, transcodes } from '../config';
import { reservedAt } from '../gop/room';
import { openSlice } from '../gop/tables';
import { addF64, count, getF64, getI32 } from '../state';
import {
  AUDIO_CHANNELS, AUDIO_EMPTY, AUDIO_LENGTH, AUDIO_NOT_CONFIGURED, AUDIO_RATE, AUDIO_STEP_BACK,
  CONFIG_NOT_OPEN, NOTICE_AUDIO_EARLY, NOTICE_AUDIO_WAITS, OK, RING_ADDRESS, RING_FULL,
  TIME_AV_DISTANCE, TIME_RANGE,
} from '../status';
import { ticksOf } from '../ts/clock';
import { audioAloneArrived } from './audio-alone';
import {
  audioChannels, audioRate, audioTicksAt, fixAudioFormat, lastAudioTicks, setLastAudio,
} from './audio-track';
import { audioAnnounced, isOpen, oldestAudioTicks } from './channel';
import { isInMemory } from './push-video';
import { countRefusal } from './refusals';
import { AV_DISTANCE_MS, isPlausibleTime } from './timing';
import { audioArrived, flushWaiting } from './slices';
import {
  blockBytes, drainEncoder, encodeBlock, ENCODED_MAX, encodedBytes, encodedTicks,
} from './transcoder';
import { flushTsAudioWhenDue } from './ts-channel';

/** Checks every frame of the push before the first is taken; returns their number or a status. */
function countAdtsFrames(at: usize, length: i32): i32 {
  let frames: i32 = 0;
  let done: i32 = 0;
  while (done < length) {
    const status = parseAdts(at + done, length - done);
    if (status != OK) return status;
    fixAudioFormat(adtsRate, adtsChannels);
    if (adtsRate != audioRate) return AUDIO_RATE;
    if (adtsChannels != audioChannels) return AUDIO_CHANNELS;
    done += adtsLength;
    frames++;
  }
  return frames;
}

function checkArguments(at: usize, length: i32, ptsMs: f64, utcMs: f64): i32 {
  if (!isOpen) return CONFIG_NOT_OPEN;
  if (!hasAudio()) return AUDIO_NOT_CONFIGURED;
  if (length <= 0) return AUDIO_EMPTY;
  if (!isInMemory(at, length)) return RING_ADDRESS;
  if (!isPlausibleTime(ptsMs) || !isPlausibleTime(utcMs)) return TIME_RANGE;
  const seen = getI32(STATE_VIDEO_FRAMES) > 0;
  return seen && abs<f64>(ptsMs - getF64(STATE_LAST_PTS_MS)) > AV_DISTANCE_MS ? TIME_AV_DISTANCE : OK;
}

/**
 * Makes room in the side buffer: by writing what is in it, or, while nobody takes from it, by
 * dropping what waits longest.
 */
function makeSideRoom(length: i32): i32 {
  while (!sideHasRoom(length)) {
    if (sideCount == 0) return AUDIO_LENGTH;
    if (openSlice != 0 && reservedAt == 0 && flushWaiting() == OK && sideHasRoom(length)) break;
    if (openSlice != 0 && audioAnnounced) return RING_FULL;
    count(STATE_AUDIO_DROPPED);
    dropSide(1);
  }
  return OK;
}

/** One AAC frame into the side buffer: with its ADTS header for TS, without for fMP4. */
function takeFrame(at: usize, length: i32, ticks: i64, utcMs: f64): i32 {
  if (ticks <= lastAudioTicks) return AUDIO_STEP_BACK;
  if (openSlice != 0 && ticks < oldestAudioTicks) {
    setLastAudio(ticks);
    count(STATE_AUDIO_EARLY);
    return NOTICE_AUDIO_EARLY;
  }
  const room = makeSideRoom(length);
  if (room != OK) return room;
  if (at != sideNext()) memory.copy(sideNext(), at, length);
  addSide(ticks, length);
  setLastAudio(ticks);
  count(STATE_AUDIO_FRAMES);
  if (!hasVideo()) return audioAloneArrived(ticks, utcMs);
  if (openSlice == 0) return NOTICE_AUDIO_WAITS;
  audioArrived();
  return isTs() ? flushTsAudioWhenDue() : OK;
}

/** The access unit that the encoder wrote behind the side buffer's frames. */
function takeEncoded(utcMs: f64): i32 {
  if (encodedTicks < 0) {
    count(STATE_AUDIO_EARLY); // priming of a stream that starts at 0
    return NOTICE_AUDIO_EARLY;
  }
  return takeFrame(sideNext(), encodedBytes, encodedTicks, utcMs);
}

/**
 * 1024 samples per channel through the encoder, which writes where the side buffer's next frame
 * goes.
 */
function acceptSamples(at: usize, length: i32, ptsMs: f64, utcMs: f64): i32 {
  if (length != blockBytes()) return AUDIO_LENGTH;
  const ticks = ticksOf(ptsMs);
  if (ticks <= lastBlockTicks) return AUDIO_STEP_BACK;
  const room = makeSideRoom(ENCODED_MAX);
  if (room != OK) return room;
  lastBlockTicks = ticks;
  // although it is still in the encoder
  if (hasVideo() && openSlice != 0 && ticks >= oldestAudioTicks) audioArrived();
  return encodeBlock(at, ticks, sideNext()) ? takeEncoded(utcMs) : OK;
}

/** At a stop: what the encoder holds joins the side buffer. */
export function drainAudio(): void {
  lastBlockTicks = -1;
  if (!transcodes()) return;
  while (makeSideRoom(ENCODED_MAX) == OK && drainEncoder(sideNext())) takeEncoded(getF64(STATE_LAST_UTC_MS));
}

let lastBlockTicks: i64 = -1;

export function openAudio(): void {
  lastBlockTicks = -1;
}

function accept(at: usize, length: i32, ptsMs: f64, utcMs: f64): i32 {
  const ok = checkArguments(at, length, ptsMs, utcMs);
  if (ok != OK) return ok;
  if (transcodes()) return acceptSamples(at, length, ptsMs, utcMs);
  const frames = countAdtsFrames(at, length);
  if (frames < 0) return frames;
  let result = OK;
  for (let index: i32 = 0; index < frames; index++) {
    parseAdts(at, length);
    const strip = isTs() ? 0 : adtsHeaderLength;
    const bytes = adtsLength;
    const status = takeFrame(at + strip, bytes - strip, audioTicksAt(ptsMs, index), utcMs);
    if (status < 0) return status;
    if (status > 0) result = status;
    at += bytes;
    length -= bytes;
  }
  return result;
}

export function pushAudio(at: usize, length: i32, ptsMs: f64, utcMs: f64, seq: i32): i32 {
  const status = accept(at, length, ptsMs, utcMs);
  if (status < 0) countRefusal(status);
  else addF64(STATE_BYTES_IN, <f64>length);
  return status;
}
