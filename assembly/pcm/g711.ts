/** Expansion of G.711 to 16-bit samples. Spec: G.711 tables 1a, 2a; the decoder output values, shifted up to 16 bits. */

/** A-law: even bits are inverted on the line; 13-bit values. */
// @ts-ignore: decorator
@inline
export function expandA(code: i32): i32 {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8; // the middle of the interval
  const magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1);
  return (bits & 0x80) != 0 ? magnitude : -magnitude;
}

/** Mu-law: all bits are inverted on the line; 14-bit values. */
// @ts-ignore: decorator
@inline
export function expandU(code: i32): i32 {
  const bits = ~code;
  const magnitude = ((((bits & 15) << 3) + 0x84) << ((bits >> 4) & 7)) - 0x84;
  return (bits & 0x80) != 0 ? -magnitude : magnitude;
}
