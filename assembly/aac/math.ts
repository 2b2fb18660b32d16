// Elementary functions that give the same bits on every engine: polynomials and correctly rounded operations only.

/** cos(2 pi numerator / denominator), by symmetry from the first eighth of the circle and a Taylor sum. */
export function cosTurn(numerator: i32, denominator: i32): f64 {
  let turn = <f64>(numerator % denominator) / <f64>denominator;
  if (turn > 0.5) turn = 1.0 - turn; // cos is even
  if (turn > 0.25) return -quarter(0.5 - turn);
  return quarter(turn);
}

/** sin(2 pi numerator / denominator) */
export function sinTurn(numerator: i32, denominator: i32): f64 {
  return cosTurn(4 * numerator + 3 * denominator, 4 * denominator); // sin a = cos(a - pi / 2)
}

/** cos(2 pi turn), 0 <= turn <= 1/4 */
function quarter(turn: f64): f64 {
  const x = 6.283185307179586 * (turn > 0.125 ? 0.25 - turn : turn);
  const odd = turn > 0.125;
  let term = odd ? x : 1.0;
  let sum = term;
  for (let n = odd ? 2 : 1; n < 20; n += 2) {
    term *= -x * x / (<f64>n * <f64>(n + 1));
    sum += term;
  }
  return sum;
}

/** Base-2 logarithm of a positive normal number; absolute error below 2e-5. */
// @ts-ignore: decorator
@inline
export function log2(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  const t = reinterpret<f32>((bits & 0x007fffff) | 0x3f800000) - 1.0;
  return <f32>((bits >> 23) - 127) + log2Mantissa(t);
}

// log2(1 + t), 0 <= t < 1: least-squares on Chebyshev nodes, degree 5
export const L0: f32 = 1.4390930118679535e-05;
export const L1: f32 = 1.4415920972824097;
export const L2: f32 = -0.7072534561157227;
export const L3: f32 = 0.4115614891052246;
export const L4: f32 = -0.18983244895935059;
export const L5: f32 = 0.04392862692475319;

// @ts-ignore: decorator
@inline
function log2Mantissa(t: f32): f32 {
  return L0 + t * (L1 + t * (L2 + t * (L3 + t * (L4 + t * L5))));
}

/** 2^x, with x limited to -120..120; relative error below 4e-6. */
export function exp2(exponent: f32): f32 {
  const x = max<f32>(min<f32>(exponent, 120), -120);
  const whole = floor<f32>(x);
  const t = x - whole;
  const fraction: f32 =
    E0 + t * (E1 + t * (E2 + t * (E3 + t * E4)));
  return reinterpret<f32>(reinterpret<i32>(fraction) + (<i32>whole << 23));
}

// 2^t, 0 <= t < 1, degree 4
const E0: f32 = 1.0000035762786865;
const E1: f32 = 0.692969560623169;
const E2: f32 = 0.24162131547927856;
const E3: f32 = 0.05171773582696915;
const E4: f32 = 0.013683983124792576;

/** 2^(quarters / 4), exact powers times one of four literals. */
export function exp2Quarter(quarters: i32): f64 {
  const part = quarters & 3;
  const root = part == 0 ? 1.0 : part == 1 ? 1.189207115002721 : part == 2 ? 1.4142135623730951 : 1.681792830507429;
  return root * powerOfTwo(quarters >> 2);
}

/** 2^exponent for exponents of normal numbers */
// @ts-ignore: decorator
@inline
export function powerOfTwo(exponent: i32): f64 {
  return reinterpret<f64>(<i64>(exponent + 1023) << 52);
}

/** Cube root of a number >= 1, by Newton's iteration from a guess on the exponent. */
export function cubeRoot(x: f64): f64 {
  let y = powerOfTwo(<i32>((reinterpret<i64>(x) >> 52) - 1023) / 3);
  for (let i = 0; i < 9; i++) y = (2.0 * y + x / (y * y)) / 3.0;
  return y;
}
