/** PES packets into transport packets. Spec: 13818-1 2.4.3.6, 2.4.3.7 */
import { ringBase, ringEnd } from '../gop/ring';
import { copyForward, storeU16, storeU32 } from '../mem/copy';
import { nextStartCode } from '../nal/start-code';
import { OK } from '../status';
import { continuePicture } from '../video/access-unit';
import {
  AFC_BOTH, AFC_PAYLOAD, fieldBytes, PACKET_BYTES, packetHeader, PAYLOAD_BYTES, writeField,
} from './packet';
import { copyPayloads, payloadCc, payloadFrom, payloadTo } from './payload';

export const PES_HEADER_BYTES: i32 = 14; // with PTS alone
const STREAM_ID_VIDEO: i32 = 0xe0;
const STREAM_ID_AUDIO: i32 = 0xc0;

/** Next packet in the ring; a muxing function moves it and the channel commits the distance. */
export let out: usize = 0;
/** Packets since setOut(). */
export let packets: i32 = 0;

export function setOut(at: usize): void {
  out = at;
  packets = 0;
}

/** Ends a packet: the ring's size is a multiple of 188, so a packet never straddles its end. */
// @ts-ignore: decorator
@inline
export function advance(): void {
  packets++;
  out += PACKET_BYTES;
  if (out == ringEnd) out = ringBase;
}

/**
 * A PES header with PTS; `payload` bytes follow it. An unbounded length of 0 is allowed for video.
 */
export function writePesHeader(at: usize, video: bool, payload: i32, pts: i64): void {
  // packet_start_code_prefix, stream_id
  storeU32(at, 0x100 | (video ? STREAM_ID_VIDEO : STREAM_ID_AUDIO));
  const length = payload + PES_HEADER_BYTES - 6;
  storeU16(at + 4, length <= 0xffff ? length : 0); // PES_packet_length
  // '10', PES_scrambling_control, PES_priority, data_alignment_indicator = 1, copyright,
  // original_or_copy
  store<u8>(at, 0x84, 6);
  // PTS_DTS_flags = '10', ESCR, ES_rate, trick mode, copy info, CRC, extension
  store<u8>(at, 0x80, 7);
  store<u8>(at, 5, 8); // PES_header_data_length
  store<u8>(at, <u8>(0x21 | ((pts >> 29) & 0x0e)), 9); // '0010', PTS[32..30], marker
  storeU16(at + 10, <u32>((pts >> 14) & 0xfffe) | 1); // PTS[29..15], marker
  storeU16(at + 12, <u32>((pts << 1) & 0xfffe) | 1); // PTS[14..0], marker
}

// the PES being written: bytes of its head (PES header and small parts, in a scratch), then its
// body
let headAt: usize = 0;
let headLeft: i32 = 0;
let bodyFrom: usize = 0;
let bodyEnd: usize = 0;
let lookFrom: usize = 0; // start codes from here on are looked at
let looking: bool = false;

/** Reports every NAL unit that begins in the body's bytes [from, to) to the codec. */
function look(from: usize, to: usize): i32 {
  let p = max<usize>(from, lookFrom);
  const stop = min<usize>(to + 2, bodyEnd); // a code may begin at the last byte
  while (p < stop) {
    const code = nextStartCode(p, stop);
    if (code == stop) return OK;
    const status = continuePicture(code + 3, bodyEnd);
    if (status != OK) return status;
    p = code + 3;
  }
  return OK;
}

/**
 * One packet that is not a whole payload of body bytes: the first, those with head bytes, the last.
 */
function writeMixedPacket(pid: i32, start: bool, cc: i32, flags: i32, pcrBase: i64): i32 {
  const left = headLeft + <i32>(bodyEnd - bodyFrom);
  const field = max<i32>(fieldBytes(flags), PAYLOAD_BYTES - left);
  store<u32>(out, packetHeader(pid, start, field > 0 ? AFC_BOTH : AFC_PAYLOAD, cc));
  let at = out + 4;
  if (field > 0) {
    writeField(at, field, flags, pcrBase);
    at += field;
  }
  let room = PAYLOAD_BYTES - field;
  const fromHead = min<i32>(room, headLeft);
  if (fromHead > 0) {
    copyForward(at, headAt, fromHead);
    headAt += fromHead;
    headLeft -= fromHead;
    at += fromHead;
    room -= fromHead;
  }
  if (room > 0) {
    const from = bodyFrom;
    bodyFrom += room;
    if (looking) {
      const status = look(from, bodyFrom);
      if (status != OK) return status;
    }
    copyForward(at, from, room);
  }
  advance();
  return OK;
}

/**
 * Writes one PES packet: head then body, first packet with the given adaptation field flags. With
 * `lookAt` != 0 the body's NAL units from there on are shown to the codec, and its refusal ends the
 * writing. Returns the next continuity counter or a negative status.
 */
export function writePes(
  pid: i32, cc: i32, head: usize, headBytes: i32, body: usize, bodyBytes: i32, flags: i32, pcrBase:
  i64, lookAt: usize,
): i32 {
  headAt = head;
  headLeft = headBytes;
  bodyFrom = body;
  bodyEnd = body + bodyBytes;
  looking = lookAt != 0;
  lookFrom = lookAt;
  let start = true;
  const header = packetHeader(pid, false, AFC_PAYLOAD, 0);
  while (headLeft > 0 || bodyFrom < bodyEnd) {
    if (!start && headLeft == 0 && bodyFrom + (PAYLOAD_BYTES + 1) <= bodyEnd) {
      const first = bodyFrom;
      const dirty = copyPayloads(bodyFrom, bodyEnd, out, ringEnd, header, cc);
      packets += <i32>((payloadTo - out) / PACKET_BYTES);
      out = payloadTo == ringEnd ? ringBase : payloadTo;
      bodyFrom = payloadFrom;
      cc = payloadCc;
      if (dirty && looking) {
        // an earlier packet cannot hold the beginning of a code: it would have stopped the loop
        const status = look(max<usize>(first, bodyFrom - PAYLOAD_BYTES), bodyFrom);
        if (status != OK) return status;
      }
    } else {
      const status = writeMixedPacket(pid, start, cc, start ? flags : 0, pcrBase);
      if (status != OK) return status;
      cc = (cc + 1) & 15;
      start = false;
    }
  }
  return cc;
}
