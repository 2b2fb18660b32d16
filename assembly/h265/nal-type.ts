/** NAL unit types. Spec: H.265 Table 7-1 */
export const NAL_RASL_N: i32 = 8;
export const NAL_RASL_R: i32 = 9;
export const NAL_BLA_W_LP: i32 = 16;
export const NAL_BLA_N_LP: i32 = 18;
export const NAL_IDR_W_RADL: i32 = 19;
export const NAL_IDR_N_LP: i32 = 20;
export const NAL_CRA: i32 = 21;
export const NAL_RSV_IRAP_VCL23: i32 = 23;
export const NAL_VPS: i32 = 32;
export const NAL_SPS: i32 = 33;
export const NAL_PPS: i32 = 34;
export const NAL_AUD: i32 = 35;
export const NAL_FILLER: i32 = 38;
export const NAL_PREFIX_SEI: i32 = 39;

/** nal_unit_header is two bytes. Spec: H.265 7.3.1.2 */
export const HEADER_BYTES: i32 = 2;

// @ts-ignore: decorator
@inline
export function unitType(at: usize): i32 {
  return (load<u8>(at) >> 1) & 63;
}

/** nuh_layer_id: this core writes the base layer only. */
// @ts-ignore: decorator
@inline
export function layerId(at: usize): i32 {
  return ((load<u8>(at) & 1) << 5) | (load<u8>(at, 1) >> 3);
}

/** VCL: 0..31, of which 10..15 and 22..31 are reserved. */
// @ts-ignore: decorator
@inline
export function isSlice(type: i32): bool {
  return type <= NAL_RASL_R || (type >= NAL_BLA_W_LP && type <= NAL_CRA);
}

/** Intra random access point. Spec: H.265 3.69 */
// @ts-ignore: decorator
@inline
export function isIrap(type: i32): bool {
  return type >= NAL_BLA_W_LP && type <= NAL_RSV_IRAP_VCL23;
}
