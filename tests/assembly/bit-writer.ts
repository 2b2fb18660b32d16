/** MSB-first bits, for streams that tests put together field by field. */
export class BitWriter {
  readonly #bits: number[] = []

  u(count: number, value: number | bigint): this {
    const big = BigInt(value)
    for (let bit = count - 1; bit >= 0; bit--) this.#bits.push(Number((big >> BigInt(bit)) & 1n))
    return this
  }

  /** ue(v). Spec: H.264 9.1 */
  ue(value: number): this {
    const code = BigInt(value) + 1n
    const length = code.toString(2).length
    return this.u(length - 1, 0).u(length, code)
  }

  /** se(v). Spec: H.264 9.1.1 */
  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value)
  }

  flag(value: boolean): this {
    return this.u(1, value ? 1 : 0)
  }

  /** rbsp_trailing_bits */
  trailing(): this {
    this.u(1, 1)
    while (this.#bits.length % 8 !== 0) this.#bits.push(0)
    return this
  }

  get length(): number {
    return this.#bits.length
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8))
    this.#bits.forEach((bit, index) => {
      bytes[index >> 3]! |= bit << (7 - (index & 7))
    })
    return bytes
  }
}

/** Inserts emulation prevention. Spec: H.264 7.4.1 */
export const preventEmulation = (rbsp: Uint8Array): Uint8Array => {
  const out: number[] = []
  let zeros = 0
  for (const byte of rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push(3)
      zeros = 0
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out.push(byte)
  }
  return Uint8Array.from(out)
}

export const concat = (...parts: ArrayLike<number>[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Units with 4-byte (or 3-byte) start codes. */
export const annexB = (units: Uint8Array[], startCode: number[] = [0, 0, 0, 1]): Uint8Array =>
  concat(...units.flatMap((unit) => [startCode, unit]))
