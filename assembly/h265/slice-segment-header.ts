/** First fields of a slice segment header. Spec: H.265 7.3.6.1 */
import { openReader, readerFailed, readFlag, readUe, skipBits } from '../bits/reader';
import { rbspAddress, unescape } from '../nal/rbsp';
import { H265_SLICE_MALFORMED, OK } from '../status';
import { HEADER_BYTES, isIrap, unitType } from './nal-type';
import { MAX_PPS_ID } from './pps';

/** Enough for every field up to slice_type, emulation prevention included. */
const SEGMENT_HEADER_BYTES: i32 = 24;

// slice_type. Spec: H.265 Table 7-7
export const SLICE_B: u32 = 0;
export const SLICE_P: u32 = 1;
export const SLICE_I: u32 = 2;

// fields of the header that was read last
export let firstSegment: bool = false; // first_slice_segment_in_pic_flag
export let segmentPps: i32 = 0;
export let sliceType: u32 = SLICE_I; // of the slice; a dependent segment repeats none

/** Fields up to slice_pic_parameter_set_id; the reader stays open behind them. */
export function parseSegmentStart(at: usize, end: usize): i32 {
  const bytes = at + SEGMENT_HEADER_BYTES < end ? at + SEGMENT_HEADER_BYTES : end;
  openReader(rbspAddress(), unescape(at + HEADER_BYTES, bytes));
  firstSegment = readFlag();
  if (isIrap(unitType(at))) skipBits(1); // no_output_of_prior_pics_flag
  const pps = readUe(); // slice_pic_parameter_set_id
  if (readerFailed || pps > MAX_PPS_ID) return H265_SLICE_MALFORMED;
  segmentPps = pps;
  return OK;
}

/**
 * The fields behind, straight after parseSegmentStart(): sliceType is set unless the segment is
 * dependent.
 */
export function parseSegmentRest(dependentSlices: bool, extraBits: i32, addressBits: i32): i32 {
  let dependent = false;
  if (!firstSegment) {
    if (dependentSlices) dependent = readFlag(); // dependent_slice_segment_flag
    skipBits(addressBits); // slice_segment_address
  }
  if (!dependent) {
    skipBits(extraBits); // slice_reserved_flag
    sliceType = readUe(); // slice_type
    if (sliceType > SLICE_I) return H265_SLICE_MALFORMED;
  }
  return readerFailed ? H265_SLICE_MALFORMED : OK;
}
