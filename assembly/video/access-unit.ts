/**
 * The access unit being pushed: finds its units, asks the codec what they are. Codec-neutral entry
 * of h264/ and h265/.
 */
import { isH265 } from '../config';
import {
  clearH264, beginH264Picture, continueH264Picture, fixH264Format, isH264Filler, isH264Set,
  isH264Slice, readH264Unit,
} from '../h264/access-unit';
import {
  beginH265Picture, checkH265SliceType, clearH265, continueH265Picture, fixH265Format, isH265Filler,
  isH265Set, isH265Slice, readH265Unit,
} from '../h265/access-unit';
import { isKnownSet } from '../nal/parameter-sets';
import { nextStartCode, trimZeros } from '../nal/start-code';
import { addUnit, clearUnits, unitCount } from '../nal/unit-list';
import {
  OK, PICTURE_MALFORMED, PICTURE_NO_START_CODE, PICTURE_NONE, PICTURE_TOO_MANY_UNITS,
} from '../status';
import { clearFormat } from './format';
import { clearPicture, isRandomAccess, ROLE_KEEP, setsChanged } from './picture';

/** First slice, 0 when none was reached: its NAL header, and the first byte of its start code. */
export let sliceAt: usize = 0;
export let sliceCodeAt: usize = 0;
/**
 * First of the units that stand directly in front of the first slice and are all kept: its start
 * code.
 */
export let bodyAt: usize = 0;
/** Units in front of that which are kept as well: there are some in the unit list. */
export let keptApart: bool = false;
/** Index of the first slice in the unit list, after listUnits(). */
export let firstSlice: i32 = 0;

export function clearVideo(): void {
  clearFormat();
  clearH264();
  clearH265();
}

/** A zero_byte in front of 00 00 01 belongs to the start code. */
// @ts-ignore: decorator
@inline
function withZeroByte(code: usize, floor: usize): usize {
  return code > floor && load<u8>(code - 1) == 0 ? code - 1 : code;
}

/**
 * Reads everything up to the first slice and that slice's header. The unit list then holds the kept
 * units in front of it. Nothing of the stream changes; parameter sets go into the cache even when
 * the picture is refused later.
 */
export function openAccessUnit(at: usize, length: i32): i32 {
  const end = at + length;
  clearUnits();
  clearPicture();
  keptApart = false;
  sliceAt = 0;
  let code = nextStartCode(at, end);
  if (code == end) return PICTURE_NO_START_CODE;
  // leading_zero_8bits only
  for (let p = at; p < code; p++) if (load<u8>(p) != 0) return PICTURE_NO_START_CODE;
  bodyAt = 0;
  while (code < end) {
    const unit = code + 3;
    if (unit >= end) return PICTURE_NONE;
    if ((load<u8>(unit) & 0x80) != 0) return PICTURE_MALFORMED; // forbidden_zero_bit
    if (isSlice(unit)) {
      sliceAt = unit;
      sliceCodeAt = withZeroByte(code, at);
      if (bodyAt == 0) bodyAt = sliceCodeAt;
      return beginPicture(unit, end);
    }
    const next = nextStartCode(unit, end);
    const unitEnd = trimZeros(unit, next);
    if (unitEnd > unit) {
      const role = readUnit(unit, <i32>(unitEnd - unit));
      if (role < 0) return role;
      if (role == ROLE_KEEP) {
        if (bodyAt == 0) bodyAt = withZeroByte(code, at);
        if (!addUnit(unit, <i32>(unitEnd - unit))) return PICTURE_TOO_MANY_UNITS;
      } else {
        if (bodyAt != 0) keptApart = true;
        bodyAt = 0;
      }
    }
    code = next;
  }
  return PICTURE_NONE;
}

function isSlice(unit: usize): bool {
  return isH265() ? isH265Slice(unit) : isH264Slice(unit);
}

function readUnit(unit: usize, length: i32): i32 {
  return isH265() ? readH265Unit(unit, length) : readH264Unit(unit, length);
}

function beginPicture(unit: usize, end: usize): i32 {
  return isH265() ? beginH265Picture(unit, end) : beginH264Picture(unit, end);
}

/**
 * Reads on to the end: the unit list then holds every unit that is kept, in order. For containers
 * that need lengths. `firstSlice` is the index of the first slice.
 */
export function listUnits(at: usize, end: usize): i32 {
  if (setsChanged && !isRandomAccess) {
    const listed = listPrefix(at, end);
    if (listed != OK) return listed;
  }
  firstSlice = unitCount;
  let unit = sliceAt;
  while (true) {
    const code = nextStartCode(unit, end);
    const unitEnd = trimZeros(unit, code);
    if (unitEnd > unit && !isDropped(unit) && !addUnit(unit, <i32>(unitEnd - unit))) {
      return PICTURE_TOO_MANY_UNITS;
    }
    if (code == end) return OK;
    unit = code + 3;
    const status = continuePicture(unit, end);
    if (status != OK) return status;
  }
}

/**
 * Would openAccessUnit() change the parameter set cache? A header that is written from the cache
 * and still waits has to be written before.
 */
export function bringsNewSets(at: usize, length: i32): bool {
  const end = at + length;
  let code = nextStartCode(at, end);
  while (code + 4 < end) {
    const unit = code + 3;
    if (isSlice(unit)) return false;
    code = nextStartCode(unit, end);
    const isSet = isH265() ? isH265Set(unit) : isH264Set(unit);
    if (isSet && !isKnownSet(unit, <i32>(trimZeros(unit, code) - unit))) return true;
  }
  return false;
}

/**
 * Lists the units in front of the first slice again, parameter sets included: new ones in the
 * middle of a GOP are in no sample entry, so the sample has to carry them. Decoders take them
 * there, although avc1 and hvc1 do not foresee it. Spec: 14496-15 5.4.2.1
 */
function listPrefix(at: usize, end: usize): i32 {
  clearUnits();
  let code = nextStartCode(at, end);
  while (code < sliceCodeAt) {
    const unit = code + 3;
    code = nextStartCode(unit, end);
    const unitEnd = trimZeros(unit, code);
    if (unitEnd > unit && !isDropped(unit) && !addUnit(unit, <i32>(unitEnd - unit))) {
      return PICTURE_TOO_MANY_UNITS;
    }
  }
  return OK;
}

/** Filler data has no place in a sample. Spec: 14496-15 5.2.2, 8.2 */
function isDropped(unit: usize): bool {
  return isH265() ? isH265Filler(unit) : isH264Filler(unit);
}

/** H.264 says so with the first slice already. */
export function checkSliceType(): i32 {
  return isH265() ? checkH265SliceType() : OK;
}

/** A unit behind the first slice, at its NAL header: OK, or why the push is refused. */
export function continuePicture(unit: usize, end: usize): i32 {
  if (unit >= end) return OK;
  if ((load<u8>(unit) & 0x80) != 0) return PICTURE_MALFORMED;
  return isH265() ? continueH265Picture(unit, end) : continueH264Picture(unit, end);
}

/** The picture is in the stream: its format is the channel's from now on. */
export function fixVideoFormat(): void {
  if (isH265()) fixH265Format();
  else fixH264Format();
}
