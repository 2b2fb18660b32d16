/** Bit rates: those of the ADTS stream, headers included. */
import { frequencyIndex } from '../audio/sampling-frequency';
import { ADTS_BYTES } from './adts';
import { FRAME } from './frame';

/** Mono, kbit/s, by samplingFrequencyIndex: speech and surroundings of a camera without audible loss at a modest price. */
const DEFAULT_KBPS: usize = memory.data<u8>([96, 96, 80, 64, 64, 48, 40, 36, 32, 24, 24, 16]);

/** A decoder's buffer, bits per channel: no frame may be larger. Spec: 14496-3 4.5.3.1 */
export const BUFFER_BITS: i32 = 6144;
/** Below this a frame has room for little more than its syntax. */
const FRAME_BITS_MIN: i32 = 160;

/** Bits per second for a rate and channel count; two channels get 7/4 of one, since they have much in common. */
export function defaultBitRate(rate: i32, channels: i32): i32 {
  const mono = 1000 * <i32>load<u8>(DEFAULT_KBPS + frequencyIndex(rate));
  return channels == 2 ? (mono * 7) >> 2 : mono;
}

/** Mean bits of a raw_data_block at a bit rate (0 = default), within what the format and the syntax allow. */
export function meanFrameBits(rate: i32, channels: i32, bitRate: i32): f32 {
  const wanted = bitRate > 0 ? bitRate : defaultBitRate(rate, channels);
  const bits: f32 = <f32>(<f64>wanted * <f64>FRAME / <f64>rate) - <f32>8 * <f32>ADTS_BYTES;
  return max<f32>(min<f32>(bits, <f32>(BUFFER_BITS * channels - 8)), <f32>(FRAME_BITS_MIN * channels));
}
