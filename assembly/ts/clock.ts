/**
 * Times of the transport stream: 90 kHz, 33 bits. PCR runs PCR_LEAD behind PTS, so that a whole
 * picture, and audio that comes a little late, arrive before their time; PTS is moved up by the
 * same lead, so that a stream that starts at 0 ms starts with PCR 0.
 * Spec: 13818-1 2.4.2, 2.4.3.5, 2.4.3.7
 */

/**
 * 500 ms: libavformat uses 700, broadcast about 1000; 13818-1 2.4.2.6 allows at most 1 s of
 * buffering.
 */
export const PCR_LEAD: i64 = 45000;
const MASK_33: i64 = 0x1ffffffff;

/** Milliseconds to ticks since the epoch of the host's PTS; the only conversion. */
export function ticksOf(ptsMs: f64): i64 {
  return <i64>nearest(ptsMs * 90.0);
}

/** program_clock_reference_base */
// @ts-ignore: decorator
@inline
export function pcrOf(ticks: i64): i64 {
  return ticks & MASK_33;
}

/** PTS */
// @ts-ignore: decorator
@inline
export function ptsOf(ticks: i64): i64 {
  return (ticks + PCR_LEAD) & MASK_33;
}
