// Exact bits of a band of quantised lines in every codebook that can hold it.

import { bookLength } from './huffman';
import { escapePairBits } from './quantize';
import { pairBits12, pairBits7, quadBits2 } from './state';

/** Entry for a codebook that cannot hold the band. */
export const IMPOSSIBLE: u16 = 0xffff;

/** Writes u16[14] at `out`, by codebook. Codebook 0 is not for a band that has a scale factor, even if all rounds to zero. */
export function bandBits(at: usize, lines: i32, largest: i32, out: usize): void {
  for (let book = 0; book < 14; book++) store<u16>(out + (<usize>book << 1), IMPOSSIBLE);
  const end = at + (<usize>lines << 1);
  if (largest <= 1) quads1(at, end, out);
  if (largest <= 2) quads2(at, end, out);
  if (largest <= 4) pairs4(at, end, out);
  if (largest <= 7) pairs(at, end, pairBits7, out + 14);
  if (largest <= 12) pairs(at, end, pairBits12, out + 18);
  escapes(at, end, out);
}

/** Leaves one codebook, at no bits: 0 for a band of zeros, 13 for noise. */
export function onlyBook(out: usize, book: i32): void {
  for (let other = 0; other < 14; other++) store<u16>(out + (<usize>other << 1), other == book ? 0 : IMPOSSIBLE);
}

function quads1(at: usize, end: usize, out: usize): void {
  let first = 0, second = 0;
  for (; at < end; at += 8) {
    const entry = 27 * <i32>load<i16>(at) + 9 * <i32>load<i16>(at, 2) + 3 * <i32>load<i16>(at, 4) + <i32>load<i16>(at, 6) + 40;
    first += bookLength(1, entry);
    second += bookLength(2, entry);
  }
  store<u16>(out, <u16>first, 2);
  store<u16>(out, <u16>second, 4);
}

function quads2(at: usize, end: usize, out: usize): void {
  let bits: u32 = 0;
  for (; at < end; at += 8) {
    const a = abs<i32>(load<i16>(at)), b = abs<i32>(load<i16>(at, 2)), c = abs<i32>(load<i16>(at, 4)), d = abs<i32>(load<i16>(at, 6));
    const index = two(a) | (two(b) << 1) | (two(c) << 2) | (two(d) << 3);
    bits += load<u32>(quadBits2 + (<usize>index << 2));
  }
  store<u16>(out, <u16>bits, 6);
  store<u16>(out, <u16>(bits >> 16), 8);
}

/** Bit 0: not zero; bit 4: two. */
// @ts-ignore: decorator
@inline
function two(q: i32): i32 {
  return <i32>(q > 0) | (<i32>(q > 1) << 4);
}

function pairs4(at: usize, end: usize, out: usize): void {
  let first = 0, second = 0;
  for (; at < end; at += 4) {
    const entry = 9 * <i32>load<i16>(at) + <i32>load<i16>(at, 2) + 40;
    first += bookLength(5, entry);
    second += bookLength(6, entry);
  }
  store<u16>(out, <u16>first, 10);
  store<u16>(out, <u16>second, 12);
}

function pairs(at: usize, end: usize, table: usize, out: usize): void {
  let bits: u32 = 0;
  for (; at < end; at += 4)
    bits += load<u32>(table + (<usize>(16 * abs<i32>(load<i16>(at)) + abs<i32>(load<i16>(at, 2))) << 2));
  store<u16>(out, <u16>bits);
  store<u16>(out, <u16>(bits >> 16), 2);
}

function escapes(at: usize, end: usize, out: usize): void {
  let bits = 0;
  for (; at < end; at += 4) {
    const y = abs<i32>(load<i16>(at)), z = abs<i32>(load<i16>(at, 2));
    bits += escapePairBits(y, z);
  }
  store<u16>(out, <u16>bits, 22);
}
