// Mid/side coding of a pair of channels, band by band. Spec: 14496-3 4.6.8.1: L = M + S, R = M - S

import { BANDS, channel, EDGE, MASK, midSide, SPECTRUM } from './state';

/** Independent channels of equal level cost the same either way; only what is clearly cheaper is changed. */
const GAIN_LEAST: f32 = 1.5;

/** Chooses per band and replaces the spectra and masks of the bands that are coded as mid and side. */
export function chooseMidSide(): void {
  const left = channel(0), right = channel(1);
  const bands = load<i32>(left + BANDS);
  for (let b = 0; b < bands; b++) {
    const first = <usize>load<u16>(left + EDGE + (<usize>b << 1)) << 2;
    const end = <usize>load<u16>(left + EDGE + (<usize>b << 1), 2) << 2;
    let l2: f32 = 0, r2: f32 = 0, m2: f32 = 0, s2: f32 = 0;
    for (let at = first; at < end; at += 4) {
      const l = load<f32>(left + SPECTRUM + at), r = load<f32>(right + SPECTRUM + at);
      const m: f32 = (l + r) * <f32>0.5, s: f32 = (l - r) * <f32>0.5;
      l2 += l * l;
      r2 += r * r;
      m2 += m * m;
      s2 += s * s;
    }
    const maskLeft = load<f32>(left + MASK + (<usize>b << 2)), maskRight = load<f32>(right + MASK + (<usize>b << 2));
    // noise of M and S adds up in both L and R, so each may have half of what the more sensitive channel allows
    const mask: f32 = min<f32>(maskLeft, maskRight) * <f32>0.5;
    const apart = (l2 / maskLeft + 1) * (r2 / maskRight + 1);
    const together = (m2 / mask + 1) * (s2 / mask + 1);
    const use = together * GAIN_LEAST < apart;
    store<u8>(midSide + b, <u8>use);
    if (!use) continue;
    store<f32>(left + MASK + (<usize>b << 2), mask);
    store<f32>(right + MASK + (<usize>b << 2), mask);
    for (let at = first; at < end; at += 4) {
      const l = load<f32>(left + SPECTRUM + at), r = load<f32>(right + SPECTRUM + at);
      store<f32>(left + SPECTRUM + at, (l + r) * <f32>0.5);
      store<f32>(right + SPECTRUM + at, (l - r) * <f32>0.5);
    }
  }
}
