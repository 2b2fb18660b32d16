// Codebook of every band: the cheapest way through all bands, a change of codebook costing a section header.
// Spec: 14496-3 4.6.3.2 (section_data)

import { EIGHT_SHORT } from './frame';
import { IMPOSSIBLE } from './band-bits';
import { BOOK, bookBack, bookBits, GROUPS, MAX_SFB, SEQUENCE } from './state';
import { put } from './bitstream';

const BOOKS = 14; // 12 is reserved, 13 stands for noise
const NEVER = 1 << 24;
const BOOK_BITS = 4;

// @ts-ignore: decorator
@inline
export function lengthBits(sequence: i32): i32 {
  return sequence == EIGHT_SHORT ? 3 : 5;
}

const bitsNow: usize = memory.data(BOOKS * 4, 16);
const runNow: usize = memory.data(BOOKS * 4, 16);

/** Chooses BOOK from the table of bits per band and codebook; sections end with their group. */
export function chooseBooks(ch: usize): void {
  const perGroup = load<i32>(ch + MAX_SFB);
  const groups = load<i32>(ch + GROUPS);
  const width = lengthBits(load<i32>(ch + SEQUENCE));
  for (let g = 0; g < groups; g++) chooseGroup(ch, g * perGroup, perGroup, width);
}

function chooseGroup(ch: usize, first: i32, bands: i32, width: i32): void {
  if (bands == 0) return;
  const escape = (1 << width) - 1;
  const header = BOOK_BITS + width;
  let best = 0, bestBook = 0;
  for (let b = 0; b < bands; b++) {
    const row = bookBits + (<usize>(first + b) << 5);
    let nextBest = NEVER, nextBook = 0;
    for (let book = 0; book < BOOKS; book++) {
      const own = load<u16>(row + (<usize>book << 1));
      const word = <usize>book << 2;
      let fresh = best + header;
      let run = 1;
      let from = bestBook;
      if (b > 0) {
        const longer = load<i32>(runNow + word) + 1;
        const stay = load<i32>(bitsNow + word) + (longer % escape == 0 ? width : 0);
        if (stay <= fresh) {
          fresh = stay;
          run = longer;
          from = book;
        }
      } else if (escape == 1) fresh += width;
      const total = own == IMPOSSIBLE ? NEVER : fresh + own;
      store<u8>(bookBack + (first + b) * 16 + book, <u8>from);
      store<i32>(bitsNow + word, total);
      store<i32>(runNow + word, run);
      if (total < nextBest) {
        nextBest = total;
        nextBook = book;
      }
    }
    best = nextBest;
    bestBook = nextBook;
  }
  let book = bestBook;
  for (let b = first + bands - 1; b >= first; b--) {
    store<u8>(ch + BOOK + b, <u8>book);
    book = load<u8>(bookBack + b * 16 + book);
  }
}

/** section_data(). Spec: 14496-3 table 4.52 */
export function putSections(ch: usize): void {
  const perGroup = load<i32>(ch + MAX_SFB);
  const groups = load<i32>(ch + GROUPS);
  const width = lengthBits(load<i32>(ch + SEQUENCE));
  const escape = (1 << width) - 1;
  for (let g = 0; g < groups; g++) {
    let b = 0;
    while (b < perGroup) {
      const books = ch + BOOK + g * perGroup;
      const book = load<u8>(books + b);
      let run = 1;
      while (b + run < perGroup && load<u8>(books + b + run) == book) run++;
      put(book, BOOK_BITS); // sect_cb
      b += run;
      for (; run >= escape; run -= escape) put(escape, width); // sect_len_incr
      put(run, width);
    }
  }
}
