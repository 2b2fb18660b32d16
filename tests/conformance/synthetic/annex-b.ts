/** Annex B byte stream around NAL units. Spec: H.264 Annex B, 7.4.1; H.265 Annex B, 7.3.1.1 */

/** Puts emulation_prevention_three_byte where the payload would hold a start code. */
const emulate = (rbsp: Uint8Array): number[] => {
  const out: number[] = []
  let zeros = 0
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3)
      zeros = 0
    }
    out.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return out
}

/** A NAL unit behind a start code of three or four bytes. */
export const nalUnit = (header: readonly number[], rbsp: Uint8Array, startCode: 3 | 4 = 4) =>
  Uint8Array.from([...(startCode === 4 ? [0] : []), 0, 0, 1, ...header, ...emulate(rbsp)])

export const join = (...parts: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
