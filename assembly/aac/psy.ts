// Allowed noise per scale factor band, after J. D. Johnston, "Transform coding of audio signals using perceptual noise
// criteria" (IEEE JSAC, 1988): band energies spread along the Bark scale, lowered by an offset that depends on how tonal
// the frame is, never below the threshold in quiet.

import { longBands, longEdge, shortBands, shortEdge } from './bands';
import { exp2, log2 } from './math';
import {
  bandScratch, barkLong, barkShort, FLATNESS, GROUPS, GROUP_LENGTH, LAST_MASK, MASK, MATRIX_LONG_STRIDE,
  MATRIX_SHORT_STRIDE, MAX_SFB, quietLong, quietShort, SPECTRUM, spreadLong, spreadShort, WEIGHT, widthLong,
  widthShort, blockScratch
} from './state';

const DB_TO_LOG2: f32 = 0.33219280948873623; // log2(10) / 10

/** Bark number of a frequency, by H. Traunmueller (JASA, 1990). */
function bark(hz: f32): f32 {
  return <f32>26.81 * hz / (<f32>1960 + hz) - <f32>0.53;
}

/** Terhardt's threshold in quiet, dB SPL. */
function quietDb(hz: f32): f32 {
  const k: f32 = max<f32>(hz, 20) / 1000;
  const square = k * k;
  const bump: f32 = k - <f32>3.3;
  const db: f32 = <f32>3.64 * exp2(<f32>-0.8 * log2(k)) - <f32>6.5 * exp2(<f32>-0.6 * bump * bump * <f32>1.442695)
    + <f32>0.001 * square * square;
  return min<f32>(db, 90);
}

export function psyInit(index: i32, rate: i32): void {
  const bands = longBands(index);
  for (let b = 0; b < bands; b++)
    initBand(b, longEdge(index, b), longEdge(index, b + 1), <f32>rate / 2048, 1, barkLong, widthLong, quietLong);
  spreadInit(spreadLong, bands, MATRIX_LONG_STRIDE, barkLong, widthLong);
  const few = shortBands(index);
  for (let b = 0; b < few; b++)
    initBand(b, shortEdge(index, b), shortEdge(index, b + 1), <f32>rate / 256, 8, barkShort, widthShort, quietShort);
  spreadInit(spreadShort, few, MATRIX_SHORT_STRIDE, barkShort, widthShort);
}

// Full-scale sine: 96 dB SPL. Its energy in one long spectrum, in the scale of mdct.ts and 16-bit samples, is
// 32768^2 / 2 x 1024 x 2048 = 2^50; a half-Bark band is allowed what a single line at the threshold would have.
const FULL_SCALE_LOG2: f32 = 50;

function initBand(
  b: i32, first: i32, end: i32, hzPerLine: f32, windows: i32, barks: usize, widths: usize, quiet: usize
): void {
  const at = <usize>b << 2;
  const low = hzPerLine * <f32>first, high = hzPerLine * <f32>end;
  const width: f32 = 2 * (bark(high) - bark(low));
  store<f32>(barks + at, bark((low + high) / 2));
  store<f32>(widths + at, width);
  const level = FULL_SCALE_LOG2 + (quietDb((low + high) / 2) - 96 - <f32>1.76) * DB_TO_LOG2 + log2(width);
  // a short spectrum holds 1/8 of the samples, and its lines have 1/8 of the gain in power
  store<f32>(quiet + at, exp2(level) / <f32>(windows * windows));
}

/** Spreading from band i to band j, normalised so that energy is kept. M. R. Schroeder et al. (JASA, 1979). */
function spreadInit(matrix: usize, bands: i32, stride: i32, barks: usize, widths: usize): void {
  for (let i = 0; i < bands; i++) {
    const row = matrix + (<usize>(i * stride) << 2);
    let sum: f32 = 0;
    for (let j = 0; j < bands; j++) {
      const dz: f32 = load<f32>(barks + (<usize>j << 2)) - load<f32>(barks + (<usize>i << 2)) + <f32>0.474;
      const db: f32 = <f32>15.81 + <f32>7.5 * dz - <f32>17.5 * sqrt<f32>(1 + dz * dz);
      const share = exp2(db * DB_TO_LOG2) * load<f32>(widths + (<usize>j << 2));
      store<f32>(row + (<usize>j << 2), share);
      sum += share;
    }
    for (let j = 0; j < stride; j++) {
      const at = row + (<usize>j << 2);
      store<f32>(at, j < bands ? load<f32>(at) / sum : 0);
    }
  }
}

/** 0 (noise) to 1 (tones) of the newest long frame. */
export let tonality: f32 = 0;

/** The next long frame's mask may be anything. */
export function forgetMask(ch: usize): void {
  for (let b: usize = 0; b < 52; b++) store<f32>(ch + LAST_MASK + (b << 2), 1e30);
}

/** Pre-echo control: a mask may be this much above that of the frame before, in energy. */
const PRE_ECHO_LIMIT: f32 = 2;

