// Complex FFT of 64 or 512 points: Stockham's autosort, radix 4, then one radix-2 pass when the length is not a power of 4.
// Real and imaginary parts lie in separate arrays, so that four butterflies fill a vector.

import { cosTurn, sinTurn } from './math';

export const FFT_MAX = 512;

let twiddleRe: usize = 0; // cos(2 pi k / FFT_MAX), k < FFT_MAX
let twiddleIm: usize = 0; // -sin(2 pi k / FFT_MAX)

export const FFT_TABLE_BYTES = FFT_MAX * 8;

/** Fills the twiddle factors at `table` (FFT_TABLE_BYTES). */
export function fftInit(table: usize): void {
  twiddleRe = table;
  twiddleIm = table + FFT_MAX * 4;
  for (let k = 0; k < FFT_MAX; k++) {
    store<f32>(twiddleRe + (<usize>k << 2), <f32>cosTurn(k, FFT_MAX));
    store<f32>(twiddleIm + (<usize>k << 2), <f32>-sinTurn(k, FFT_MAX));
  }
}

/**
 * Transforms `length` points (64 or 512). Input and output are in (re, im), each followed at `pong` bytes by the second
 * buffer of the ping-pong. Returns true when the result lies in that second buffer.
 */
export function fft(re: usize, im: usize, pong: usize, length: i32): bool {
  let inRe = re, inIm = im, outRe = re + pong, outIm = im + pong;
  let flipped = false;
  let n = length;
  let stride = 1;
  while (n >= 4) {
    if (stride == 1) firstPass(inRe, inIm, outRe, outIm, n);
    else radix4(inRe, inIm, outRe, outIm, n, stride);
    let swap = inRe; inRe = outRe; outRe = swap;
    swap = inIm; inIm = outIm; outIm = swap;
    flipped = !flipped;
    n >>= 2;
    stride <<= 2;
  }
  if (n == 2) {
    radix2(inRe, inIm, outRe, outIm, stride);
    flipped = !flipped;
  }
  return flipped;
}

/** Radix-4 pass over groups of `stride` neighbours that share their twiddle factors; stride is a multiple of 4. */
function radix4(inRe: usize, inIm: usize, outRe: usize, outIm: usize, n: i32, stride: i32): void {
  const quarter = n >> 2;
  const step = <usize>(FFT_MAX / n) << 2;
  const row = <usize>stride << 2;
  const leg = row * <usize>quarter;
  for (let p = 0; p < quarter; p++) {
    const w1r = load<f32>(twiddleRe + <usize>p * step), w1i = load<f32>(twiddleIm + <usize>p * step);
    const w2r = load<f32>(twiddleRe + <usize>(2 * p) * step), w2i = load<f32>(twiddleIm + <usize>(2 * p) * step);
    const w3r = load<f32>(twiddleRe + <usize>(3 * p) * step), w3i = load<f32>(twiddleIm + <usize>(3 * p) * step);
    let ir = inRe + <usize>p * row, ii = inIm + <usize>p * row;
    let or = outRe + <usize>(4 * p) * row, oi = outIm + <usize>(4 * p) * row;
    const end = ir + row;
    if (ASC_FEATURE_SIMD) {
      const v1r = f32x4.splat(w1r), v1i = f32x4.splat(w1i), v2r = f32x4.splat(w2r), v2i = f32x4.splat(w2i);
      const v3r = f32x4.splat(w3r), v3i = f32x4.splat(w3i);
      for (; ir < end; ir += 16, ii += 16, or += 16, oi += 16) {
        const ar = v128.load(ir), br = v128.load(ir + leg), cr = v128.load(ir + 2 * leg), dr = v128.load(ir + 3 * leg);
        const ai = v128.load(ii), bi = v128.load(ii + leg), ci = v128.load(ii + 2 * leg), di = v128.load(ii + 3 * leg);
        const sr = f32x4.add(ar, cr), si = f32x4.add(ai, ci), tr = f32x4.sub(ar, cr), ti = f32x4.sub(ai, ci);
        const ur = f32x4.add(br, dr), ui = f32x4.add(bi, di), vr = f32x4.sub(br, dr), vi = f32x4.sub(bi, di);
        const x1r = f32x4.add(tr, vi), x1i = f32x4.sub(ti, vr);
        const x2r = f32x4.sub(sr, ur), x2i = f32x4.sub(si, ui);
        const x3r = f32x4.sub(tr, vi), x3i = f32x4.add(ti, vr);
        v128.store(or, f32x4.add(sr, ur));
        v128.store(oi, f32x4.add(si, ui));
        v128.store(or + row, f32x4.sub(f32x4.mul(x1r, v1r), f32x4.mul(x1i, v1i)));
        v128.store(oi + row, f32x4.add(f32x4.mul(x1r, v1i), f32x4.mul(x1i, v1r)));
        v128.store(or + 2 * row, f32x4.sub(f32x4.mul(x2r, v2r), f32x4.mul(x2i, v2i)));
        v128.store(oi + 2 * row, f32x4.add(f32x4.mul(x2r, v2i), f32x4.mul(x2i, v2r)));
        v128.store(or + 3 * row, f32x4.sub(f32x4.mul(x3r, v3r), f32x4.mul(x3i, v3i)));
        v128.store(oi + 3 * row, f32x4.add(f32x4.mul(x3r, v3i), f32x4.mul(x3i, v3r)));
      }
    } else {
      for (; ir < end; ir += 4, ii += 4, or += 4, oi += 4)
        butterfly4(ir, ii, leg, or, oi, row, w1r, w1i, w2r, w2i, w3r, w3i);
    }
  }
}

