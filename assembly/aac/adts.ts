/** Writing the ADTS header of one raw_data_block. Spec: 14496-3 1.A.2.2; assembly/audio/adts.ts draws its layout. */
import { frequencyIndex } from '../audio/sampling-frequency';

export const ADTS_BYTES: i32 = 7;

const LC: i32 = 1; // profile_ObjectType: audio object type minus 1
const FULLNESS_VBR: i32 = 0x7ff; // adts_buffer_fullness: not told

/** Header for `payload` bytes that follow it. */
export function writeAdts(at: usize, rate: i32, channels: i32, payload: i32): void {
  const length = payload + ADTS_BYTES;
  store<u8>(at, 0xff, 0); // syncword
  store<u8>(at, 0xf1, 1); // syncword, ID = MPEG-4, layer, protection_absent
  store<u8>(at, (LC << 6) | (frequencyIndex(rate) << 2) | (channels >> 2), 2);
  store<u8>(at, ((channels & 3) << 6) | (length >> 11), 3);
  store<u8>(at, length >> 3, 4);
  store<u8>(at, ((length & 7) << 5) | (FULLNESS_VBR >> 6), 5);
  store<u8>(at, (FULLNESS_VBR & 63) << 2, 6); // and one raw_data_block
}
