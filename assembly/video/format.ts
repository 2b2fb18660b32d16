/**
 * Format of the channel's video: fixed by the first picture. A change needs close and open, as the
 * device API wants it (note 6 of its chapter 5).
 */
import { STATE_COMPATIBILITY, STATE_HEIGHT, STATE_LEVEL, STATE_PROFILE, STATE_WIDTH } from '../abi';
import { setI32 } from '../state';
import { OK, PICTURE_FORMAT_CHANGED } from '../status';

export let width: i32 = 0;
export let height: i32 = 0;
let profile: i32 = 0;
let chroma: i32 = 0; // chroma_format_idc and bit depths in one number

export function clearFormat(): void {
  width = 0;
}

/**
 * Fixes the format the first time; afterwards OK only for the same size, profile and sample format.
 */
export function checkFormat(w: i32, h: i32, profileIdc: i32, chromaAndDepth: i32): i32 {
  if (width == 0) return OK;
  return w == width && h == height && profileIdc == profile && chromaAndDepth == chroma ? OK : PICTURE_FORMAT_CHANGED;
}

export function fixFormat(
  w: i32, h: i32, profileIdc: i32, chromaAndDepth: i32, level: i32, compatibility: i32,
): void {
  width = w;
  height = h;
  profile = profileIdc;
  chroma = chromaAndDepth;
  setI32(STATE_WIDTH, w);
  setI32(STATE_HEIGHT, h);
  setI32(STATE_PROFILE, profileIdc);
  setI32(STATE_LEVEL, level);
  setI32(STATE_COMPATIBILITY, compatibility);
}
