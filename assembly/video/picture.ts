/**
 * What the access unit being pushed is, in words that H.264 and H.265 share. One record, filled by
 * the codec's access-unit.ts.
 */

/** How a unit before the first slice is treated by the containers. */
export const ROLE_SET: i32 = 1; // parameter set: cached, written in order in front of every IDR
export const ROLE_AUD: i32 = 2; // access unit delimiter: replaced by ours
export const ROLE_FILLER: i32 = 3; // dropped
export const ROLE_KEEP: i32 = 4; // SEI and the rest

// parameter set kinds, in the order in which they are written
export const SET_VPS: i32 = 0;
export const SET_SPS: i32 = 1;
export const SET_PPS: i32 = 2;

/** Starts a slice: IDR, or with H.265 any picture from which decoding can start. */
export let isRandomAccess: bool = false;
/** RASL picture: decodable only when its CRA did not start the stream. */
export let isRasl: bool = false;
/** CRA or BLA: RASL pictures may follow. */
export let isCraOrBla: bool = false;
/** The access unit brought an SPS and a PPS of its own. */
export let broughtSps: bool = false;
export let broughtPps: bool = false;
/** It brought one that was new or changed. */
export let setsChanged: bool = false;

export function clearPicture(): void {
  isRandomAccess = false;
  isRasl = false;
  isCraOrBla = false;
  broughtSps = false;
  broughtPps = false;
  setsChanged = false;
}

export function markRandomAccess(craOrBla: bool): void {
  isRandomAccess = true;
  isCraOrBla = craOrBla;
}

export function markRasl(): void {
  isRasl = true;
}

/** A parameter set of this kind was read; `stored` is what storeSet() said. */
export function markSet(kind: i32, stored: i32): void {
  if (kind == SET_SPS) broughtSps = true;
  if (kind == SET_PPS) broughtPps = true;
  if (stored == 1) setsChanged = true;
}
