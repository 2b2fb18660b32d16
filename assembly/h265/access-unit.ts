/**
 * H.265 access unit: what each NAL unit is for, and which of them begins another picture. Spec:
 * H.265 7.4.2.4.4, 7.4.2.4.5
 */
import { findSet, setAddress, setLength, setsVersion, storeSet } from '../nal/parameter-sets';
import {
  OK, PICTURE_B_SLICE, PICTURE_FORMAT_CHANGED, PICTURE_MALFORMED, PICTURE_NO_PARAMETER_SETS,
  PICTURE_SETS_TOO_LARGE, PICTURE_SEVERAL,
} from '../status';
import { isHighProfile } from '../h264/sps';
import { checkFormat, fixFormat } from '../video/format';
import {
  markRandomAccess, markRasl, markSet, ROLE_AUD, ROLE_FILLER, ROLE_KEEP, ROLE_SET, SET_PPS, SET_SPS,
  SET_VPS,
} from '../video/picture';
import {
  HEADER_BYTES, isIrap, isSlice, layerId, NAL_AUD, NAL_FILLER, NAL_IDR_N_LP, NAL_IDR_W_RADL,
  NAL_PPS, NAL_RASL_N, NAL_RASL_R, NAL_SPS, NAL_VPS, unitType,
} from './nal-type';
import { parsePps, ppsDependentSlices, ppsExtraBits, ppsId, ppsSpsId } from './pps';
import { ProfileTierLevel } from './profile-tier-level';
import {
  firstSegment, parseSegmentRest, parseSegmentStart, segmentPps, SLICE_B, sliceType,
} from './slice-segment-header';
import { parseSps, Sps } from './sps';
import { parseVps } from './vps';

const ptl = changetype<ProfileTierLevel>(memory.data(offsetof<ProfileTierLevel>(), 8));
const scratchPtl = memory.data(offsetof<ProfileTierLevel>(), 8);
const sps = changetype<Sps>(memory.data(offsetof<Sps>(), 8)); // of the current picture
const scratchSps = changetype<Sps>(memory.data(offsetof<Sps>(), 8));

// which PPS the fields below were looked up for
let activePps: i32 = -1;
let activeVersion: i32 = -1;
let dependentSlices: bool = false;
let extraBits: i32 = 0;

export function clearH265(): void {
  activePps = -1;
  activeVersion = -1;
  sps.ptl = changetype<usize>(ptl);
  scratchSps.ptl = scratchPtl;
}

/** SPS of the last picture, for headers. */
export function currentSps(): Sps {
  return sps;
}

export function isH265Slice(at: usize): bool {
  return isSlice(unitType(at)) && layerId(at) == 0;
}

/** Filler data, and other layers, which are not for this stream's decoders. */
export function isH265Filler(at: usize): bool {
  return unitType(at) == NAL_FILLER || layerId(at) != 0;
}

export function isH265Set(at: usize): bool {
  const type = unitType(at);
  return type >= NAL_VPS && type <= NAL_PPS && layerId(at) == 0;
}

/**
 * An SPS of H.264: as H.265 its header byte is an unspecified type (51, 19 or 35 with a layer), and
 * a profile follows.
 */
function looksLikeH264(at: usize): bool {
  const header = load<u8>(at);
  const profile = load<u8>(at, 1);
  return (header == 0x67 || header == 0x27 || header == 0x47) && (profile == 66 || profile == 77 || profile == 88 || isHighProfile(profile));
}

