// Temporal noise shaping: prediction along the frequency axis, which shapes the noise in time like the signal.
// Spec: 14496-3 4.6.9. Used in long frames only; an attack there is the business of block-switch.ts.

import { longBands, longEdge } from './bands';
import { put } from './bitstream';
import { log2, sinTurn } from './math';
import { blockScratch, MASK, SPECTRUM, TNS_INDEX, TNS_LENGTH, TNS_ORDER } from './state';

/** Largest order of a long window in AAC-LC. Spec: 14496-3 table 4.156 */
export const TNS_MAX_ORDER: i32 = 12;

/** Highest filtered band of long windows, by samplingFrequencyIndex. Spec: 14496-3 table 4.157 */
const TNS_MAX_BANDS: usize = memory.data<u8>([31, 31, 34, 40, 42, 51, 46, 46, 42, 42, 42, 39]);

const RESOLUTION = 4; // bits of a coefficient
const INDEX_MOST: i32 = 6; // of -8..7

/** Prediction gain below which the side information is not worth it. */
const GAIN_LEAST: f32 = 1.5;
/** Gain that ends the search for more. From twice that on, all the noise of a frame would gather in a few samples: a click. */
const GAIN_MOST: f32 = 8;

/** The filter may cost this many times the bits: the noise then lies better in time. */
const COST_MOST: f32 = 1.02;

/** First frequency under the filter. */
const FIRST_HZ = 1200;

const correlation: usize = memory.data(16 * 4, 16); // f32[13]
const filter: usize = memory.data(16 * 4, 16); // f32[13]: a[0] = 1
const other: usize = memory.data(16 * 4, 16);

/** Filters the spectrum when prediction gains enough, and keeps the coefficients for the decoder. */
export function shapeNoise(ch: usize, index: i32, maxSfb: i32): void {
  const top = min(maxSfb, <i32>load<u8>(TNS_MAX_BANDS + index));
  let bottom = 0;
  while (bottom < top && longEdge(index, bottom) < firstLine) bottom++;
  const first = longEdge(index, bottom), end = longEdge(index, top);
  if (end - first < 4 * TNS_MAX_ORDER) return;
  flatten(ch, index, bottom, top);
  correlate(first, end);
  const order = predict(ch);
  if (order == 0) return;
  store<i32>(ch + TNS_ORDER, order);
  store<i32>(ch + TNS_LENGTH, longBands(index) - bottom);
  filterLines(ch + SPECTRUM, first, end, order);
  if (entropy(ch, ch + SPECTRUM, index, bottom, top, 1) * COST_MOST < entropy(ch, blockScratch, index, bottom, top, gain)) {
    store<i32>(ch + TNS_ORDER, 0);
    return;
  }
  memory.copy(ch + SPECTRUM + (<usize>first << 2), blockScratch + (<usize>first << 2), <usize>(end - first) << 2);
  // what is allowed after the decoder's filter is more than what is allowed before it
  const share: f32 = 1 / gain;
  for (let b = bottom; b < top; b++) store<f32>(ch + MASK + (<usize>b << 2), load<f32>(ch + MASK + (<usize>b << 2)) * share);
}

/** Bits, about, that lines take at the masks divided by `lowered`: what filtering costs where a tone stands out. */
function entropy(ch: usize, lines: usize, index: i32, bottom: i32, top: i32, lowered: f32): f32 {
  let sum: f32 = 0;
  for (let b = bottom; b < top; b++) {
    const from = longEdge(index, b), to = longEdge(index, b + 1);
    let energy: f32 = 0;
    for (let k = from; k < to; k++) {
      const x = load<f32>(lines + (<usize>k << 2));
      energy += x * x;
    }
    sum += <f32>(to - from) * log2(1 + (energy * lowered) / load<f32>(ch + MASK + (<usize>b << 2)));
  }
  return sum;
}

let firstLine = 0;

export function tnsInit(rate: i32): void {
  firstLine = FIRST_HZ * 2048 / rate;
}

/** Spectrum with equal energy in every audible band, in blockScratch: or the loudest band alone would decide. */
function flatten(ch: usize, index: i32, bottom: i32, top: i32): void {
  for (let b = bottom; b < top; b++) {
    const from = <usize>longEdge(index, b) << 2, to = <usize>longEdge(index, b + 1) << 2;
    let energy: f32 = 0;
    for (let at = from; at < to; at += 4) {
      const x = load<f32>(ch + SPECTRUM + at);
      energy += x * x;
    }
    const scale: f32 = energy > load<f32>(ch + MASK + (<usize>b << 2)) ? 1 / sqrt<f32>(energy / <f32>((to - from) >> 2)) : 0;
    for (let at = from; at < to; at += 4) store<f32>(blockScratch + at, load<f32>(ch + SPECTRUM + at) * scale);
  }
}

