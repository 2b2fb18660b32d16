// Constant average rate with a bit reservoir. Spec: 14496-3 4.5.3.1
//
// Bits have a price (lambda of the trellis). It is the same for frames that follow one another, so that a bit buys as much
// quality in each: hard frames take from the reservoir what easy ones saved. The price follows the mean rate slowly and the
// fullness of the reservoir at once; a frame that would take too much is priced again until it fits.

import { BUFFER_BITS, meanFrameBits } from './bit-rate';
import { exp2, log2 } from './math';

/** Doublings of the price between a full and an empty reservoir. */
const FULLNESS_GAIN: f32 = 1.0;
/** Doublings per frame for a frame of twice the mean rate. */
const RATE_GAIN: f32 = 0.06;
/** The same for the first frames, over the number of frames: the price starts from a guess. */
const START_GAIN: f32 = 0.5;
/** One frame may take this share of the reservoir. */
const FRAME_SHARE: f32 = 0.7;
/** Doublings of the price for a frame that has twice the bits that it may have. */
const RETRY_GAIN: f32 = 1.5;
const RETRY_LEAST: f32 = 0.05;

const PRICE_LOG_MIN: f32 = -12;
const PRICE_LOG_MAX: f32 = 2;

// first guess, from speech and music: log2 of the price is -2.2 at 682 bits a frame and channel, and falls by 1.3 per doubling
const GUESS_PRICE_LOG: f32 = -2.2;
const GUESS_BITS: f32 = 682;
const GUESS_SLOPE: f32 = 1.3;

let mean: f32 = 0; // bits of a frame at the average rate
let capacity: i32 = 0; // bits that a decoder's buffer holds beyond a mean frame
let reservoir: i32 = 0;
let fraction: f32 = 0; // of a bit, not yet in the reservoir
let settled: f32 = 0; // log2 of the price, without the reservoir's say
let priceLog: f32 = 0; // of this frame
let frames: i32 = 0;

/** Most bits of this frame. */
export let frameLimit: i32 = 0;

export function openRate(rate: i32, channels: i32, bitRate: i32): void {
  mean = meanFrameBits(rate, channels, bitRate);
  capacity = BUFFER_BITS * channels - <i32>mean;
  reservoir = capacity;
  fraction = 0;
  frames = 0;
  settled = GUESS_PRICE_LOG - GUESS_SLOPE * log2(mean / GUESS_BITS / <f32>channels);
}

/** Mean bit rate of one channel without headers. */
export function channelBitRate(rate: i32, channels: i32): i32 {
  return <i32>((mean * <f32>rate) / 1024) / channels;
}

/** Price of a bit for a new frame. Sets frameLimit, a whole number of bytes. */
export function firstPrice(): f32 {
  frameLimit = <i32>(mean + <f32>reservoir * FRAME_SHARE) & ~7;
  const full: f32 = capacity > 0 ? <f32>reservoir / <f32>capacity : 0;
  priceLog = settled + (<f32>0.5 - full) * FULLNESS_GAIN;
  return exp2(priceLog);
}

/** Price after a try that took too many bits. */
export function nextPrice(bits: i32): f32 {
  priceLog += RETRY_GAIN * log2(<f32>bits / <f32>frameLimit) + RETRY_LEAST;
  return exp2(priceLog);
}

/** Books a frame: `wanted` bits at the first price, `bytes` in the end. */
export function spend(wanted: i32, bytes: i32): void {
  const saved: f32 = fraction + mean - <f32>(bytes << 3);
  const whole = <i32>floor<f32>(saved);
  fraction = saved - <f32>whole;
  reservoir = min(reservoir + whole, capacity);
  frames++;
  const gain = max<f32>(RATE_GAIN, START_GAIN / <f32>(frames + 1));
  settled += gain * min<f32>(<f32>wanted / mean - 1, 1);
  settled = max<f32>(min<f32>(settled, PRICE_LOG_MAX), PRICE_LOG_MIN);
}

/** Bits saved, for tests. */
export function reservoirBits(): i32 {
  return reservoir;
}

export function reservoirCapacity(): i32 {
  return capacity;
}
