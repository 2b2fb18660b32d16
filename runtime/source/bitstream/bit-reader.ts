/**
 * MSB-first bit reader over an RBSP. Reading past the end gives zeros and latches `overrun`, so a parser checks once,
 * at its end; every loop in a parser is bounded by a limit of the standard, never by what was read.
 */
export class BitReader {
  readonly #bytes: Uint8Array
  #bit = 0
  #overrun = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get overrun(): boolean {
    return this.#overrun
  }

  get bitPosition(): number {
    return this.#bit
  }

  /** Bits before the end of the data, trailing bits included. */
  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#bit
  }

  flag(): boolean {
    return this.u(1) === 1
  }

  /** u(n), n up to 32. */
  u(count: number): number {
    if (count > this.bitsLeft) {
      this.#overrun = true
      this.#bit = this.#bytes.length * 8
      return 0
    }
    let value = 0
    let left = count
    while (left > 0) {
      const inByte = 8 - (this.#bit & 7)
      const take = Math.min(inByte, left)
      const byte = this.#bytes[this.#bit >> 3]!
      // multiplied, not shifted: a 32-bit value must stay unsigned
      value = value * 2 ** take + ((byte >> (inByte - take)) & (2 ** take - 1))
      this.#bit += take
      left -= take
    }
    return value
  }

  skip(count: number): void {
    if (count > this.bitsLeft) {
      this.#overrun = true
      this.#bit = this.#bytes.length * 8
    } else this.#bit += count
  }

  /** ue(v). Spec: H.264 9.1, H.265 9.2. At most 32 leading zeros; more is a fault of the stream. */
  ue(): number {
    let zeros = 0
    while (!this.#overrun && this.u(1) === 0)
      if (++zeros > 32) {
        this.#overrun = true
        return 0
      }
    return 2 ** zeros - 1 + this.u(zeros)
  }

  /** se(v). Spec: H.264 9.1.1, H.265 9.2.2. */
  se(): number {
    const code = this.ue()
    const magnitude = Math.ceil(code / 2)
    return code % 2 === 1 ? magnitude : 0 - magnitude
  }

  /** Whether data stands before the rbsp_trailing_bits. Spec: H.264 7.2, H.265 7.2 more_rbsp_data(). */
  moreRbspData(): boolean {
    let last = this.#bytes.length - 1
    while (last >= 0 && this.#bytes[last] === 0) last--
    if (last < 0) return false
    const byte = this.#bytes[last]!
    const stopBit = last * 8 + 7 - Math.log2(byte & -byte)
    return this.#bit < stopBit
  }
}