/** First pass, stride 1: neighbours have their own twiddle factors and four outputs of each lie together. */
function firstPass(inRe: usize, inIm: usize, outRe: usize, outIm: usize, n: i32): void {
  const quarter = n >> 2;
  const leg = <usize>quarter << 2;
  const step = <usize>(FFT_MAX / n) << 2;
  if (ASC_FEATURE_SIMD) {
    for (let p = 0; p < quarter; p += 4) {
      const ir = inRe + (<usize>p << 2), ii = inIm + (<usize>p << 2);
      const one = <usize>p * step;
      const v1r = gather(twiddleRe + one, step), v1i = gather(twiddleIm + one, step);
      const v2r = gather(twiddleRe + 2 * one, 2 * step), v2i = gather(twiddleIm + 2 * one, 2 * step);
      const v3r = gather(twiddleRe + 3 * one, 3 * step), v3i = gather(twiddleIm + 3 * one, 3 * step);
      const ar = v128.load(ir), br = v128.load(ir + leg), cr = v128.load(ir + 2 * leg), dr = v128.load(ir + 3 * leg);
      const ai = v128.load(ii), bi = v128.load(ii + leg), ci = v128.load(ii + 2 * leg), di = v128.load(ii + 3 * leg);
      const sr = f32x4.add(ar, cr), si = f32x4.add(ai, ci), tr = f32x4.sub(ar, cr), ti = f32x4.sub(ai, ci);
      const ur = f32x4.add(br, dr), ui = f32x4.add(bi, di), vr = f32x4.sub(br, dr), vi = f32x4.sub(bi, di);
      const x1r = f32x4.add(tr, vi), x1i = f32x4.sub(ti, vr);
      const x2r = f32x4.sub(sr, ur), x2i = f32x4.sub(si, ui);
      const x3r = f32x4.sub(tr, vi), x3i = f32x4.add(ti, vr);
      transposeStore(
        outRe + (<usize>p << 4),
        f32x4.add(sr, ur),
        f32x4.sub(f32x4.mul(x1r, v1r), f32x4.mul(x1i, v1i)),
        f32x4.sub(f32x4.mul(x2r, v2r), f32x4.mul(x2i, v2i)),
        f32x4.sub(f32x4.mul(x3r, v3r), f32x4.mul(x3i, v3i))
      );
      transposeStore(
        outIm + (<usize>p << 4),
        f32x4.add(si, ui),
        f32x4.add(f32x4.mul(x1r, v1i), f32x4.mul(x1i, v1r)),
        f32x4.add(f32x4.mul(x2r, v2i), f32x4.mul(x2i, v2r)),
        f32x4.add(f32x4.mul(x3r, v3i), f32x4.mul(x3i, v3r))
      );
    }
  } else {
    for (let p = 0; p < quarter; p++) {
      const one = <usize>p * step;
      butterfly4(
        inRe + (<usize>p << 2), inIm + (<usize>p << 2), leg, outRe + (<usize>p << 4), outIm + (<usize>p << 4), 4,
        load<f32>(twiddleRe + one), load<f32>(twiddleIm + one),
        load<f32>(twiddleRe + 2 * one), load<f32>(twiddleIm + 2 * one),
        load<f32>(twiddleRe + 3 * one), load<f32>(twiddleIm + 3 * one)
      );
    }
  }
}

