/** nal_unit_type. Spec: H.265 Table 7-1. */
export const H265_NAL = {
  TRAIL_N: 0,
  RADL_N: 6,
  RADL_R: 7,
  RASL_N: 8,
  RASL_R: 9,
  BLA_W_LP: 16,
  IDR_W_RADL: 19,
  IDR_N_LP: 20,
  CRA: 21,
  RSV_IRAP_23: 23,
  VPS: 32,
  SPS: 33,
  PPS: 34,
  AUD: 35,
  END_OF_SEQUENCE: 36,
  END_OF_BITSTREAM: 37,
  FILLER: 38,
  PREFIX_SEI: 39,
  SUFFIX_SEI: 40,
} as const

/** Largest type of a slice segment; all types below it are VCL. */
const LAST_VCL = 31

export const h265NalType = (header: number): number => (header >> 1) & 0x3f
export const isH265Slice = (type: number): boolean => type <= LAST_VCL
export const isH265Irap = (type: number): boolean =>
  type >= H265_NAL.BLA_W_LP && type <= H265_NAL.RSV_IRAP_23
export const isH265Rasl = (type: number): boolean =>
  type === H265_NAL.RASL_N || type === H265_NAL.RASL_R

/** Units that, after a picture's last slice, belong to the next access unit. Spec: H.265 7.4.2.4.4. */
export const startsH265AccessUnit = (type: number): boolean =>
  (type >= H265_NAL.VPS && type <= H265_NAL.AUD) ||
  type === H265_NAL.PREFIX_SEI ||
  (type >= 41 && type <= 44) ||
  (type >= 48 && type <= 55)

const NAMES: Record<number, string> = {
  0: 'trail-n',
  1: 'trail-r',
  2: 'tsa-n',
  3: 'tsa-r',
  4: 'stsa-n',
  5: 'stsa-r',
  6: 'radl-n',
  7: 'radl-r',
  8: 'rasl-n',
  9: 'rasl-r',
  16: 'bla-w-lp',
  17: 'bla-w-radl',
  18: 'bla-n-lp',
  19: 'idr-w-radl',
  20: 'idr-n-lp',
  21: 'cra',
  32: 'vps',
  33: 'sps',
  34: 'pps',
  35: 'aud',
  36: 'end-of-sequence',
  37: 'end-of-bitstream',
  38: 'filler',
  39: 'prefix-sei',
  40: 'suffix-sei',
}

export const h265NalName = (type: number): string => NAMES[type] ?? `nal-${type}`
