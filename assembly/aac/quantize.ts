// The quantiser: q = floor(|x|^(3/4) step^(-3/4) + ROUNDING), rebuilt as q^(4/3) step. Spec: 14496-3 4.6.1.3, 4.6.2.3.3

import { FRAME } from './frame';
import { bookLength, ESCAPE_BOOK, ESCAPE_VALUE, escapeBits, QUANT_MAX } from './huffman';
import { cubeRoot, exp2Quarter } from './math';
import {
  inverseTable, pairBits12, pairBits15, pairBits4, pairBits7, POWERS, powerTable, quadBits1, quadBits2, stepTable
} from './state';

/** Rounds down a little more often than half way: smaller quanta cost fewer bits. */
const ROUNDING: f32 = 0.45;
/** Where 1 begins: zeros are cheaper still. */
export const ONE_FROM: f32 = 0.63;
const TWO_FROM: f32 = 2 - ROUNDING;

export function quantizeInit(): void {
  for (let sf = 0; sf < 256; sf++) {
    const step = exp2Quarter(sf - 100);
    store<f32>(stepTable + (<usize>sf << 2), <f32>step);
    store<f32>(inverseTable + (<usize>sf << 2), <f32>(1.0 / sqrt<f64>(step * sqrt<f64>(step))));
  }
  for (let q = 0; q < POWERS; q++)
    store<f32>(powerTable + (<usize>q << 2), q == 0 ? 0 : <f32>(<f64>q * cubeRoot(<f64>q)));
}

// @ts-ignore: decorator
@inline
export function stepOf(sf: i32): f32 {
  return load<f32>(stepTable + (<usize>sf << 2));
}

// @ts-ignore: decorator
@inline
export function inverseOf(sf: i32): f32 {
  return load<f32>(inverseTable + (<usize>sf << 2));
}

// @ts-ignore: decorator
@inline
export function power43(q: i32): f32 {
  return q < POWERS ? load<f32>(powerTable + (<usize>q << 2)) : <f32>(<f64>q * cubeRoot(<f64>q));
}

/** |x|^(3/4) of a whole spectrum. */
export function powers34(spectrum: usize, out: usize): void {
  for (let at: usize = 0; at < <usize>FRAME * 4; at += ASC_FEATURE_SIMD ? 16 : 4) {
    if (ASC_FEATURE_SIMD) {
      const x = f32x4.abs(v128.load(spectrum + at));
      v128.store(out + at, f32x4.sqrt(f32x4.mul(x, f32x4.sqrt(x))));
    } else {
      const x = abs<f32>(load<f32>(spectrum + at));
      store<f32>(out + at, sqrt<f32>(x * sqrt<f32>(x)));
    }
  }
}

/** What measure() found: noise energy and, about, the bits of the cheaper book of the class. */
export let measuredNoise: f32 = 0;
export let measuredBits: i32 = 0;

/** Magnitude q from x^(3/4) / step^(3/4); the first level has its own threshold. */
// @ts-ignore: decorator
@inline
export function quantum(y: f32): i32 {
  return y < ONE_FROM ? 0 : max<i32>(<i32>(y + ROUNDING), 1);
}

/**
 * Noise and bits of `lines` lines at scale factor sf. `top` is the largest |x|^(3/4) among them.
 * The loops differ only in how many values a magnitude can take.
 */
export function measure(spectrum: usize, power34: usize, lines: i32, top: f32, sf: i32): void {
  const inverse = inverseOf(sf), step = stepOf(sf);
  const largest = quantum(top * inverse);
  if (largest <= 1) measure1(spectrum, power34, lines, inverse, step);
  else if (largest <= 2) measure2(spectrum, power34, lines, inverse, step);
  else if (largest <= 15) {
    const table = largest <= 4 ? pairBits4 : largest <= 7 ? pairBits7 : largest <= 12 ? pairBits12 : pairBits15;
    measurePairs(spectrum, power34, lines, inverse, step, table);
  } else measureEscapes(spectrum, power34, lines, inverse, step);
}

// @ts-ignore: decorator
@inline
function finish(noise: f32, bits: u32): void {
  measuredNoise = noise;
  measuredBits = min<i32>(bits & 0xffff, bits >> 16);
}

