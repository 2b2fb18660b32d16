/** Entry of the test build: the encoder's ABI, and the insides that tests/assembly/aac looks at. */
import { ABI_VERSION } from '../abi';
import { bandBits } from './band-bits';
import { encoderBytes } from './api';
import { beginBits, endBits } from './bitstream';
import { chooseMidSide } from './mid-side';
import { cosTurn, cubeRoot, exp2, exp2Quarter, log2, sinTurn } from './math';
import { fft } from './fft';
import { putBand, putScaleFactorDelta } from './huffman';
import { mdct } from './mdct';
import { measure, measuredBits, measuredNoise, powers34, quantizeBand } from './quantize';
import { reservoirBits, reservoirCapacity } from './rate-control';
import { chooseBooks } from './sections';
import {
  BANDS, BOOK, bookBits, CANDIDATE_BITS, CANDIDATE_COST, CANDIDATE_COUNT, CANDIDATE_TOP, CANDIDATES, channel, EDGE, GROUPS, MASK, MAX_SFB,
  midSide, POWER34, QUANT, SCALE_FACTOR, SEQUENCE, SPECTRUM, TNS_INDEX, TNS_LENGTH, TNS_ORDER, ZERO_COST,
} from './state';
import { reflection, shapeNoise } from './tns';
import { chooseScaleFactors } from './trellis';
import { windowSlope } from './window';

export * from './exports';
export { expandA, expandU } from '../pcm/g711';
export { loadSamples } from '../pcm/samples';
export { defaultBitRate } from './bit-rate';
export {
  bandBits, chooseBooks, chooseMidSide, chooseScaleFactors, cosTurn, cubeRoot, encoderBytes, exp2, exp2Quarter, fft, log2, mdct,
  measure, powers34, quantizeBand, reflection, reservoirBits, reservoirCapacity, shapeNoise, sinTurn, windowSlope,
};

export function abi_version(): i32 {
  return ABI_VERSION;
}

const room: usize = memory.data(65536, 16);

/** 64 KiB for the tests' own data. */
export function testRoom(): usize {
  return room;
}

export function noiseFound(): f32 {
  return measuredNoise;
}

export function bitsFound(): i32 {
  return measuredBits;
}

export function putBandAt(book: i32, at: usize, lines: i32, out: usize): i32 {
  beginBits(out);
  putBand(book, at, lines);
  return endBits();
}

export function putDeltaAt(delta: i32, out: usize): i32 {
  beginBits(out);
  putScaleFactorDelta(delta);
  return endBits();
}

export function channelAt(index: i32): usize {
  return channel(index);
}

export function bookBitsAt(): usize {
  return bookBits;
}

export function midSideAt(): usize {
  return midSide;
}

// offsets of a channel's fields
export const AT_SPECTRUM: usize = SPECTRUM;
export const AT_POWER34: usize = POWER34;
export const AT_QUANT: usize = QUANT;
export const AT_MASK: usize = MASK;
export const AT_EDGE: usize = EDGE;
export const AT_BOOK: usize = BOOK;
export const AT_SCALE_FACTOR: usize = SCALE_FACTOR;
export const AT_ZERO_COST: usize = ZERO_COST;
export const AT_CANDIDATE_TOP: usize = CANDIDATE_TOP;
export const AT_CANDIDATE_COUNT: usize = CANDIDATE_COUNT;
export const AT_CANDIDATE_COST: usize = CANDIDATE_COST;
export const AT_CANDIDATE_BITS: usize = CANDIDATE_BITS;
export const AT_SEQUENCE: usize = SEQUENCE;
export const AT_GROUPS: usize = GROUPS;
export const AT_MAX_SFB: usize = MAX_SFB;
export const AT_BANDS: usize = BANDS;
export const AT_TNS_ORDER: usize = TNS_ORDER;
export const AT_TNS_LENGTH: usize = TNS_LENGTH;
export const AT_TNS_INDEX: usize = TNS_INDEX;
export const CANDIDATES_PER_BAND: i32 = CANDIDATES;
