/** Picture parameter set: the fields that slice headers depend on. Spec: H.264 7.3.2.2 */
import { openReader, readerFailed, readFlag, readUe } from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H264_PPS_MALFORMED, OK } from '../status';
import { MAX_SPS_ID } from './sps';

/** pic_parameter_set_id is 0..255. */
export const MAX_PPS_ID: i32 = 255;

// fields of the set that parsePps() read last
export let ppsId: i32 = 0;
export let ppsSpsId: i32 = 0;
export let ppsOrderPresent: bool = false; // bottom_field_pic_order_in_frame_present_flag

/** Parses a NAL unit of type 8, header byte included. */
export function parsePps(at: usize, length: i32): i32 {
  if (length < 2) return H264_PPS_MALFORMED;
  openReader(rbspAddress(), unescape(at + 1, at + length));
  const id = readUe(); // pic_parameter_set_id
  const spsId = readUe(); // seq_parameter_set_id
  readFlag(); // entropy_coding_mode_flag
  ppsOrderPresent = readFlag();
  if (readerFailed || id > <u32>MAX_PPS_ID || spsId > <u32>MAX_SPS_ID) return H264_PPS_MALFORMED;
  ppsId = id;
  ppsSpsId = spsId;
  return OK;
}
