/** Sampling frequencies by index. Spec: 14496-3 Table 1.18 (samplingFrequencyIndex) */
const TABLE = memory.data<i32>([
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]);
const COUNT: i32 = 13;

/** Index of a rate in Hz, -1 when it has none. */
export function frequencyIndex(rate: i32): i32 {
  for (let index: i32 = 0; index < COUNT; index++) if (load<i32>(TABLE + (index << 2)) == rate) return index;
  return -1;
}

/** Rate in Hz of an index, 0 for reserved ones. */
export function frequencyOf(index: i32): i32 {
  return <u32>index < <u32>COUNT ? load<i32>(TABLE + (index << 2)) : 0;
}