function measure1(spectrum: usize, power34: usize, lines: i32, inverse: f32, step: f32): void {
  const end = spectrum + (<usize>lines << 2);
  let bits: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const vi = f32x4.splat(inverse), vs = f32x4.splat(step), vt = f32x4.splat(ONE_FROM);
    let sum = f32x4.splat(0);
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const one = f32x4.ge(f32x4.mul(v128.load(power34), vi), vt);
      const e = f32x4.sub(f32x4.abs(v128.load(spectrum)), v128.and(one, vs));
      sum = f32x4.add(sum, f32x4.mul(e, e));
      bits += load<u32>(quadBits1 + (<usize>i32x4.bitmask(one) << 2));
    }
    finish(sumLanes(sum), bits);
  } else {
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const a = load<f32>(power34) * inverse >= ONE_FROM, b = load<f32>(power34, 4) * inverse >= ONE_FROM;
      const c = load<f32>(power34, 8) * inverse >= ONE_FROM, d = load<f32>(power34, 12) * inverse >= ONE_FROM;
      const e0 = abs<f32>(load<f32>(spectrum)) - (a ? step : 0), e1 = abs<f32>(load<f32>(spectrum, 4)) - (b ? step : 0);
      const e2 = abs<f32>(load<f32>(spectrum, 8)) - (c ? step : 0), e3 = abs<f32>(load<f32>(spectrum, 12)) - (d ? step : 0);
      s0 += e0 * e0;
      s1 += e1 * e1;
      s2 += e2 * e2;
      s3 += e3 * e3;
      bits += load<u32>(quadBits1 + (<usize>(<i32>a | (<i32>b << 1) | (<i32>c << 2) | (<i32>d << 3)) << 2));
    }
    finish(s0 + s2 + (s1 + s3), bits);
  }
}

const TWO_POWER: f32 = 2.5198420997897464; // 2^(4/3)

function measure2(
  spectrum: usize, power34: usize, lines: i32, inverse: f32, step: f32
): void {
  const end = spectrum + (<usize>lines << 2);
  const second: f32 = step * (TWO_POWER - 1);
    let bits: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const vi = f32x4.splat(inverse), vs = f32x4.splat(step), v2 = f32x4.splat(second);
    const vt = f32x4.splat(ONE_FROM), vu = f32x4.splat(TWO_FROM);
    let sum = f32x4.splat(0);
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const y = f32x4.mul(v128.load(power34), vi);
      const one = f32x4.ge(y, vt), two = f32x4.ge(y, vu);
      const e = f32x4.sub(f32x4.sub(f32x4.abs(v128.load(spectrum)), v128.and(one, vs)), v128.and(two, v2));
      sum = f32x4.add(sum, f32x4.mul(e, e));
      bits += load<u32>(quadBits2 + (<usize>(i32x4.bitmask(one) | (i32x4.bitmask(two) << 4)) << 2));
    }
    finish(sumLanes(sum), bits);
  } else {
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      let index = 0;
      s0 += error2(spectrum, load<f32>(power34) * inverse, step, second);
      index |= level2(load<f32>(power34) * inverse);
      s1 += error2(spectrum + 4, load<f32>(power34, 4) * inverse, step, second);
      index |= level2(load<f32>(power34, 4) * inverse) << 1;
      s2 += error2(spectrum + 8, load<f32>(power34, 8) * inverse, step, second);
      index |= level2(load<f32>(power34, 8) * inverse) << 2;
      s3 += error2(spectrum + 12, load<f32>(power34, 12) * inverse, step, second);
      index |= level2(load<f32>(power34, 12) * inverse) << 3;
      bits += load<u32>(quadBits2 + (<usize>index << 2));
    }
    finish(s0 + s2 + (s1 + s3), bits);
  }
}

// @ts-ignore: decorator
@inline
function error2(at: usize, y: f32, step: f32, second: f32): f32 {
  const e: f32 = abs<f32>(load<f32>(at)) - (y >= ONE_FROM ? step : 0) - (y >= TWO_FROM ? second : 0);
  return e * e;
}

// @ts-ignore: decorator
@inline
function level2(y: f32): i32 {
  return <i32>(y >= ONE_FROM) | (<i32>(y >= TWO_FROM) << 4);
}

