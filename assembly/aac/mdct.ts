// Windowing and forward MDCT. Spec: 14496-3 4.6.11.3.1
// X[k] = 2 sum z[n] cos(2 pi / N (n + n0)(k + 1/2)), n0 = (N/2 + 1)/2, with N = 2048 or 256, for a windowed z.
// Folded to a DCT-IV of N/2 points, which is a complex FFT of N/4 points between two rotations.

import { fft, fftInit, FFT_TABLE_BYTES } from './fft';
import { cosTurn, sinTurn } from './math';

const LONG = 1024;
const SHORT = 128;

export const MDCT_TABLE_BYTES = FFT_TABLE_BYTES + (LONG + SHORT) * 4;
export const MDCT_SCRATCH_BYTES = LONG * 4 + LONG * 8;

let rotations: usize = 0; // per length: cos, then sin, of pi (n + 1/8) / (2 x points): half of the phase (n + k + 1/4)
let folded: usize = 0;
let re: usize = 0;
let im: usize = 0;

const POINTS_MAX_BYTES = (LONG >> 1) * 4;

export function mdctInit(table: usize, scratch: usize): void {
  fftInit(table);
  rotations = table + FFT_TABLE_BYTES;
  fillRotations(rotations, LONG >> 1);
  fillRotations(rotations + LONG * 4, SHORT >> 1);
  folded = scratch;
  re = scratch + LONG * 4;
  im = re + 2 * POINTS_MAX_BYTES;
}

function fillRotations(at: usize, points: i32): void {
  for (let n = 0; n < points; n++) {
    store<f32>(at + (<usize>n << 2), <f32>cosTurn(8 * n + 1, 32 * points));
    store<f32>(at + (<usize>(points + n) << 2), <f32>sinTurn(8 * n + 1, 32 * points));
  }
}

/**
 * Transforms 2 x `length` samples at `input` into `length` lines at `output`. The rising slope takes `risingLength`
 * samples (1024, or 128 in the middle of the half), the falling slope likewise.
 */
export function mdct(
  input: usize, output: usize, length: i32,
  rising: usize, risingLength: i32, falling: usize, fallingLength: i32
): void {
  fold(input, length, rising, risingLength, falling, fallingLength);
  const points = length >> 1;
  const rotation = rotations + (length == SHORT ? <usize>(LONG * 4) : 0);
  rotateIn(points, rotation);
  const other = fft(re, im, POINTS_MAX_BYTES, points) ? <usize>POINTS_MAX_BYTES : 0;
  rotateOut(output, points, rotation, other);
}

/** Quarters a b c d of the windowed block become (-c reversed - d, a - b reversed). */
function fold(
  input: usize, length: i32, rising: usize, risingLength: i32, falling: usize, fallingLength: i32
): void {
  const half = length >> 1;
  const last = input + (<usize>(2 * length - 1) << 2);
  const riseFlat = (length - risingLength) >> 1, fallFlat = (length - fallingLength) >> 1;
  for (let n = 0; n < half; n++) {
    const c = half + n, d = half - 1 - n; // distances of c reversed [n] and d[n] from the block's end
    store<f32>(
      folded + (<usize>n << 2),
      -(load<f32>(last - (<usize>c << 2)) * slopeAt(falling, fallingLength, fallFlat, c))
        - load<f32>(last - (<usize>d << 2)) * slopeAt(falling, fallingLength, fallFlat, d)
    );
    const b = length - 1 - n; // distance of b reversed [n] from its start; that of a[n] is n
    store<f32>(
      folded + (<usize>(half + n) << 2),
      load<f32>(input + (<usize>n << 2)) * slopeAt(rising, risingLength, riseFlat, n)
        - load<f32>(input + (<usize>b << 2)) * slopeAt(rising, risingLength, riseFlat, b)
    );
  }
}

/** Window at distance `n` from its edge: zeros, then the slope, then ones. */
// @ts-ignore: decorator
@inline
function slopeAt(slope: usize, slopeLength: i32, flat: i32, n: i32): f32 {
  const at = n - flat;
  return at < 0 ? 0 : at >= slopeLength ? 1 : load<f32>(slope + (<usize>at << 2));
}

function rotateIn(points: i32, rotation: usize): void {
  const last = folded + (<usize>(2 * points - 1) << 2);
  for (let n = 0; n < points; n++) {
    const a = load<f32>(folded + (<usize>n << 3)), b = load<f32>(last - (<usize>n << 3));
    const c = load<f32>(rotation + (<usize>n << 2)), s = load<f32>(rotation + (<usize>(points + n) << 2));
    store<f32>(re + (<usize>n << 2), a * c + b * s);
    store<f32>(im + (<usize>n << 2), b * c - a * s);
  }
}

function rotateOut(output: usize, points: i32, rotation: usize, other: usize): void {
  const last = output + (<usize>(2 * points - 1) << 2);
  for (let k = 0; k < points; k++) {
    const a = load<f32>(re + other + (<usize>k << 2)), b = load<f32>(im + other + (<usize>k << 2));
    const c: f32 = 2 * load<f32>(rotation + (<usize>k << 2)), s: f32 = 2 * load<f32>(rotation + (<usize>(points + k) << 2));
    store<f32>(output + (<usize>k << 3), a * c + b * s);
    store<f32>(last - (<usize>k << 3), a * s - b * c);
  }
}
