/** Big-endian fields of a box body. Reading past the end gives zeros and latches `overrun`: checked once per box. */
export class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  at = 0
  overrun = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  #room(count: number): boolean {
    if (count <= this.left) return true
    this.overrun = true
    this.at = this.#bytes.length
    return false
  }

  u8(): number {
    if (!this.#room(1)) return 0
    return this.#view.getUint8(this.at++)
  }

  u16(): number {
    if (!this.#room(2)) return 0
    this.at += 2
    return this.#view.getUint16(this.at - 2)
  }

  u24(): number {
    return this.u8() * 65536 + this.u16()
  }

  u32(): number {
    if (!this.#room(4)) return 0
    this.at += 4
    return this.#view.getUint32(this.at - 4)
  }

  i32(): number {
    return this.u32() | 0
  }

  /** Exact up to 2^53, which is 285 years at 1 GHz; larger values lose their lowest bits. */
  u64(): number {
    return this.u32() * 2 ** 32 + this.u32()
  }

  bytes(count: number): Uint8Array {
    if (!this.#room(count)) return new Uint8Array(0)
    this.at += count
    return this.#bytes.subarray(this.at - count, this.at)
  }

  skip(count: number): void {
    if (this.#room(count)) this.at += count
  }

  fourcc(): string {
    return Buffer.from(this.bytes(4)).toString('latin1')
  }
}