function measurePairs(
  spectrum: usize, power34: usize, lines: i32, inverse: f32, step: f32, table: usize
): void {
  const end = spectrum + (<usize>lines << 2);
  let bits: u32 = 0;
  if (ASC_FEATURE_SIMD) {
    const vi = f32x4.splat(inverse), vt = f32x4.splat(ONE_FROM), vr = f32x4.splat(ROUNDING);
    let sum = f32x4.splat(0);
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const q = quanta(v128.load(power34), vi, vr, vt);
      const a = i32x4.extract_lane(q, 0), b = i32x4.extract_lane(q, 1), c = i32x4.extract_lane(q, 2), d = i32x4.extract_lane(q, 3);
      const e = f32x4.sub(f32x4.abs(v128.load(spectrum)), f32x4.mul(f32x4.splat(step), powers(a, b, c, d)));
      sum = f32x4.add(sum, f32x4.mul(e, e));
      bits += load<u32>(table + (<usize>(16 * a + b) << 2)) + load<u32>(table + (<usize>(16 * c + d) << 2));
    }
    finish(sumLanes(sum), bits);
  } else {
    let s0: f32 = 0, s1: f32 = 0, s2: f32 = 0, s3: f32 = 0;
    for (; spectrum < end; spectrum += 16, power34 += 16) {
      const a = quantum(load<f32>(power34) * inverse);
      const b = quantum(load<f32>(power34, 4) * inverse);
      const c = quantum(load<f32>(power34, 8) * inverse);
      const d = quantum(load<f32>(power34, 12) * inverse);
      s0 += square(abs<f32>(load<f32>(spectrum)) - step * load<f32>(powerTable + (<usize>a << 2)));
      s1 += square(abs<f32>(load<f32>(spectrum, 4)) - step * load<f32>(powerTable + (<usize>b << 2)));
      s2 += square(abs<f32>(load<f32>(spectrum, 8)) - step * load<f32>(powerTable + (<usize>c << 2)));
      s3 += square(abs<f32>(load<f32>(spectrum, 12)) - step * load<f32>(powerTable + (<usize>d << 2)));
      bits += load<u32>(table + (<usize>(16 * a + b) << 2)) + load<u32>(table + (<usize>(16 * c + d) << 2));
    }
    finish(s0 + s2 + (s1 + s3), bits);
  }
}

// @ts-ignore: decorator
@inline
function square(x: f32): f32 {
  return x * x;
}

/** Four magnitudes as i32. */
// @ts-ignore: decorator
@inline
function quanta(power34: v128, inverse: v128, rounding: v128, threshold: v128): v128 {
  const y = f32x4.mul(power34, inverse);
  const q = i32x4.max_s(i32x4.trunc_sat_f32x4_s(f32x4.add(y, rounding)), i32x4.splat(1));
  return v128.and(q, f32x4.ge(y, threshold));
}

/** q^(4/3) of four magnitudes below POWERS */
// @ts-ignore: decorator
@inline
function powers(a: i32, b: i32, c: i32, d: i32): v128 {
  return f32x4.replace_lane(
    f32x4.replace_lane(
      f32x4.replace_lane(v128.load32_zero(powerTable + (<usize>a << 2)), 1, load<f32>(powerTable + (<usize>b << 2))),
      2, load<f32>(powerTable + (<usize>c << 2))
    ),
    3, load<f32>(powerTable + (<usize>d << 2))
  );
}

/** The rare case, large quanta: quads only so that both builds add the noise in the same order. */
function measureEscapes(
  spectrum: usize, power34: usize, lines: i32, inverse: f32, step: f32
): void {
  const end = spectrum + (<usize>lines << 2);
  let bits = 0;
  let even: f32 = 0, odd: f32 = 0;
  for (; spectrum < end; spectrum += 8, power34 += 8) {
    const y = min(quantum(load<f32>(power34) * inverse), QUANT_MAX);
    const z = min(quantum(load<f32>(power34, 4) * inverse), QUANT_MAX);
    even += square(abs<f32>(load<f32>(spectrum)) - step * power43(y));
    odd += square(abs<f32>(load<f32>(spectrum, 4)) - step * power43(z));
    bits += escapePairBits(y, z);
  }
  measuredNoise = even + odd;
  measuredBits = bits;
}

/** Bits of a pair of magnitudes in codebook 11, signs and escapes included. */
// @ts-ignore: decorator
@inline
export function escapePairBits(y: i32, z: i32): i32 {
  if ((y | z) < 16) return load<u16>(pairBits15 + (<usize>(16 * y + z) << 2));
  return bookLength(ESCAPE_BOOK, 17 * min(y, ESCAPE_VALUE) + min(z, ESCAPE_VALUE)) + <i32>(y > 0) + <i32>(z > 0)
    + (y >= ESCAPE_VALUE ? escapeBits(y) : 0) + (z >= ESCAPE_VALUE ? escapeBits(z) : 0);
}

// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Quantised values (i16, signed) of a band; returns the largest magnitude. */
export function quantizeBand(spectrum: usize, power34: usize, out: usize, lines: i32, sf: i32): i32 {
  const inverse = inverseOf(sf);
  let largest = 0;
  for (let i = 0; i < lines; i++) {
    const at = <usize>i << 2;
    const q = min(quantum(load<f32>(power34 + at) * inverse), QUANT_MAX);
    largest = max(largest, q);
    store<i16>(out + (<usize>i << 1), load<f32>(spectrum + at) < 0 ? -q : q);
  }
  return largest;
}
