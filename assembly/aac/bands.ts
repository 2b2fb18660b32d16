// Scale factor bands, by samplingFrequencyIndex. Spec: 14496-3 4.5.4
// With short windows the lines are kept group by group, band by band, window by window, as spectral_data() has them: so
// every band, of a long frame or of a group of short windows, is one run of lines.

import { LONG_BANDS, LONG_EDGES, LONG_START, SHORT_BANDS, SHORT_EDGES, SHORT_START } from './tables-sfb';

// @ts-ignore: decorator
@inline
export function longBands(index: i32): i32 {
  return load<u8>(LONG_BANDS + index);
}

// @ts-ignore: decorator
@inline
export function shortBands(index: i32): i32 {
  return load<u8>(SHORT_BANDS + index);
}

/** First line of band `sfb`; sfb may be the number of bands (the end of the last). */
// @ts-ignore: decorator
@inline
export function longEdge(index: i32, sfb: i32): i32 {
  return load<u16>(LONG_EDGES + (<usize>(load<u16>(LONG_START + (<usize>index << 1)) + sfb) << 1));
}

// @ts-ignore: decorator
@inline
export function shortEdge(index: i32, sfb: i32): i32 {
  return load<u16>(SHORT_EDGES + (<usize>(load<u16>(SHORT_START + (<usize>index << 1)) + sfb) << 1));
}
