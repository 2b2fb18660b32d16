/**
 * ADTS frame header. Spec: 14496-3 1.A.2.2
 * ```
 *  0           1           2           3           4           5           6
 *  syncword ·12· I LL P | PP FFFF p C|CC o h c c LLLLLLLLLLLLL fullness·11· NN
 *                ID,layer,protection_absent; profile, sampling_frequency_index, private, channel_configuration, …,
 *                aac_frame_length ·13·, adts_buffer_fullness ·11·, number_of_raw_data_blocks_in_frame ·2·
 * ```
 */
import {
  AUDIO_BLOCKS, AUDIO_CHANNELS, AUDIO_LENGTH, AUDIO_PROFILE, AUDIO_RATE, AUDIO_SYNC, OK,
} from '../status';
import { frequencyOf } from './sampling-frequency';

export const ADTS_HEADER_BYTES: i32 = 7;
const ADTS_CRC_BYTES: i32 = 2;
const PROFILE_LC: i32 = 1; // audio object type minus 1

// fields of the header that parseAdts() read last
export let adtsLength: i32 = 0; // aac_frame_length: header included
export let adtsHeaderLength: i32 = 0;
export let adtsRate: i32 = 0;
export let adtsChannels: i32 = 0;

/** Reads and checks one header of `available` bytes or fewer; the frame must lie in them whole. */
export function parseAdts(at: usize, available: i32): i32 {
  if (available < ADTS_HEADER_BYTES) return AUDIO_LENGTH;
  const b1: i32 = load<u8>(at, 1);
  if (load<u8>(at) != 0xff || (b1 & 0xf6) != 0xf0) return AUDIO_SYNC; // syncword, layer == 0
  const b2: i32 = load<u8>(at, 2);
  const b3: i32 = load<u8>(at, 3);
  if (b2 >> 6 != PROFILE_LC) return AUDIO_PROFILE;
  adtsRate = frequencyOf((b2 >> 2) & 15);
  if (adtsRate == 0) return AUDIO_RATE;
  adtsChannels = ((b2 & 1) << 2) | (b3 >> 6);
  if (adtsChannels < 1 || adtsChannels > 2) return AUDIO_CHANNELS;
  adtsHeaderLength = ADTS_HEADER_BYTES + ((b1 & 1) == 0 ? ADTS_CRC_BYTES : 0);
  adtsLength = ((b3 & 3) << 11) | (<i32>load<u8>(at, 4) << 3) | (<i32>load<u8>(at, 5) >> 5);
  if (adtsLength <= adtsHeaderLength || adtsLength > available) return AUDIO_LENGTH;
  if ((load<u8>(at, 6) & 3) != 0) return AUDIO_BLOCKS;
  return OK;
}
