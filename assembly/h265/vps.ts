/** Video parameter set: carried, not interpreted; only its id is needed. Spec: H.265 7.3.2.1 */
import { HEADER_BYTES } from './nal-type';
import { H265_VPS_MALFORMED } from '../status';

/** vps_video_parameter_set_id, or a status. */
export function parseVps(at: usize, length: i32): i32 {
  return length < HEADER_BYTES + 4 ? H265_VPS_MALFORMED : load<u8>(at, HEADER_BYTES) >> 4;
}
