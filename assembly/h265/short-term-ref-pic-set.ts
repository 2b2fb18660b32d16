/**
 * st_ref_pic_set(): only its length matters here, for what stands behind it in the SPS. Spec: H.265
 * 7.3.7
 */
import { readerFailed, readFlag, readUe, skipBits } from '../bits/reader';

/** num_short_term_ref_pic_sets is 0..64. */
export const MAX_SETS: u32 = 64;
/**
 * NumDeltaPocs: sps_max_dec_pic_buffering_minus1 is at most 15, both directions together at most
 * 16.
 */
const MAX_DELTA_POCS: u32 = 16;

/** NumDeltaPocs of the sets read so far. */
const DELTA_POCS = memory.data(64, 4);

/** False when it cannot be one. */
export function skipRefPicSet(index: u32): bool {
  if (index > 0 && readFlag()) {
    // inter_ref_pic_set_prediction_flag: in the SPS the set before is the reference
    skipBits(1); // delta_rps_sign
    readUe(); // abs_delta_rps_minus1
    const reference: u32 = load<u8>(DELTA_POCS + index - 1);
    let count: u32 = 0;
    for (let j: u32 = 0; j <= reference; j++) {
      if (readFlag()) count++; // used_by_curr_pic_flag
      else if (readFlag()) count++; // use_delta_flag
    }
    if (count > MAX_DELTA_POCS) return false;
    store<u8>(DELTA_POCS + index, <u8>count);
    return !readerFailed;
  }
  const negative = readUe(); // num_negative_pics
  const positive = readUe(); // num_positive_pics
  if (negative > MAX_DELTA_POCS || positive > MAX_DELTA_POCS || negative + positive > MAX_DELTA_POCS) {
    return false;
  }
  for (let i: u32 = 0; i < negative + positive; i++) {
    readUe(); // delta_poc_s0_minus1, delta_poc_s1_minus1
    skipBits(1); // used_by_curr_pic_s0_flag, used_by_curr_pic_s1_flag
  }
  store<u8>(DELTA_POCS + index, <u8>(negative + positive));
  return !readerFailed;
}
