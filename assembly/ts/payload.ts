/**
 * The hot loop: whole packets of 184 payload bytes. Each vector of the input is loaded once to be
 * stored and once a byte further to be tested, in one pass; a packet in which two zero bytes stand
 * in a row is then looked at exactly. The loop stops behind such a packet.
 *
 * In place: the packet being written lies wholly below the bytes still to be read (gop/room.ts
 * keeps that distance), so order of loads and stores does not matter.
 */
import { PACKET_BYTES, PAYLOAD_BYTES } from './packet';

/** Bytes behind the payload that the shifted loads read. */
const READ_AHEAD: i32 = 1;

// where the last call of copyPayloads() stopped
export let payloadFrom: usize = 0; // first byte not copied
export let payloadTo: usize = 0; // next packet, not yet wrapped
export let payloadCc: i32 = 0;

/** v and the bytes one further: a zero byte in the result is a pair of zero bytes. */
// @ts-ignore: decorator
@inline
function pairs(from: usize, v: v128, offset: usize): v128 {
  return v128.or(v, v128.load(from + offset + 1));
}

/** Copies one payload; false when it (or it and the byte behind) holds two zero bytes in a row. */
// @ts-ignore: decorator
@inline
function copyPayload(to: usize, from: usize): bool {
  let v = v128.load(from);
  v128.store(to, v, 4);
  let least = pairs(from, v, 0);
  v = v128.load(from, 16);
  v128.store(to, v, 20);
  let least2 = pairs(from, v, 16);
  v = v128.load(from, 32);
  v128.store(to, v, 36);
  least = i8x16.min_u(least, pairs(from, v, 32));
  v = v128.load(from, 48);
  v128.store(to, v, 52);
  least2 = i8x16.min_u(least2, pairs(from, v, 48));
  v = v128.load(from, 64);
  v128.store(to, v, 68);
  least = i8x16.min_u(least, pairs(from, v, 64));
  v = v128.load(from, 80);
  v128.store(to, v, 84);
  least2 = i8x16.min_u(least2, pairs(from, v, 80));
  v = v128.load(from, 96);
  v128.store(to, v, 100);
  least = i8x16.min_u(least, pairs(from, v, 96));
  v = v128.load(from, 112);
  v128.store(to, v, 116);
  least2 = i8x16.min_u(least2, pairs(from, v, 112));
  v = v128.load(from, 128);
  v128.store(to, v, 132);
  least = i8x16.min_u(least, pairs(from, v, 128));
  v = v128.load(from, 144);
  v128.store(to, v, 148);
  least2 = i8x16.min_u(least2, pairs(from, v, 144));
  v = v128.load(from, 160);
  v128.store(to, v, 164);
  least = i8x16.min_u(least, pairs(from, v, 160));
  v = v128.load(from, 168); // 184 = 11.5 vectors: the last one overlaps
  v128.store(to, v, 172);
  least2 = i8x16.min_u(least2, pairs(from, v, 168));
  return i8x16.all_true(i8x16.min_u(least, least2));
}

/** A zero byte is among the eight. */
// @ts-ignore: decorator
@inline
function hasZero(word: u64): bool {
  return ((word - 0x0101010101010101) & ~word & 0x8080808080808080) != 0;
}

/** One plain payload: the same bytes and the same answer. */
function copyPayloadScalar(to: usize, from: usize): bool {
  let clean = true;
  for (let i: usize = 0; i < 184; i += 8) {
    const word = load<u64>(from + i);
    store<u64>(to + i, word, 4);
    if (hasZero(word | load<u64>(from + i, 1))) clean = false;
  }
  return clean;
}

/**
 * Writes packets with header `header` (counter excluded) while 184 bytes and the read-ahead lie
 * before `end`, up to the ring's end. Returns true when the last packet written needs a look.
 */
export function copyPayloads(
  from: usize, end: usize, to: usize, toEnd: usize, header: u32, cc: i32,
): bool {
  const lastFrom = end - (PAYLOAD_BYTES + READ_AHEAD);
  let counter: u32 = cc << 24;
  let clean = true;
  while (clean && from <= lastFrom && to < toEnd) {
    store<u32>(to, header | counter);
    counter = (counter + 0x1000000) & 0xf000000;
    if (ASC_FEATURE_SIMD) clean = copyPayload(to, from);
    else clean = copyPayloadScalar(to, from);
    from += PAYLOAD_BYTES;
    to += PACKET_BYTES;
  }
  payloadFrom = from;
  payloadTo = to;
  payloadCc = counter >> 24;
  return !clean;
}
