/** Highest frequency that is coded: what lies above it takes bits from what the ear hears better. */

const BASE_HZ: i32 = 2000;
const BITS_PER_HZ: i32 = 4;

/** Hz, for a channel's bit rate: 8 kHz wide from 24 kbit/s on, 18 kHz at 64 kbit/s. */
export function bandwidth(rate: i32, channelBitRate: i32): i32 {
  return min(BASE_HZ + channelBitRate / BITS_PER_HZ, rate >> 1);
}
