/** NAL units of an access unit in Annex B, without start codes and trailing zeros. Spec: H.264 and H.265 Annex B. */
export const nalUnits = (bytes: Uint8Array): Uint8Array[] => {
  const units: Uint8Array[] = []
  let start = -1
  const close = (end: number) => {
    let last = end
    while (last > start && bytes[last - 1] === 0) last--
    if (start >= 0 && last > start) units.push(bytes.subarray(start, last))
  }
  for (let at = bytes.indexOf(1, 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (bytes[at - 1] !== 0 || bytes[at - 2] !== 0) continue
    close(at - 2)
    start = at + 1
  }
  close(bytes.length)
  return units
}

/** The units with a length of four bytes before each. Spec: 14496-15 5.3.4.2. */
export const lengthPrefixed = (units: readonly Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(units.reduce((sum, unit) => sum + 4 + unit.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const unit of units) {
    view.setUint32(at, unit.length)
    out.set(unit, at + 4)
    at += 4 + unit.length
  }
  return out
}

/** Without the bytes that keep start codes out of the payload. Spec: H.264 7.4.1, H.265 7.4.2. */
export const rbsp = (unit: Uint8Array): Uint8Array => {
  const out: number[] = []
  let zeros = 0
  for (const byte of unit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out.push(byte)
  }
  return Uint8Array.from(out)
}

/** Bits, most significant first; zeros behind the end. */
export class BitReader {
  #at = 0

  constructor(private readonly bytes: Uint8Array) {}

  bit(): number {
    const byte = this.bytes[this.#at >> 3] ?? 0
    return (byte >> (7 - (this.#at++ & 7))) & 1
  }

  bits(count: number): number {
    let value = 0
    for (let left = count; left > 0; left--) value = value * 2 + this.bit()
    return value
  }

  skip(count: number): this {
    this.#at += count
    return this
  }

  /** ue(v). Spec: H.264 9.1, H.265 9.2. */
  ue(): number {
    let zeros = 0
    while (zeros < 32 && this.bit() === 0) zeros++
    return 2 ** zeros - 1 + this.bits(zeros)
  }
}
