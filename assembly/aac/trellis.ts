// Scale factors by dynamic programming: the cheapest path through all bands, where a band's step size costs its noise,
// lambda times its bits, and lambda times the code word of its difference to the band coded before. A band may also be
// left out (all zero): it then has no scale factor and the difference is taken to the one before. Spec: 14496-3 4.6.2
//
// State: the scale factor coded last. cost[] is relative to the sum of the costs of leaving bands out, so that passing a
// state through a left-out band changes nothing.

import { SCALE_FACTOR_DELTA_MAX, scaleFactorBits } from './huffman';
import {
  back, BANDS, CANDIDATES, CANDIDATE_BITS, CANDIDATE_COST, CANDIDATE_COUNT, CANDIDATE_TOP, cost, deltaCost, SCALE_FACTOR,
  ZERO_COST, GLOBAL_GAIN
} from './state';

const NEVER: f32 = 1e30;
const LEFT_OUT: u8 = 0;
const START: u8 = 255;
const SCALE_FACTOR_BITS_MAX: f32 = 19;

/** Chooses every band's scale factor (0 where it is left out). Returns about how many bits the bands take. */
export function chooseScaleFactors(ch: usize, lambda: f32): i32 {
  const bands = load<i32>(ch + BANDS);
  for (let d = -SCALE_FACTOR_DELTA_MAX; d <= SCALE_FACTOR_DELTA_MAX; d++)
    store<f32>(deltaCost + (<usize>(d + SCALE_FACTOR_DELTA_MAX) << 2), lambda * <f32>scaleFactorBits(d));
  for (let s = 0; s < 256; s++) store<f32>(cost + (<usize>s << 2), NEVER);
  let low = 256, high = -1; // live states
  const worst = lambda * (SCALE_FACTOR_BITS_MAX - 1);
  const near = allNear(ch, bands);
  const begin = lambda * <f32>scaleFactorBits(0);
  for (let b = 0; b < bands; b++) {
    const word = <usize>b << 2;
    const count = load<i32>(ch + CANDIDATE_COUNT + word), top = load<i32>(ch + CANDIDATE_TOP + word);
    const zero = load<f32>(ch + ZERO_COST + word);
    // the costs before this band are all read before the first is replaced: candidates are kept aside
    for (let i = 0; i < count; i++) {
      const s = top - i;
      const at = <usize>(b * CANDIDATES + i) << 2;
      let best = begin;
      let from = START;
      const end = min(high, s + SCALE_FACTOR_DELTA_MAX);
      for (let p = max(low, s - SCALE_FACTOR_DELTA_MAX); p <= end; p++) {
        const c: f32 = load<f32>(cost + (<usize>p << 2)) + load<f32>(deltaCost + (<usize>(s - p + SCALE_FACTOR_DELTA_MAX) << 2));
        if (c < best) {
          best = c;
          from = <u8>p;
        }
      }
      const own: f32 = load<f32>(ch + CANDIDATE_COST + at) - zero + lambda * load<f32>(ch + CANDIDATE_BITS + at);
      store<f32>(pendingCost + (<usize>i << 2), best + own);
      store<u8>(pendingFrom + i, from);
    }
    for (let i = 0; i < count; i++) {
      const s = top - i;
      const c = load<f32>(pendingCost + (<usize>i << 2));
      const better = c < load<f32>(cost + (<usize>s << 2));
      store<u8>(back + b * CANDIDATES + i, better ? load<u8>(pendingFrom + i) : LEFT_OUT);
      if (better) {
        store<f32>(cost + (<usize>s << 2), c);
        low = min(low, s);
        high = max(high, s);
      }
    }
    if (!near) continue;
    // A state this much dearer than the cheapest can never win it back: any scale factor to come is one code word away.
    let least: f32 = 0;
    for (let p = low; p <= high; p++) least = min<f32>(least, load<f32>(cost + (<usize>p << 2)));
    const limit: f32 = least + worst;
    while (low <= high && load<f32>(cost + (<usize>low << 2)) > limit) {
      store<f32>(cost + (<usize>low << 2), NEVER);
      low++;
    }
    while (low <= high && load<f32>(cost + (<usize>high << 2)) > limit) {
      store<f32>(cost + (<usize>high << 2), NEVER);
      high--;
    }
  }
  return follow(ch, bands, low, high);
}

/** Whether no two candidates of the frame are too far apart for a code word. */
function allNear(ch: usize, bands: i32): bool {
  let low = 256, high = -1;
  for (let b = 0; b < bands; b++) {
    const word = <usize>b << 2;
    const count = load<i32>(ch + CANDIDATE_COUNT + word), top = load<i32>(ch + CANDIDATE_TOP + word);
    if (count == 0) continue;
    low = min(low, top - count + 1);
    high = max(high, top);
  }
  return high - low <= SCALE_FACTOR_DELTA_MAX;
}

const pendingCost: usize = memory.data(CANDIDATES * 4, 16);
const pendingFrom: usize = memory.data(CANDIDATES);

function follow(ch: usize, bands: i32, low: i32, high: i32): i32 {
  let best: f32 = 0; // everything left out
  let s = <i32>START;
  for (let p = low; p <= high; p++) {
    const c = load<f32>(cost + (<usize>p << 2));
    if (c < best) {
      best = c;
      s = p;
    }
  }
  let bits: f32 = 0;
  let next = -1;
  for (let b = bands - 1; b >= 0; b--) {
    const word = <usize>b << 2;
    store<i32>(ch + SCALE_FACTOR + word, 0);
    const i = load<i32>(ch + CANDIDATE_TOP + word) - s;
    if (s == START || i < 0 || i >= load<i32>(ch + CANDIDATE_COUNT + word)) continue;
    const from = load<u8>(back + b * CANDIDATES + i);
    if (from == LEFT_OUT) continue;
    store<i32>(ch + SCALE_FACTOR + word, s);
    bits += load<f32>(ch + CANDIDATE_BITS + (<usize>(b * CANDIDATES + i) << 2));
    bits += <f32>scaleFactorBits(next < 0 ? 0 : next - s);
    next = s;
    s = <i32>from;
  }
  store<i32>(ch + GLOBAL_GAIN, next < 0 ? 100 : next);
  return <i32>bits;
}