/** Mask of a long frame. */
export function psyLong(ch: usize, index: i32): void {
  const spectrum = ch + SPECTRUM;
  const bands = longBands(index);
  pseudoSpectrum(spectrum, longEdge(index, bands));
  let logs: f32 = 0, whole: f32 = 0;
  for (let b = 0; b < bands; b++) {
    const first = longEdge(index, b), end = longEdge(index, b + 1);
    sumBand(first, end);
    const share: f32 = 1 / <f32>(end - first);
    store<f32>(bandScratch + (<usize>b << 2), bandSum);
    store<f32>(ch + FLATNESS + (<usize>b << 2), bandLogs * share - log2(bandSum * share));
    logs += bandLogs;
    whole += bandSum;
  }
  const share: f32 = 1 / <f32>longEdge(index, bands);
  const flatness = logs * share - log2(whole * share); // log2 of a ratio <= 1
  tonality = min<f32>(max<f32>(flatness * <f32>(-3.0103 / 60.0), 0), 1);
  spread(bands, MATRIX_LONG_STRIDE, spreadLong, ch + MASK);
  for (let b = 0; b < bands; b++) {
    const at = <usize>b << 2;
    const z = load<f32>(barkLong + at);
    const offset = tonality * (<f32>14.5 + z) + (1 - tonality) * <f32>5.5;
    let mask = load<f32>(ch + MASK + at) * exp2(-offset * DB_TO_LOG2);
    // pre-echo: what is allowed may not jump up, since the noise spreads back over the whole block
    const last = load<f32>(ch + LAST_MASK + at);
    store<f32>(ch + LAST_MASK + at, mask);
    mask = max<f32>(min<f32>(mask, PRE_ECHO_LIMIT * last), load<f32>(quietLong + at));
    store<f32>(ch + MASK + at, mask);
    store<f32>(ch + WEIGHT + at, load<f32>(widthLong + at));
  }
}

/**
 * Power spectrum from the MDCT alone, in blockScratch: the missing quadrature part of a line is near the difference of its
 * neighbours (L. Daudet, M. Sandler, 2004). One is added so that silence has a logarithm.
 */
function pseudoSpectrum(spectrum: usize, lines: i32): void {
  const out = blockScratch;
  for (let k = 1; k < lines - 1; k++) {
    const at = spectrum + (<usize>k << 2);
    const x = load<f32>(at);
    const d: f32 = load<f32>(at + 4) - load<f32>(at - 4);
    store<f32>(out + (<usize>k << 2), (x * x + d * d) * PSEUDO_GAIN + 1);
  }
  const last = <usize>(lines - 1) << 2;
  edge(load<f32>(spectrum), load<f32>(spectrum, 4), out);
  edge(load<f32>(spectrum + last), load<f32>(spectrum + last - 4), out + last);
}

/** Lowest and highest line, which have one neighbour. */
function edge(x: f32, d: f32, out: usize): void {
  store<f32>(out, (x * x + d * d) * PSEUDO_GAIN + 1);
}

/** Keeps the energy: between 1/3, right for noise, and 1/2, right for tones. */
const PSEUDO_GAIN: f32 = 0.4;

let bandSum: f32 = 0;
let bandLogs: f32 = 0;

function sumBand(first: i32, end: i32): void {
  let at = blockScratch + (<usize>first << 2);
  const last = blockScratch + (<usize>end << 2);
  let sum: f32 = 0, logs: f32 = 0;
  for (; at < last; at += 4) {
    const p = load<f32>(at);
    sum += p;
    logs += log2(p);
  }
  bandSum = sum;
  bandLogs = logs;
}

function spread(bands: i32, stride: i32, matrix: usize, out: usize): void {
  memory.fill(out, 0, <usize>stride << 2);
  for (let i = 0; i < bands; i++) {
    const energy = load<f32>(bandScratch + (<usize>i << 2));
    const row = matrix + (<usize>(i * stride) << 2);
    for (let j: usize = 0; j < <usize>stride << 2; j += ASC_FEATURE_SIMD ? 16 : 4) {
      if (ASC_FEATURE_SIMD)
        v128.store(out + j, f32x4.add(v128.load(out + j), f32x4.mul(f32x4.splat(energy), v128.load(row + j))));
      else store<f32>(out + j, load<f32>(out + j) + energy * load<f32>(row + j));
    }
  }
}

const SHORT_OFFSET_LOG2: f32 = -6.5 * 0.33219280948873623; // at attacks hardly anything is tonal

/** Mask of eight short windows, summed over each group. Lines are already in coding order. */
export function psyShort(ch: usize, index: i32): void {
  const few = load<i32>(ch + MAX_SFB);
  const groups = load<i32>(ch + GROUPS);
  let band = 0;
  let line = ch + SPECTRUM;
  const offset = exp2(SHORT_OFFSET_LOG2);
  for (let g = 0; g < groups; g++) {
    const windows = <i32>load<u8>(ch + GROUP_LENGTH + g);
    for (let b = 0; b < few; b++) {
      const lines = (shortEdge(index, b + 1) - shortEdge(index, b)) * windows;
      let sum: f32 = 0;
      for (let i = 0; i < lines; i++, line += 4) sum += load<f32>(line) * load<f32>(line);
      store<f32>(bandScratch + (<usize>b << 2), sum);
    }
    spread(few, MATRIX_SHORT_STRIDE, spreadShort, bandScratch + 64);
    for (let b = 0; b < few; b++, band++) {
      const at = <usize>b << 2;
      const mask = load<f32>(bandScratch + 64 + at) * offset;
      const to = <usize>band << 2;
      store<f32>(ch + MASK + to, max<f32>(mask, load<f32>(quietShort + at) * <f32>windows));
      store<f32>(ch + WEIGHT + to, load<f32>(widthShort + at) * <f32>windows / 8);
    }
  }
  forgetMask(ch); // what was masked before an attack says nothing about the next long frame
}
