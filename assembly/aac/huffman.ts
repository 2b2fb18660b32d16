// Spectrum codebooks: what a code word costs, and writing it. Spec: 14496-3 4.6.3.3
// The eleven books come in pairs of the same largest value: (1,2) quads of -1..1, (3,4) quads of 0..2, (5,6) pairs of
// -4..4, (7,8) pairs of 0..7, (9,10) pairs of 0..12, and 11, pairs of 0..16 where 16 is an escape.

import { BOOK_CODE, BOOK_LENGTH, BOOK_START, SCALE_FACTOR_CODE, SCALE_FACTOR_LENGTH } from './tables-huffman';
import { put } from './bitstream';

export const ESCAPE_BOOK = 11;
export const NOISE_BOOK = 13;
/** Largest quantised magnitude. Spec: 14496-3 4.6.1.2 */
export const QUANT_MAX = 8191;
export const ESCAPE_VALUE = 16;
export const SCALE_FACTOR_DELTA_MAX = 60;

// @ts-ignore: decorator
@inline
export function bookLength(book: i32, index: i32): i32 {
  return load<u8>(BOOK_LENGTH + load<u16>(BOOK_START + (<usize>(book - 1) << 1)) + index);
}

// @ts-ignore: decorator
@inline
function putCode(book: i32, index: i32): void {
  const entry = <usize>load<u16>(BOOK_START + (<usize>(book - 1) << 1)) + index;
  put(load<u16>(BOOK_CODE + (entry << 1)), load<u8>(BOOK_LENGTH + entry));
}

// @ts-ignore: decorator
@inline
export function scaleFactorBits(delta: i32): i32 {
  return load<u8>(SCALE_FACTOR_LENGTH + delta + SCALE_FACTOR_DELTA_MAX);
}

export function putScaleFactorDelta(delta: i32): void {
  const index = delta + SCALE_FACTOR_DELTA_MAX;
  put(load<u32>(SCALE_FACTOR_CODE + (<usize>index << 2)), load<u8>(SCALE_FACTOR_LENGTH + index));
}

/** Bits of an escape sequence after the code word: a prefix of ones, a zero, the value without its leading one. */
// @ts-ignore: decorator
@inline
export function escapeBits(magnitude: i32): i32 {
  return 2 * (31 - clz(magnitude)) - 3;
}

function putEscape(magnitude: i32): void {
  const width = 31 - clz(magnitude);
  put((1 << (width - 3)) - 2, width - 3);
  put(magnitude & ((1 << width) - 1), width);
}

/** Quantised lines (i16) of one band. */
export function putBand(book: i32, at: usize, lines: i32): void {
  const end = at + (<usize>lines << 1);
  if (book <= 4) for (; at < end; at += 8) putQuad(book, load<i16>(at), load<i16>(at, 2), load<i16>(at, 4), load<i16>(at, 6));
  else for (; at < end; at += 4) putPair(book, load<i16>(at), load<i16>(at, 2));
}

function putQuad(book: i32, w: i32, x: i32, y: i32, z: i32): void {
  if (book <= 2) {
    putCode(book, 27 * w + 9 * x + 3 * y + z + 40);
    return;
  }
  putCode(book, 27 * abs(w) + 9 * abs(x) + 3 * abs(y) + abs(z));
  putSign(w);
  putSign(x);
  putSign(y);
  putSign(z);
}

function putPair(book: i32, y: i32, z: i32): void {
  if (book <= 6) {
    putCode(book, 9 * y + z + 40);
    return;
  }
  const a = abs(y), b = abs(z);
  if (book < ESCAPE_BOOK) putCode(book, (book <= 8 ? 8 : 13) * a + b);
  else putCode(book, 17 * min(a, ESCAPE_VALUE) + min(b, ESCAPE_VALUE));
  putSign(y);
  putSign(z);
  if (book < ESCAPE_BOOK) return;
  if (a >= ESCAPE_VALUE) putEscape(a);
  if (b >= ESCAPE_VALUE) putEscape(b);
}

// @ts-ignore: decorator
@inline
function putSign(value: i32): void {
  if (value != 0) put(<u32>value >> 31, 1);
}
