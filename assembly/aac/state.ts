// Where everything of the encoder lies. One encoder per instance: addresses are module globals, set once by layout().
//
//   base ┬ tables     windows, rotations, FFT factors, powers, code word lengths, spreading
//        ├ scratch    one frame's intermediate results
//        └ channel 0, channel 1   history, spectrum, bands

import { FRAME, MAX_BANDS } from './frame';
import { MDCT_SCRATCH_BYTES, MDCT_TABLE_BYTES } from './mdct';
import { WINDOW_TABLE_BYTES } from './window';

/** Step sizes that the trellis may choose from in one band. */
export const CANDIDATES: i32 = 12;

export const MATRIX_LONG_STRIDE = 52; // 51 bands, to a multiple of four
export const MATRIX_SHORT_STRIDE = 16;

/** Powers q^(4/3) kept in a table; larger ones are computed. */
export const POWERS = 256;

// tables
export let windowTable: usize = 0;
export let mdctTable: usize = 0;
export let stepTable: usize = 0; // f32[256]: 2^((sf - 100) / 4)
export let inverseTable: usize = 0; // f32[256]: step^(-3/4)
export let powerTable: usize = 0; // f32[POWERS]: q^(4/3)
export let quadBits1: usize = 0; // u32[16]
export let quadBits2: usize = 0; // u32[256]
export let pairBits4: usize = 0; // u32[256]
export let pairBits7: usize = 0;
export let pairBits12: usize = 0;
export let pairBits15: usize = 0;
export let spreadLong: usize = 0; // f32[51][MATRIX_LONG_STRIDE]
export let spreadShort: usize = 0;
export let quietLong: usize = 0; // f32[52] threshold in quiet, as energy of the band
export let quietShort: usize = 0;
export let barkLong: usize = 0; // f32[52] centre
export let barkShort: usize = 0;
export let widthLong: usize = 0; // f32[52] width in half Barks
export let widthShort: usize = 0;

// scratch
export let mdctScratch: usize = 0;
export let blockScratch: usize = 0; // f32[1024]
export let bandScratch: usize = 0; // f32[MAX_BANDS]
export let midSide: usize = 0; // u8[MAX_BANDS]: ms_used
export let cost: usize = 0; // f32[256] by scale factor
export let deltaCost: usize = 0; // f32[128]
export let back: usize = 0; // u8[MAX_BANDS][CANDIDATES]
export let bookBits: usize = 0; // u16[MAX_BANDS][16]
export let bookBack: usize = 0; // u8[MAX_BANDS][16]

// per channel: offsets from channel(c)
export const INPUT: usize = 0; // f32[3 * FRAME]: previous, current, next
export const SPECTRUM: usize = INPUT + 3 * FRAME * 4; // f32[FRAME]
export const POWER34: usize = SPECTRUM + FRAME * 4; // f32[FRAME]: |x|^(3/4)
export const QUANT: usize = POWER34 + FRAME * 4; // i16[FRAME]
export const MASK: usize = QUANT + FRAME * 2; // f32[MAX_BANDS]
export const WEIGHT: usize = MASK + MAX_BANDS * 4; // f32[MAX_BANDS]
export const ENERGY: usize = WEIGHT + MAX_BANDS * 4; // f32[MAX_BANDS]
export const ZERO_COST: usize = ENERGY + MAX_BANDS * 4; // f32[MAX_BANDS]
export const CANDIDATE_TOP: usize = ZERO_COST + MAX_BANDS * 4; // i32[MAX_BANDS]: coarsest scale factor
export const CANDIDATE_COUNT: usize = CANDIDATE_TOP + MAX_BANDS * 4; // i32[MAX_BANDS]
export const CANDIDATE_COST: usize = CANDIDATE_COUNT + MAX_BANDS * 4; // f32[MAX_BANDS][CANDIDATES]
export const CANDIDATE_BITS: usize = CANDIDATE_COST + MAX_BANDS * CANDIDATES * 4; // f32[MAX_BANDS][CANDIDATES]
export const SCALE_FACTOR: usize = CANDIDATE_BITS + MAX_BANDS * CANDIDATES * 4; // i32[MAX_BANDS]
export const BOOK: usize = SCALE_FACTOR + MAX_BANDS * 4; // u8[MAX_BANDS]
export const EDGE: usize = BOOK + MAX_BANDS; // u16[MAX_BANDS + 1], padded
export const LAST_MASK: usize = EDGE + 256; // f32[52]: mask of the previous long frame
export const NOISE: usize = LAST_MASK + 52 * 4; // i32[MAX_BANDS]: energy of substituted noise
export const FLATNESS: usize = NOISE + MAX_BANDS * 4; // f32[52]: log2 of geometric over arithmetic mean, per band
export const INFO: usize = FLATNESS + 52 * 4; // i32 fields below
export const CHANNEL_BYTES: usize = INFO + 112;

