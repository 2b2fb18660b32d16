/**
 * H.264 access unit: what each NAL unit is for, and which of them begins another picture. Spec:
 * H.264 7.4.1.2.3
 */
import { copyForward } from '../mem/copy';
import { storeSet, findSet, setAddress, setLength, setsVersion } from '../nal/parameter-sets';
import {
  OK, PICTURE_B_SLICE, PICTURE_FORMAT_CHANGED, PICTURE_MALFORMED, PICTURE_NO_PARAMETER_SETS,
  PICTURE_SETS_TOO_LARGE, PICTURE_SEVERAL,
} from '../status';
import { checkFormat, fixFormat } from '../video/format';
import {
  markRandomAccess, markSet, ROLE_AUD, ROLE_FILLER, ROLE_KEEP, ROLE_SET, SET_PPS, SET_SPS,
} from '../video/picture';
import { beginsPicture, isSecondField } from './boundary';
import {
  isSlice, NAL_AUD, NAL_FILLER, NAL_IDR, NAL_PARTITION_A, NAL_PARTITION_C, NAL_PPS, NAL_SLICE,
  NAL_SPS, unitType,
} from './nal-type';
import { parsePps, ppsId, ppsOrderPresent, ppsSpsId } from './pps';
import {
  parseSlice, parseSliceStart, SLICE_B, SLICE_HEADER_BYTES, SliceHeader,
} from './slice-header';
import { parseSps, Sps } from './sps';

const sps = changetype<Sps>(memory.data(offsetof<Sps>(), 8)); // of the current picture
const scratchSps = changetype<Sps>(memory.data(offsetof<Sps>(), 8));
// first slice of the picture
const first = changetype<SliceHeader>(memory.data(offsetof<SliceHeader>(), 8));
const next = changetype<SliceHeader>(memory.data(offsetof<SliceHeader>(), 8));

// which PPS `sps` and `orderPresent` were looked up for
let activePps: i32 = -1;
let activeVersion: i32 = -1;
let orderPresent: bool = false;
let restParsed: bool = false; // `first` holds the fields behind pic_parameter_set_id
// the first slice's bytes: muxing in place may have overwritten them when a second slice asks for
// the rest of its fields
const FIRST_BYTES = memory.data(48, 16);
let firstLength: i32 = 0;
let secondField: bool = false;

export function clearH264(): void {
  activePps = -1;
  activeVersion = -1;
}

/** SPS of the last picture, for headers. */
export function currentSps(): Sps {
  return sps;
}

// @ts-ignore: decorator
@inline
export function isH264Slice(at: usize): bool {
  return isSlice(unitType(load<u8>(at)));
}

export function isH264Filler(at: usize): bool {
  return unitType(load<u8>(at)) == NAL_FILLER;
}

export function isH264Set(at: usize): bool {
  const type = unitType(load<u8>(at));
  return type == NAL_SPS || type == NAL_PPS;
}

/**
 * VPS of H.265: nal_unit_header 40 01. As H.264 its type 0 is unspecified, so no encoder sends it.
 */
export function looksLikeH265(at: usize): bool {
  return load<u8>(at) == 0x40 && load<u8>(at, 1) == 0x01;
}

/** A unit in front of the first slice: its role, or a negative status. */
export function readH264Unit(at: usize, length: i32): i32 {
  const type = unitType(load<u8>(at));
  if (type == NAL_SPS) {
    const status = parseSps(at, length, scratchSps);
    if (status != OK) return status;
    const stored = storeSet(SET_SPS, scratchSps.id, at, length);
    if (stored < 0) return PICTURE_SETS_TOO_LARGE;
    markSet(SET_SPS, stored);
    return ROLE_SET;
  }
  if (type == NAL_PPS) {
    const status = parsePps(at, length);
    if (status != OK) return status;
    const stored = storeSet(SET_PPS, ppsId, at, length);
    if (stored < 0) return PICTURE_SETS_TOO_LARGE;
    markSet(SET_PPS, stored);
    return ROLE_SET;
  }
  if (type == NAL_AUD) return ROLE_AUD;
  if (type == NAL_FILLER) return ROLE_FILLER;
  if (length >= 2 && looksLikeH265(at)) return PICTURE_FORMAT_CHANGED;
  return ROLE_KEEP;
}

/** Looks up the SPS that a PPS id leads to. Spec: H.264 7.4.1.2.1 */
function activate(pps: i32): i32 {
  if (pps == activePps && setsVersion == activeVersion) return OK;
  const ppsIndex = findSet(SET_PPS, pps);
  if (ppsIndex < 0) return PICTURE_NO_PARAMETER_SETS;
  parsePps(setAddress(ppsIndex), setLength(ppsIndex));
  const spsIndex = findSet(SET_SPS, ppsSpsId);
  if (spsIndex < 0) return PICTURE_NO_PARAMETER_SETS;
  orderPresent = ppsOrderPresent;
  parseSps(setAddress(spsIndex), setLength(spsIndex), sps);
  activePps = pps;
  activeVersion = setsVersion;
  return OK;
}

function sampleFormat(s: Sps): i32 {
  return (s.chromaFormatIdc << 8) | (s.bitDepthLuma << 4) | s.bitDepthChroma;
}

/** First slice of the picture. */
export function beginH264Picture(at: usize, end: usize): i32 {
  restParsed = false;
  secondField = false;
  const status = parseSliceStart(at, end, first);
  if (status != OK) return status;
  if (first.nalType != NAL_SLICE && first.nalType != NAL_IDR && first.nalType != NAL_PARTITION_A) {
    return PICTURE_MALFORMED;
  }
  if (first.sliceType == SLICE_B) return PICTURE_B_SLICE;
  firstLength = min<i32>(<i32>(end - at), SLICE_HEADER_BYTES);
  copyForward(FIRST_BYTES, at, firstLength);
  if (first.nalType == NAL_IDR) markRandomAccess(false);
  const known = activate(first.ppsId);
  if (known != OK) return known;
  return checkFormat(sps.width, sps.height, sps.profileIdc, sampleFormat(sps));
}

/** The picture was accepted: its format is the channel's. */
export function fixH264Format(): void {
  fixFormat(sps.width, sps.height, sps.profileIdc, sampleFormat(sps), sps.levelIdc, sps.constraintFlags);
}

/**
 * A unit behind the first slice. Slices must be of the same picture; a delimiter or parameter set
 * there announces another one. SEI behind the slices is against the order of units, but some
 * encoders do it and decoders read over it.
 */
export function continueH264Picture(at: usize, end: usize): i32 {
  const type = unitType(load<u8>(at));
  if (type == NAL_AUD || type == NAL_SPS || type == NAL_PPS) return PICTURE_SEVERAL;
  if (!isSlice(type) || (type > NAL_PARTITION_A && type <= NAL_PARTITION_C)) return OK;
  if (!restParsed) {
    const again = parseSlice(FIRST_BYTES, FIRST_BYTES + firstLength, first, sps, orderPresent);
    if (again != OK) return again;
    restParsed = true;
  }
  const status = parseSlice(at, end, next, sps, orderPresent);
  if (status != OK) return status;
  if (next.sliceType == SLICE_B) return PICTURE_B_SLICE;
  if (!beginsPicture(first, next)) return OK;
  if (secondField || !isSecondField(first, next)) return PICTURE_SEVERAL;
  secondField = true;
  memory.copy(changetype<usize>(first), changetype<usize>(next), offsetof<SliceHeader>());
  return OK;
}
