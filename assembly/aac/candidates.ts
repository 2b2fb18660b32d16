// What each band costs at each step size worth considering: the choices of the trellis.
//
// The cost of noise n in a band with mask m is weight x log2(n / m + floor). A ratio, so that every band counts alike
// however loud it is; a floor, because noise far below the mask is not heard and not worth bits.

import { log2 } from './math';
import { measure, measuredBits, measuredNoise } from './quantize';
import {
  BANDS, CANDIDATES, CANDIDATE_BITS, CANDIDATE_COST, CANDIDATE_COUNT, CANDIDATE_TOP, EDGE, ENERGY, MASK, POWER34,
  SPECTRUM, WEIGHT, ZERO_COST
} from './state';
import { tune } from './tuning';

const SCALE_FACTOR_MIN = 1;
const SCALE_FACTOR_MAX = 254;
/** Candidates coarser than the expected best. */
const ABOVE = 8;

/** Fills the candidates of every band, around the step that is best at the price of `lambda` per bit. */
export function findCandidates(ch: usize, lambda: f32): void {
  const bands = load<i32>(ch + BANDS);
  for (let b = 0; b < bands; b++) findBand(ch, b, lambda);
}

function findBand(ch: usize, b: i32, lambda: f32): void {
  const word = <usize>b << 2;
  const first = load<u16>(ch + EDGE + (<usize>b << 1)), end = load<u16>(ch + EDGE + (<usize>b << 1), 2);
  const spectrum = ch + SPECTRUM + (<usize>first << 2), power34 = ch + POWER34 + (<usize>first << 2);
  const lines = <i32>end - <i32>first;
  let energy: f32 = 0, roots: f32 = 0, top: f32 = 0;
  for (let i = 0; i < lines; i++) {
    const x = load<f32>(spectrum + (<usize>i << 2)), p = load<f32>(power34 + (<usize>i << 2));
    energy += x * x;
    top = max<f32>(top, p);
    roots += sqrt<f32>(abs<f32>(x));
  }
  const weight = load<f32>(ch + WEIGHT + word), scale: f32 = 1 / load<f32>(ch + MASK + word), floor = tune(0);
  store<f32>(ch + ENERGY + word, energy);
  store<f32>(ch + ZERO_COST + word, weight * log2(energy * scale + floor));
  let count = 0;
  // coarsest step at which anything is left: top / step^(3/4) >= threshold
  if (top > 0) {
    const coarsest = min(100 + <i32>Math.floor(<f64>log2(top / tune(3)) * 16 / 3), SCALE_FACTOR_MAX);
    // finest: the largest quantum must stay within 8191
    const finest = max(SCALE_FACTOR_MIN, 100 + <i32>Math.ceil(<f64>log2(top / 8191) * 16 / 3));
    const share = min<f32>(lambda * <f32>lines / (2 * weight), <f32>0.97);
    const noise = floor * share / (1 - share) / scale;
    const best = 100 + <i32>(log2(noise / (<f32>0.148 * roots) + <f32>1e-30) * <f32>(4.0 / 1.5));
    let sf = min(coarsest, best + ABOVE);
    store<i32>(ch + CANDIDATE_TOP + word, sf);
    for (; count < CANDIDATES && sf >= finest; count++, sf--) {
      measure(spectrum, power34, lines, top, sf);
      const at = <usize>(b * CANDIDATES + count) << 2;
      store<f32>(ch + CANDIDATE_COST + at, weight * log2(measuredNoise * scale + floor));
      store<f32>(ch + CANDIDATE_BITS + at, <f32>measuredBits + tune(4));
    }
  }
  store<i32>(ch + CANDIDATE_COUNT + word, count);
}
