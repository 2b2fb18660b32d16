/**
 * Transport stream of one program: which packets stand where. Everything is written behind
 * `written` and counts only when the channel commits it; undo() takes back the counters and clocks
 * of what was not.
 */
import { sideAddress, sideBytesOf, sideTicks } from '../audio/side-buffer';
import { hasVideo, isH265 } from '../config';
import { addressAt, written } from '../gop/ring';
import { storeU32 } from '../mem/copy';
import { setAddress, setCount, setKind, setLength, setsBytes } from '../nal/parameter-sets';
import { unitAt, unitCount, unitLength } from '../nal/unit-list';
import { OK, PICTURE_SETS_TOO_LARGE } from '../status';
import { bodyAt, keptApart, sliceAt } from '../video/access-unit';
import { broughtPps, broughtSps, isRandomAccess, SET_PPS } from '../video/picture';
import { pcrOf, ptsOf } from './clock';
import {
  AF_PCR, AF_RANDOM_ACCESS, AFC_FIELD, PACKET_BYTES, packetHeader, PAYLOAD_BYTES, PID_AUDIO,
  PID_VIDEO, writeField,
} from './packet';
import { advance, out, packets, PES_HEADER_BYTES, setOut, writePes, writePesHeader } from './pes';
import { STREAM_AAC, STREAM_H264, STREAM_H265, writePat, writePmt } from './psi';

/**
 * PCR at least this far apart; at 25 fps every picture carries one. The goal is 40 ms, the limit
 * 100. Spec: 13818-1 2.7.2
 */
const PCR_STEP: i64 = 2250; // 25 ms
const PCR_MAX: i64 = 9000; // 100 ms
const PSI_MAX: i64 = 45000; // 500 ms
const JITTER: i64 = 1800; // 20 ms: intervals of frames are not exact
/**
 * PCR packets that one gap between frames is filled with: 1 s of them. In a longer gap they stand
 * further apart.
 */
const FILL_MAX: i32 = 10;
const FILL_TABLES_MAX: i32 = 3;
/**
 * Packets that may stand in front of a picture: tables, then PCR packets with tables twice a second
 * among them.
 */
const FRONT_PACKETS: i32 = 2 + FILL_MAX + 2 * FILL_TABLES_MAX;

const AUD_BYTES: i32 = 7; // the longer one, of H.265
/** PES header, delimiter, parameter sets, and units that stood in front of them. */
const HEAD_BYTES: i32 = 4096;
const HEAD = memory.data(4096, 16);

let patCc: i32 = 0;
let pmtCc: i32 = 0;
let videoCc: i32 = 0;
let audioCc: i32 = 0;
let lastPcr: i64 = 0;
let lastPsi: i64 = 0;
let announceAudio: bool = false;
/** PMT of the slice's header: patched when audio is accepted while the header still waits. */
let headerPmt: usize = 0;
let headerPmtCc: i32 = 0;

// what undo() goes back to
let keptPat: i32 = 0;
let keptPmt: i32 = 0;
let keptVideo: i32 = 0;
let keptAudio: i32 = 0;
let keptPcr: i64 = 0;
let keptPsi: i64 = 0;

export function openTs(): void {
  patCc = 0;
  pmtCc = 0;
  videoCc = 0;
  audioCc = 0;
  announceAudio = false;
}

/** Starts a run of packets at the end of what is finished. */
export function beginPackets(): void {
  setOut(addressAt(written));
  keptPat = patCc;
  keptPmt = pmtCc;
  keptVideo = videoCc;
  keptAudio = audioCc;
  keptPcr = lastPcr;
  keptPsi = lastPsi;
}

export function undoPackets(): void {
  patCc = keptPat;
  pmtCc = keptPmt;
  videoCc = keptVideo;
  audioCc = keptAudio;
  lastPcr = keptPcr;
  lastPsi = keptPsi;
}

/** Bytes of the run. */
export function packetBytes(): i32 {
  return packets * PACKET_BYTES;
}

function packetsFor(bytes: i32): i32 {
  return (bytes + PAYLOAD_BYTES - 1) / PAYLOAD_BYTES;
}

/** Most that a picture of `length` bytes can become, with tables and PCR packets in front of it. */
export function pictureBytesMost(length: i32): i32 {
  const head = PES_HEADER_BYTES + AUD_BYTES + setsBytes() + 8; // PCR
  return (FRONT_PACKETS + packetsFor(head + length) + 1) * PACKET_BYTES;
}

/** Most that a PES packet with `bytes` of audio can become, tables and PCR packets included. */
export function audioBytesMost(bytes: i32): i32 {
  return (packetsFor(PES_HEADER_BYTES + bytes) + 1) * PACKET_BYTES;
}

/** Most that fillClock() can write. */
export function frontBytesMost(): i32 {
  return FRONT_PACKETS * PACKET_BYTES;
}

function writePsi(ticks: i64): void {
  writePat(out, patCc);
  patCc = (patCc + 1) & 15;
  advance();
  headerPmt = out;
  headerPmtCc = pmtCc;
  writeProgramMap(out, pmtCc);
  pmtCc = (pmtCc + 1) & 15;
  advance();
  lastPsi = ticks;
}

function writeProgramMap(at: usize, cc: i32): void {
  const video = !hasVideo() ? 0 : isH265() ? STREAM_H265 : STREAM_H264;
  writePmt(at, cc, video, announceAudio ? STREAM_AAC : 0);
}

/** Tables in front of an IDR. */
export function writeTables(ticks: i64): void {
  writePsi(ticks);
}

