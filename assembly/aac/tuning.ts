export const TUNE: usize = memory.data<f32>([
  0.05, // 0 floor max
  1.0, // 1 width exponent
  0.45, // 2 rounding
  0.63, // 3 threshold for |q| = 1 (1 - rounding)
  2.0, // 4 overhead bits per coded band
  1.0, // 5 bandwidth factor
  2.0, // 6 pre-echo limit factor
  5.0, // 7 attack ratio
  1.5, // 8 tns gain
  0.3, // 9 window shape
  1.0, 0.06, 0.7, // 10 fullness gain, 11 integral gain, 12 reservoir share
  0.5, 0.001, // 13 floor per price, 14 floor min
  1.5, // 15 price per log2 of overshoot
  8, 16, 2, -1.3, -1, // 16 17 unused, 18 audible, 19 pns flatness, 20 energy
  0,0,0,
]);
// @ts-ignore: decorator
@inline
export function tune(i: i32): f32 { return load<f32>(TUNE + (<usize>i << 2)); }
