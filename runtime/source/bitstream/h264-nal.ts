/** nal_unit_type. Spec: H.264 Table 7-1. */
export const H264_NAL = {
  SLICE: 1,
  PARTITION_A: 2,
  PARTITION_B: 3,
  PARTITION_C: 4,
  IDR_SLICE: 5,
  SEI: 6,
  SPS: 7,
  PPS: 8,
  AUD: 9,
  END_OF_SEQUENCE: 10,
  END_OF_STREAM: 11,
  FILLER: 12,
  SPS_EXTENSION: 13,
  PREFIX: 14,
  SUBSET_SPS: 15,
  RESERVED_18: 18,
} as const

export const h264NalType = (header: number): number => header & 0x1f
export const h264RefIdc = (header: number): number => (header >> 5) & 3

/** A NAL unit that carries a slice header. Spec: H.264 7.3.2.8 to 7.3.2.9.1. */
export const isH264Slice = (type: number): boolean =>
  type === H264_NAL.SLICE || type === H264_NAL.PARTITION_A || type === H264_NAL.IDR_SLICE

/** Units that, after a picture's last slice, belong to the next access unit. Spec: H.264 7.4.1.2.3. */
export const startsH264AccessUnit = (type: number): boolean =>
  (type >= H264_NAL.SEI && type <= H264_NAL.AUD) ||
  (type >= H264_NAL.PREFIX && type <= H264_NAL.RESERVED_18)

const NAMES: Record<number, string> = {
  1: 'slice',
  2: 'slice-a',
  3: 'slice-b',
  4: 'slice-c',
  5: 'idr',
  6: 'sei',
  7: 'sps',
  8: 'pps',
  9: 'aud',
  10: 'end-of-sequence',
  11: 'end-of-stream',
  12: 'filler',
  13: 'sps-extension',
  14: 'prefix',
  15: 'subset-sps',
  19: 'auxiliary-slice',
  20: 'slice-extension',
}

export const h264NalName = (type: number): string => NAMES[type] ?? `nal-${type}`