/** The header of a slice. */
export function writeHeader(ticks: i64, audio: bool): void {
  announceAudio = audio;
  lastPcr = ticks - PCR_MAX; // the first picture carries a PCR
  writePsi(ticks);
}

/** Audio was accepted while the header still waits: one packet is written anew. */
export function announceAudioInHeader(): void {
  announceAudio = true;
  writeProgramMap(headerPmt, headerPmtCc);
}

/**
 * A packet with nothing but a PCR; its counter is that of the packet before. Spec: 13818-1 2.4.3.3
 */
function writePcrPacket(ticks: i64): void {
  const pid = hasVideo() ? PID_VIDEO : PID_AUDIO;
  const cc = ((hasVideo() ? videoCc : audioCc) - 1) & 15;
  store<u32>(out, packetHeader(pid, false, AFC_FIELD, cc));
  writeField(out + 4, PAYLOAD_BYTES, AF_PCR, pcrOf(ticks));
  advance();
}

/**
 * Tables and PCR packets that are due before something with this time is written; `nextTicks` is
 * when the next chance comes.
 */
export function fillClock(ticks: i64, nextTicks: i64): void {
  const gap = ticks - lastPcr;
  if (gap > PCR_MAX) {
    const count = min<i32>(<i32>((gap - 1) / PCR_MAX), FILL_MAX);
    const from = lastPcr;
    let tables: i32 = 0;
    for (let i: i32 = 1; i <= count; i++) {
      lastPcr = from + (gap * i) / (count + 1);
      writePcrPacket(lastPcr);
      if (lastPcr - lastPsi > PSI_MAX - PCR_MAX - JITTER && tables++ < FILL_TABLES_MAX) writePsi(lastPcr);
    }
  }
  if (nextTicks - lastPsi > PSI_MAX - JITTER && lastPsi != ticks) writePsi(ticks);
}

/** Flags of the first packet of something with this time on the PID that carries PCR. */
function clockFlags(ticks: i64): i32 {
  if (ticks - lastPcr < PCR_STEP) return 0;
  lastPcr = ticks;
  return AF_PCR;
}

// ── video ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * access_unit_delimiter_rbsp: all slices I in an IDR, I and P else. Spec: H.264 7.3.2.4, Table 7-5;
 * H.265 7.3.2.5, Table 7-2
 */
function writeAud(at: usize): i32 {
  storeU32(at, 1); // zero_byte, start_code_prefix
  // primary_pic_type or pic_type(3), rbsp_trailing_bits
  const type: u8 = isRandomAccess ? 0x10 : 0x30;
  if (isH265()) {
    store<u16>(at, 0x0146, 4); // nal_unit_header: type 35, layer 0, temporal id 0
    store<u8>(at, type, 6);
    return 7;
  }
  store<u8>(at, 9, 4); // nal_ref_idc 0, type 9
  store<u8>(at, type, 5);
  return 6;
}

/** Puts a unit with a 4-byte start code into the head; the new length, or -1 when it is full. */
function addToHead(length: i32, unit: usize, bytes: i32): i32 {
  if (length + 4 + bytes > HEAD_BYTES) return -1;
  storeU32(HEAD + length, 1);
  memory.copy(HEAD + length + 4, unit, bytes);
  return length + 4 + bytes;
}

/**
 * Delimiter, parameter sets (VPS, SPS, PPS: decoders of H.265 in TS insist on the order), units
 * that stood apart.
 */
function writeHead(): i32 {
  let length = PES_HEADER_BYTES;
  length += writeAud(HEAD + length);
  if (isRandomAccess || broughtSps || broughtPps) {
    for (let kind: i32 = 0; kind <= SET_PPS; kind++)
      for (let index: i32 = 0; index < setCount() && length > 0; index++)
        if (setKind(index) == kind) length = addToHead(length, setAddress(index), setLength(index));
  }
  if (keptApart && length > 0) {
    for (let index: i32 = 0; index < unitCount && length > 0; index++)
      if (unitAt(index) < bodyAt) length = addToHead(length, unitAt(index), unitLength(index));
  }
  return length;
}

/**
 * One access unit as one PES packet. The picture's units are those that openAccessUnit() found;
 * `end` is behind its last byte.
 */
export function writePicture(end: usize, ticks: i64): i32 {
  const headBytes = writeHead();
  if (headBytes < 0) return PICTURE_SETS_TOO_LARGE;
  const bodyBytes = <i32>(end - bodyAt);
  writePesHeader(HEAD, true, headBytes - PES_HEADER_BYTES + bodyBytes, ptsOf(ticks));
  const flags = clockFlags(ticks) | (isRandomAccess ? AF_RANDOM_ACCESS : 0);
  const cc = writePes(PID_VIDEO, videoCc, HEAD, headBytes, bodyAt, bodyBytes, flags, pcrOf(ticks), sliceAt);
  if (cc < 0) return cc;
  videoCc = cc;
  return OK;
}

// ── audio ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The first `frames` of the side buffer as one PES packet. The caller takes them out. */
export function writeAudio(frames: i32): void {
  const bytes = sideBytesOf(frames);
  const ticks = sideTicks(0);
  writePesHeader(HEAD, false, bytes, ptsOf(ticks));
  const flags = hasVideo() ? 0 : clockFlags(ticks) | AF_RANDOM_ACCESS;
  audioCc = writePes(PID_AUDIO, audioCc, HEAD, PES_HEADER_BYTES, sideAddress(), bytes, flags, pcrOf(ticks), 0);
}