function correlate(first: i32, end: i32): void {
  for (let lag = 0; lag <= TNS_MAX_ORDER; lag++) {
    let at = blockScratch + (<usize>first << 2);
    const last = blockScratch + (<usize>(end - lag) << 2);
    const shift = <usize>lag << 2;
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
    if (ASC_FEATURE_SIMD) {
      let sum = f32x4.splat(0);
      for (; at + 16 <= last; at += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(at), v128.load(at + shift)));
      s0 = f32x4.extract_lane(sum, 0);
      s1 = f32x4.extract_lane(sum, 1);
      s2 = f32x4.extract_lane(sum, 2);
      s3 = f32x4.extract_lane(sum, 3);
    } else {
      for (; at + 16 <= last; at += 16) {
        s0 += load<f32>(at) * load<f32>(at + shift);
        s1 += load<f32>(at, 4) * load<f32>(at + shift, 4);
        s2 += load<f32>(at, 8) * load<f32>(at + shift, 8);
        s3 += load<f32>(at, 12) * load<f32>(at + shift, 12);
      }
    }
    for (; at < last; at += 4) s0 += load<f32>(at) * load<f32>(at + shift);
    store<f32>(correlation + shift, s0 + s2 + (s1 + s3));
  }
}

/**
 * Levinson-Durbin on the exact coefficients, then the filter of the quantised ones, left in `filter`. Returns its order, 0 when
 * the gain is too small.
 */
function predict(ch: usize): i32 {
  const whole = load<f32>(correlation);
  if (whole == 0) return 0;
  let error = whole;
  let order = 0;
  store<f32>(filter, 1);
  for (let m = 1; m <= TNS_MAX_ORDER && error * GAIN_MOST > whole; m++) {
    let sum = load<f32>(correlation + (<usize>m << 2));
    for (let i = 1; i < m; i++) sum += load<f32>(filter + (<usize>i << 2)) * load<f32>(correlation + (<usize>(m - i) << 2));
    const k: f32 = -sum / error;
    if (abs<f32>(k) >= 1) break; // rounding only: a correlation cannot ask for that
    store<i8>(ch + TNS_INDEX + m - 1, <i8>quantizeReflection(k));
    if (load<i8>(ch + TNS_INDEX + m - 1) != 0) order = m;
    raise(m, k);
    error *= 1 - k * k;
  }
  gain = 1;
  store<f32>(filter, 1);
  for (let m = 1; m <= order; m++) {
    const k = <f32>reflection(load<i8>(ch + TNS_INDEX + m - 1));
    raise(m, k);
    gain /= 1 - k * k;
  }
  return gain > GAIN_LEAST && gain < 2 * GAIN_MOST ? order : 0;
}

/** Power gain of the decoder's filter: how much louder the noise becomes there. */
let gain: f32 = 1;

/** Adds reflection coefficient k to the filter of order m - 1. */
function raise(m: i32, k: f32): void {
  for (let i = 1; i < m; i++)
    store<f32>(other + (<usize>i << 2), load<f32>(filter + (<usize>i << 2)) + k * load<f32>(filter + (<usize>(m - i) << 2)));
  for (let i = 1; i < m; i++) store<f32>(filter + (<usize>i << 2), load<f32>(other + (<usize>i << 2)));
  store<f32>(filter + (<usize>m << 2), k);
}

/** Nearest of the decoder's values, less those next to 1, which would make the filter ring. */
function quantizeReflection(k: f32): i32 {
  let best = 0;
  let least: f64 = 9;
  for (let index = -INDEX_MOST; index <= INDEX_MOST; index++) {
    const distance = abs<f64>(reflection(index) - <f64>k);
    if (distance < least) {
      least = distance;
      best = index;
    }
  }
  return best;
}

/** sin(index / iqfac). Spec: 14496-3 4.6.9.3 (tns_decode_coef): 15 or 17 halves of a step make a quarter turn. */
export function reflection(index: i32): f64 {
  return index >= 0 ? sinTurn(index, 30) : -sinTurn(-index, 34);
}

/** y[k] = x[k] + sum a[i] x[k - i], into blockScratch. */
function filterLines(spectrum: usize, first: i32, end: i32, order: i32): void {
  for (let k = first; k < end; k++) {
    const at = spectrum + (<usize>k << 2);
    let sum = load<f32>(at);
    const reach = min(order, k - first);
    for (let i = 1; i <= reach; i++) sum += load<f32>(filter + (<usize>i << 2)) * load<f32>(at - (<usize>i << 2));
    store<f32>(blockScratch + (<usize>k << 2), sum);
  }
}

export function tnsPresent(ch: usize): bool {
  return load<i32>(ch + TNS_ORDER) > 0;
}

/** tns_data() of a long window with one filter. Spec: 14496-3 table 4.54 */
export function putTns(ch: usize): void {
  const order = load<i32>(ch + TNS_ORDER);
  put(1, 2); // n_filt
  put(RESOLUTION - 3, 1); // coef_res
  put(load<i32>(ch + TNS_LENGTH), 6);
  put(order, 5);
  put(0, 1); // direction: upwards
  put(0, 1); // coef_compress
  for (let i = 0; i < order; i++) put(<u32>load<i8>(ch + TNS_INDEX + i) & 15, RESOLUTION);
}
