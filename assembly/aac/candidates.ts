// What each band costs at each step size worth considering: the choices of the trellis.
//
// The cost of noise n in a band with mask m is weight x (log2(n / m + floor) + AUDIBLE_WEIGHT log2(n / m + 1)). A ratio, so that
// every band counts alike however loud it is; a floor, because noise far below the mask is not heard and not worth bits; and a
// second term that counts where noise rises above the mask, so that no band is given up lightly for the sake of others.

import { log2 } from './math';
import { QUANT_MAX } from './huffman';
import { measure, measuredBits, measuredNoise, ONE_FROM, sumLanes } from './quantize';
import {
  BANDS, CANDIDATES, CANDIDATE_BITS, CANDIDATE_COST, CANDIDATE_COUNT, CANDIDATE_TOP, EDGE, ENERGY, MASK, POWER34,
  SPECTRUM, WEIGHT, ZERO_COST
} from './state';

const AUDIBLE_WEIGHT: f32 = 2;
/** The floor falls with the price of a bit: with bits to spare, finer is better. */
const FLOOR_PER_PRICE: f32 = 0.5;
const FLOOR_MAX: f32 = 0.05;
const FLOOR_MIN: f32 = 0.001;
/** Share of a section header and the like. */
const BAND_BITS: f32 = 2;

// 0 and 255 mean something else in the trellis
const SCALE_FACTOR_MIN = 1;
const SCALE_FACTOR_MAX = 254;
/** Scale factor of step 1. */
const SCALE_FACTOR_ONE = 100;
/** Candidates coarser than the expected best. */
const ABOVE = 6;

/** Fills the candidates of every band, around the step that is best at the price of `lambda` per bit. */
export function findCandidates(ch: usize, lambda: f32): void {
  const level = max<f32>(min<f32>(FLOOR_PER_PRICE * lambda, FLOOR_MAX), FLOOR_MIN);
  const bands = load<i32>(ch + BANDS);
  for (let b = 0; b < bands; b++) findBand(ch, b, lambda, level);
}

function findBand(ch: usize, b: i32, lambda: f32, level: f32): void {
  const word = <usize>b << 2;
  const first = load<u16>(ch + EDGE + (<usize>b << 1)), end = load<u16>(ch + EDGE + (<usize>b << 1), 2);
  const spectrum = ch + SPECTRUM + (<usize>first << 2), power34 = ch + POWER34 + (<usize>first << 2);
  const lines = <i32>end - <i32>first;
  bandSums(spectrum, power34, lines);
  const energy = sumEnergy, roots = sumRoots, top = largest34;
  const weight = load<f32>(ch + WEIGHT + word), scale: f32 = 1 / load<f32>(ch + MASK + word);
  store<f32>(ch + ENERGY + word, energy);
  store<f32>(ch + ZERO_COST + word, weight * audibility(energy * scale, level));
  let count = 0;
  // coarsest step at which anything is left: top / step^(3/4) >= threshold
  if (top > 0) {
    const coarsest = min(SCALE_FACTOR_ONE + <i32>floor<f32>((log2(top / ONE_FROM) * 16) / 3), SCALE_FACTOR_MAX);
    // finest: the largest quantum must stay within 8191
    const finest = max(SCALE_FACTOR_MIN, SCALE_FACTOR_ONE + <i32>ceil<f32>((log2(top / <f32>QUANT_MAX) * 16) / 3));
    let sf = min(coarsest, expectedBest(roots, lambda * <f32>lines, weight, scale, level) + ABOVE);
    store<i32>(ch + CANDIDATE_TOP + word, sf);
    for (; count < CANDIDATES && sf >= finest; count++, sf--) {
      measure(spectrum, power34, lines, top, sf);
      const at = <usize>(b * CANDIDATES + count) << 2;
      store<f32>(ch + CANDIDATE_COST + at, weight * audibility(measuredNoise * scale, level));
      store<f32>(ch + CANDIDATE_BITS + at, <f32>measuredBits + BAND_BITS);
    }
  }
  store<i32>(ch + CANDIDATE_COUNT + word, count);
}

/**
 * Scale factor that theory would choose: with many quanta a bit per line takes 6 dB of noise away, so cost falls no more than
 * the bit's price where noise / (noise + floor) = lambda x lines / (2 weight); and noise of step s is about
 * (16/9 / 12) s^(3/2) sum |x|^(1/2), the quantiser being uniform in |x|^(3/4).
 */
function expectedBest(roots: f32, price: f32, weight: f32, scale: f32, level: f32): i32 {
  const share = min<f32>(price / (2 * weight), SHARE_MAX);
  const noise: f32 = (level * share) / (1 - share) / scale;
  return SCALE_FACTOR_ONE + <i32>(log2(noise / (NOISE_PER_ROOT * roots) + TINY) * SCALE_FACTORS_PER_OCTAVE);
}

const SHARE_MAX: f32 = 0.97;
const NOISE_PER_ROOT: f32 = 0.148;
const TINY: f32 = 1e-30;
/** A step is 2^(1/4); noise goes with its power 3/2. */
const SCALE_FACTORS_PER_OCTAVE: f32 = 4.0 / 1.5;

// @ts-ignore: decorator
@inline
function audibility(ratio: f32, level: f32): f32 {
  return log2(ratio + level) + AUDIBLE_WEIGHT * log2(ratio + 1);
}

let sumEnergy: f32 = 0;
let sumRoots: f32 = 0;
let largest34: f32 = 0;

/** Energy, sum of |x|^(1/2) and largest |x|^(3/4) of a band. */
function bandSums(spectrum: usize, power34: usize, lines: i32): void {
  const end = spectrum + (<usize>lines << 2);
  if (ASC_FEATURE_SIMD) {
    let energy = f32x4.splat(0), roots = f32x4.splat(0), top = f32x4.splat(0);
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const x = v128.load(spectrum);
      energy = f32x4.add(energy, f32x4.mul(x, x));
      roots = f32x4.add(roots, f32x4.sqrt(f32x4.abs(x)));
      top = f32x4.max(top, v128.load(power34));
    }
    sumEnergy = sumLanes(energy);
    sumRoots = sumLanes(roots);
    largest34 = max<f32>(
      max<f32>(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
      max<f32>(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3))
    );
  } else {
    let e0: f32 = 0, e1: f32 = 0, e2: f32 = 0, e3: f32 = 0;
    let r0: f32 = 0, r1: f32 = 0, r2: f32 = 0, r3: f32 = 0;
    let top: f32 = 0;
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const a = load<f32>(spectrum), b = load<f32>(spectrum, 4), c = load<f32>(spectrum, 8), d = load<f32>(spectrum, 12);
      e0 += a * a;
      e1 += b * b;
      e2 += c * c;
      e3 += d * d;
      r0 += sqrt<f32>(abs<f32>(a));
      r1 += sqrt<f32>(abs<f32>(b));
      r2 += sqrt<f32>(abs<f32>(c));
      r3 += sqrt<f32>(abs<f32>(d));
      top = max<f32>(max<f32>(max<f32>(top, load<f32>(power34)), load<f32>(power34, 4)), max<f32>(load<f32>(power34, 8), load<f32>(power34, 12)));
    }
    sumEnergy = e0 + e2 + (e1 + e3);
    sumRoots = r0 + r2 + (r1 + r3);
    largest34 = top;
  }
}