/** One butterfly: the scalar twin of both passes above, in the same order of operations. */
function butterfly4(
  ir: usize, ii: usize, leg: usize, or: usize, oi: usize, row: usize,
  w1r: f32, w1i: f32, w2r: f32, w2i: f32, w3r: f32, w3i: f32
): void {
  const ar = load<f32>(ir), br = load<f32>(ir + leg), cr = load<f32>(ir + 2 * leg), dr = load<f32>(ir + 3 * leg);
  const ai = load<f32>(ii), bi = load<f32>(ii + leg), ci = load<f32>(ii + 2 * leg), di = load<f32>(ii + 3 * leg);
  const sr = ar + cr, si = ai + ci, tr = ar - cr, ti = ai - ci;
  const ur = br + dr, ui = bi + di, vr = br - dr, vi = bi - di;
  const x1r = tr + vi, x1i = ti - vr;
  const x2r = sr - ur, x2i = si - ui;
  const x3r = tr - vi, x3i = ti + vr;
  store<f32>(or, sr + ur);
  store<f32>(oi, si + ui);
  store<f32>(or + row, x1r * w1r - x1i * w1i);
  store<f32>(oi + row, x1r * w1i + x1i * w1r);
  store<f32>(or + 2 * row, x2r * w2r - x2i * w2i);
  store<f32>(oi + 2 * row, x2r * w2i + x2i * w2r);
  store<f32>(or + 3 * row, x3r * w3r - x3i * w3i);
  store<f32>(oi + 3 * row, x3r * w3i + x3i * w3r);
}

function radix2(inRe: usize, inIm: usize, outRe: usize, outIm: usize, stride: i32): void {
  const leg = <usize>stride << 2;
  for (let at: usize = 0; at < leg; at += ASC_FEATURE_SIMD ? 16 : 4) {
    if (ASC_FEATURE_SIMD) {
      const ar = v128.load(inRe + at), br = v128.load(inRe + at + leg);
      const ai = v128.load(inIm + at), bi = v128.load(inIm + at + leg);
      v128.store(outRe + at, f32x4.add(ar, br));
      v128.store(outIm + at, f32x4.add(ai, bi));
      v128.store(outRe + at + leg, f32x4.sub(ar, br));
      v128.store(outIm + at + leg, f32x4.sub(ai, bi));
    } else {
      const ar = load<f32>(inRe + at), br = load<f32>(inRe + at + leg);
      const ai = load<f32>(inIm + at), bi = load<f32>(inIm + at + leg);
      store<f32>(outRe + at, ar + br);
      store<f32>(outIm + at, ai + bi);
      store<f32>(outRe + at + leg, ar - br);
      store<f32>(outIm + at + leg, ai - bi);
    }
  }
}

/** Four factors from `at` on, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function gather(at: usize, step: usize): v128 {
  return f32x4.replace_lane(
    f32x4.replace_lane(
      f32x4.replace_lane(f32x4.splat(load<f32>(at)), 1, load<f32>(at + step)),
      2, load<f32>(at + 2 * step)
    ),
    3, load<f32>(at + 3 * step)
  );
}

// @ts-ignore: decorator
@inline
function transposeStore(at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5), abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5), cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
  v128.store(at + 16, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  v128.store(at + 32, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(at + 48, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}