/** A unit in front of the first slice: its role, or a negative status. */
export function readH265Unit(at: usize, length: i32): i32 {
  if (length < HEADER_BYTES) return PICTURE_MALFORMED;
  if (looksLikeH264(at)) return PICTURE_FORMAT_CHANGED;
  const type = unitType(at);
  if (layerId(at) != 0) return ROLE_FILLER; // another layer: not for this stream's decoders
  if (type == NAL_VPS) return keepSet(SET_VPS, parseVps(at, length), at, length);
  if (type == NAL_SPS) {
    const status = parseSps(at, length, scratchSps);
    return keepSet(SET_SPS, status == OK ? scratchSps.id : status, at, length);
  }
  if (type == NAL_PPS) {
    const status = parsePps(at, length);
    return keepSet(SET_PPS, status == OK ? ppsId : status, at, length);
  }
  if (type == NAL_AUD) return ROLE_AUD;
  if (type == NAL_FILLER) return ROLE_FILLER;
  return ROLE_KEEP;
}

function keepSet(kind: i32, id: i32, at: usize, length: i32): i32 {
  if (id < 0) return id;
  const stored = storeSet(kind, id, at, length);
  if (stored < 0) return PICTURE_SETS_TOO_LARGE;
  markSet(kind, stored);
  return ROLE_SET;
}

function activate(pps: i32): i32 {
  if (pps == activePps && setsVersion == activeVersion) return OK;
  const ppsIndex = findSet(SET_PPS, pps);
  if (ppsIndex < 0) return PICTURE_NO_PARAMETER_SETS;
  parsePps(setAddress(ppsIndex), setLength(ppsIndex));
  const spsIndex = findSet(SET_SPS, ppsSpsId);
  if (spsIndex < 0) return PICTURE_NO_PARAMETER_SETS;
  dependentSlices = ppsDependentSlices;
  extraBits = ppsExtraBits;
  parseSps(setAddress(spsIndex), setLength(spsIndex), sps);
  activePps = pps;
  activeVersion = setsVersion;
  return OK;
}

function sampleFormat(): i32 {
  return (sps.chromaFormatIdc << 8) | (sps.bitDepthLuma << 4) | sps.bitDepthChroma;
}

/** First slice segment of the picture. */
export function beginH265Picture(at: usize, end: usize): i32 {
  const type = unitType(at);
  // parameter sets are looked up between the two halves of the header, and that needs the reader:
  // the start is read again behind it
  const start = parseSegmentStart(at, end);
  if (start != OK) return start;
  if (!firstSegment) return PICTURE_MALFORMED; // its first slice is missing
  if (type == NAL_RASL_N || type == NAL_RASL_R) markRasl();
  else if (isIrap(type)) markRandomAccess(type != NAL_IDR_W_RADL && type != NAL_IDR_N_LP);
  const known = activate(segmentPps);
  if (known != OK) return known;
  parseSegmentStart(at, end);
  const rest = parseSegmentRest(dependentSlices, extraBits, sps.addressBits);
  if (rest != OK) return rest;
  return checkFormat(sps.width, sps.height, ptl.profileIdc, sampleFormat());
}

/**
 * B slices are looked at last, so that a RASL picture, whose slices usually are B, can be dropped
 * first.
 */
export function checkH265SliceType(): i32 {
  return sliceType == SLICE_B ? PICTURE_B_SLICE : OK;
}

export function fixH265Format(): void {
  fixFormat(sps.width, sps.height, ptl.profileIdc, sampleFormat(), ptl.levelIdc, ptl.compatibility);
}

/** A unit behind the first slice segment. */
export function continueH265Picture(at: usize, end: usize): i32 {
  if (at + HEADER_BYTES >= end) return OK;
  const type = unitType(at);
  if (layerId(at) != 0) return OK;
  if (!isSlice(type)) return type >= NAL_VPS && type <= NAL_AUD ? PICTURE_SEVERAL : OK;
  const start = parseSegmentStart(at, end);
  if (start != OK) return start;
  if (firstSegment) return PICTURE_SEVERAL;
  if (segmentPps != activePps) {
    const known = activate(segmentPps);
    if (known != OK) return known;
    parseSegmentStart(at, end);
  }
  const rest = parseSegmentRest(dependentSlices, extraBits, sps.addressBits);
  if (rest != OK) return rest;
  return checkH265SliceType();
}