// fields of INFO
export const SEQUENCE: usize = INFO; // window_sequence
export const SHAPE: usize = INFO + 4; // window_shape
export const MAX_SFB: usize = INFO + 12; // bands per group that may be coded
export const GROUPS: usize = INFO + 16;
export const GROUP_LENGTH: usize = INFO + 20; // u8[8]
export const BANDS: usize = INFO + 28; // GROUPS x MAX_SFB
export const GLOBAL_GAIN: usize = INFO + 32;
export const TNS_ORDER: usize = INFO + 36; // 0: no filter
export const TNS_LENGTH: usize = INFO + 40; // bands under the filter, counted from the top
export const TNS_INDEX: usize = INFO + 44; // i8[12]: quantised reflection coefficients
export const LAST_SAMPLE: usize = INFO + 56; // f32: memory of the attack detector's filter
export const RECENT_ENERGY: usize = INFO + 60; // f32: its view of the past
export const WAS_SHORT: usize = INFO + 64; // the frame before was short
export const IS_SHORT: usize = INFO + 68; // this frame is to be short
export const ATTACK_WINDOW: usize = INFO + 72; // short window of this frame in which the attack lies
export const NEXT_SHORT: usize = INFO + 76;
export const NEXT_WINDOW: usize = INFO + 80;
export const LAST_ATTACK: usize = INFO + 88; // the newest step was the start of an attack
export const LATE_WINDOW: usize = INFO + 84; // attack already seen for the frame after the next, or -1

let cursor: usize = 0;
let channels: usize = 0;

// @ts-ignore: decorator
@inline
export function channel(index: i32): usize {
  return channels + <usize>index * CHANNEL_BYTES;
}

function take(bytes: usize): usize {
  const at = cursor;
  cursor += (bytes + 15) & ~15;
  return at;
}

/** Sets every address for an encoder at `base`; returns the bytes that it takes. */
export function layout(base: usize, channelCount: i32): usize {
  cursor = (base + 15) & ~15;
  windowTable = take(WINDOW_TABLE_BYTES);
  mdctTable = take(MDCT_TABLE_BYTES);
  stepTable = take(256 * 4);
  inverseTable = take(256 * 4);
  powerTable = take(POWERS * 4);
  quadBits1 = take(16 * 4);
  quadBits2 = take(256 * 4);
  pairBits4 = take(256 * 4);
  pairBits7 = take(256 * 4);
  pairBits12 = take(256 * 4);
  pairBits15 = take(256 * 4);
  spreadLong = take(51 * MATRIX_LONG_STRIDE * 4);
  spreadShort = take(15 * MATRIX_SHORT_STRIDE * 4);
  quietLong = take(52 * 4);
  quietShort = take(16 * 4);
  barkLong = take(52 * 4);
  barkShort = take(16 * 4);
  widthLong = take(52 * 4);
  widthShort = take(16 * 4);
  mdctScratch = take(MDCT_SCRATCH_BYTES);
  blockScratch = take(FRAME * 4);
  bandScratch = take(MAX_BANDS * 8);
  midSide = take(MAX_BANDS);
  cost = take(256 * 4);
  deltaCost = take(128 * 4);
  back = take(MAX_BANDS * CANDIDATES);
  bookBits = take(MAX_BANDS * 16 * 2);
  bookBack = take(MAX_BANDS * 16);
  channels = take(<usize>channelCount * CHANNEL_BYTES);
  return cursor - base;
}
