// Code word lengths, sign bits included, of the two codebooks of one class side by side: the low half of an entry is the
// first book's, the high half the second's, so that one addition counts both.
// Signed books (1, 2, 5, 6) stand with the mean over the signs; the exact count comes from band-bits.ts.

import { bookLength, ESCAPE_BOOK } from './huffman';
import { pairBits12, pairBits15, pairBits4, pairBits7, quadBits1, quadBits2 } from './state';

export function bitTablesInit(): void {
  // quads: bit i of the index is set where line i has magnitude >= 1; for 0..2, bits 4..7 where it is 2
  for (let index = 0; index < 16; index++) {
    const a = index & 1, b = (index >> 1) & 1, c = (index >> 2) & 1, d = index >> 3;
    let first = 0, second = 0;
    for (let signs = 0; signs < 16; signs++) {
      const entry = 40 + 27 * signed(a, signs) + 9 * signed(b, signs >> 1) + 3 * signed(c, signs >> 2) + signed(d, signs >> 3);
      first += bookLength(1, entry);
      second += bookLength(2, entry);
    }
    setPair(quadBits1, index, (first + 8) >> 4, (second + 8) >> 4);
  }
  for (let index = 0; index < 256; index++) {
    const ones = index & 15, twos = index >> 4;
    if ((twos & ones) != twos) continue; // cannot be
    let entry = 0;
    for (let i = 0; i < 4; i++) entry = 3 * entry + ((ones >> i) & 1) + ((twos >> i) & 1);
    const signs = popcnt(ones);
    setPair(quadBits2, index, bookLength(3, entry) + signs, bookLength(4, entry) + signs);
  }
  for (let y = 0; y < 16; y++) {
    for (let z = 0; z < 16; z++) {
      const index = 16 * y + z;
      const signs = (y > 0 ? 1 : 0) + (z > 0 ? 1 : 0);
      if (y < 5 && z < 5) setPair(pairBits4, index, bookLength(5, 9 * y + z + 40), bookLength(6, 9 * y + z + 40));
      if (y < 8 && z < 8) setPair(pairBits7, index, bookLength(7, 8 * y + z) + signs, bookLength(8, 8 * y + z) + signs);
      if (y < 13 && z < 13) setPair(pairBits12, index, bookLength(9, 13 * y + z) + signs, bookLength(10, 13 * y + z) + signs);
      setPair(pairBits15, index, bookLength(ESCAPE_BOOK, 17 * y + z) + signs, bookLength(ESCAPE_BOOK, 17 * y + z) + signs);
    }
  }
}

// @ts-ignore: decorator
@inline
function signed(value: i32, sign: i32): i32 {
  return (sign & 1) != 0 ? -value : value;
}

// @ts-ignore: decorator
@inline
function setPair(table: usize, index: i32, first: i32, second: i32): void {
  store<u32>(table + (<usize>index << 2), first | (second << 16));
}
