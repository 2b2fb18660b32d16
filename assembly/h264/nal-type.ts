/** NAL unit types. Spec: H.264 Table 7-1 */
export const NAL_SLICE: i32 = 1; // coded slice of a non-IDR picture
export const NAL_PARTITION_A: i32 = 2;
export const NAL_PARTITION_C: i32 = 4;
export const NAL_IDR: i32 = 5;
export const NAL_SEI: i32 = 6;
export const NAL_SPS: i32 = 7;
export const NAL_PPS: i32 = 8;
export const NAL_AUD: i32 = 9;
export const NAL_END_OF_SEQUENCE: i32 = 10;
export const NAL_END_OF_STREAM: i32 = 11;
export const NAL_FILLER: i32 = 12;
export const NAL_SPS_EXTENSION: i32 = 13;
export const NAL_PREFIX: i32 = 14;
export const NAL_SUBSET_SPS: i32 = 15;

// @ts-ignore: decorator
@inline
export function unitType(header: i32): i32 {
  return header & 31;
}

// @ts-ignore: decorator
@inline
export function refIdc(header: i32): i32 {
  return (header >> 5) & 3;
}

/** Slices that a picture consists of: 1..5. Spec: H.264 Table 7-1 (category 2, 3, 4) */
// @ts-ignore: decorator
@inline
export function isSlice(type: i32): bool {
  return type >= NAL_SLICE && type <= NAL_IDR;
}
