// Window halves. Spec: 14496-3 4.6.11.3.2

import { sinTurn } from './math';

export const SINE_SHAPE = 0;
export const KBD_SHAPE = 1;

const LONG = 1024;
const SHORT = 128;
const KBD_ALPHA_LONG = 4.0;
const KBD_ALPHA_SHORT = 6.0;

export const WINDOW_TABLE_BYTES = 2 * (LONG + SHORT) * 4;

let table: usize = 0;

/** Rising half of a window of `length` samples in all its slope (1024 or 128) and shape. */
// @ts-ignore: decorator
@inline
export function windowSlope(length: i32, shape: i32): usize {
  return table + (<usize>((length == SHORT ? 2 * LONG : 0) + shape * length) << 2);
}

export function windowInit(at: usize): void {
  table = at;
  fillSine(windowSlope(LONG, SINE_SHAPE), LONG);
  fillKbd(windowSlope(LONG, KBD_SHAPE), LONG, KBD_ALPHA_LONG);
  fillSine(windowSlope(SHORT, SINE_SHAPE), SHORT);
  fillKbd(windowSlope(SHORT, KBD_SHAPE), SHORT, KBD_ALPHA_SHORT);
}

function fillSine(at: usize, length: i32): void {
  for (let n = 0; n < length; n++) store<f32>(at + (<usize>n << 2), <f32>sinTurn(2 * n + 1, 8 * length));
}

/** Kaiser-Bessel-derived: square root of the running sum of a Kaiser window over its whole sum. */
function fillKbd(at: usize, length: i32, alpha: f64): void {
  let total = 0.0;
  for (let n = 0; n <= length; n++) total += kaiser(n, length, alpha);
  let sum = 0.0;
  for (let n = 0; n < length; n++) {
    sum += kaiser(n, length, alpha);
    store<f32>(at + (<usize>n << 2), <f32>sqrt<f64>(sum / total));
  }
}

/** Bessel function I0 of pi alpha sqrt(1 - (2n / length - 1)^2), by its power series. */
function kaiser(n: i32, length: i32, alpha: f64): f64 {
  const position = 2.0 * <f64>n / <f64>length - 1.0;
  const half = 1.5707963267948966 * alpha; // pi alpha / 2
  const square = half * half * (1.0 - position * position);
  let term = 1.0, sum = 1.0;
  for (let k = 1; k < 40; k++) {
    term *= square / <f64>(k * k);
    sum += term;
  }
  return sum;
}
