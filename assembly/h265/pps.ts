/** Picture parameter set: the fields that slice segment headers depend on. Spec: H.265 7.3.2.3.1 */
import { openReader, readBits, readerFailed, readFlag, readUe } from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H265_PPS_MALFORMED, OK } from '../status';
import { HEADER_BYTES } from './nal-type';
import { MAX_SPS_ID } from './sps';

/** pps_pic_parameter_set_id is 0..63. */
export const MAX_PPS_ID: u32 = 63;

// fields of the set that parsePps() read last
export let ppsId: i32 = 0;
export let ppsSpsId: i32 = 0;
export let ppsDependentSlices: bool = false; // dependent_slice_segments_enabled_flag
export let ppsExtraBits: i32 = 0; // num_extra_slice_header_bits

/** Parses a NAL unit of type 34, header included. */
export function parsePps(at: usize, length: i32): i32 {
  if (length < HEADER_BYTES + 1) return H265_PPS_MALFORMED;
  openReader(rbspAddress(), unescape(at + HEADER_BYTES, at + length));
  const id = readUe(); // pps_pic_parameter_set_id
  const spsId = readUe(); // pps_seq_parameter_set_id
  ppsDependentSlices = readFlag();
  readFlag(); // output_flag_present_flag
  ppsExtraBits = readBits(3);
  if (readerFailed || id > MAX_PPS_ID || spsId > MAX_SPS_ID) return H265_PPS_MALFORMED;
  ppsId = id;
  ppsSpsId = spsId;
  return OK;
}
