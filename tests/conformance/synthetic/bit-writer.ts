/** MSB-first bits for the synthetic streams. */
export class BitWriter {
  private readonly bytes: number[] = []
  private current = 0
  private free = 8

  /** u(n), n ≤ 32. */
  u(count: number, value: number): this {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.current = (this.current << 1) | (Math.floor(value / 2 ** bit) & 1)
      if (--this.free === 0) this.flush()
    }
    return this
  }

  /** Spec: H.264 9.1, H.265 9.2 */
  ue(value: number): this {
    const length = 31 - Math.clz32(value + 1)
    return this.u(length, 0).u(length + 1, value + 1)
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value)
  }

  zerosToByte(): this {
    while (this.free !== 8) this.u(1, 0)
    return this
  }

  /** rbsp_trailing_bits(). Spec: H.264 7.3.2.11, H.265 7.3.2.11 */
  trailing(): this {
    return this.u(1, 1).zerosToByte()
  }

  /** Whole bytes; the position must be aligned. */
  raw(bytes: Iterable<number>): this {
    if (this.free !== 8) throw new Error('raw bytes at an unaligned position')
    for (const byte of bytes) this.bytes.push(byte)
    return this
  }

  get value(): Uint8Array {
    if (this.free !== 8) throw new Error('the last byte is not complete')
    return Uint8Array.from(this.bytes)
  }

  private flush(): void {
    this.bytes.push(this.current & 0xff)
    this.current = 0
    this.free = 8
  }
}
