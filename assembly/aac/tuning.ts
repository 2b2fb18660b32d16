export const TUNE: usize = memory.data<f32>([
  0.03, // 0 floor of noise to mask ratio
  1.0, // 1 width exponent
  0.4054, // 2 rounding
  0.6, // 3 threshold for |q| = 1 (1 - rounding)
  3.0, // 4 overhead bits per coded band
  1.0, // 5 bandwidth factor
  4.0, // 6 pre-echo limit factor
  8.0, // 7 attack ratio
  1.4, // 8 tns gain
  0, // 9 window shape
  0.15, 0.02, 0.3, // 10 controller
  0,0,0,
]);
// @ts-ignore: decorator
@inline
export function tune(i: i32): f32 { return load<f32>(TUNE + (<usize>i << 2)); }
