const FOURCC = /^[\x20-\x7e\xa9]{4}$/

export type Box = { type: string; start: number; body: Uint8Array; size: number }

const view = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Boxes of a body, one after the other. What does not fit ends the list. Spec: 14496-12 4.2. */
export const readBoxes = (bytes: Uint8Array): Box[] => {
  const boxes: Box[] = []
  const data = view(bytes)
  for (let at = 0; at + 8 <= bytes.length; ) {
    let size = data.getUint32(at)
    let header = 8
    if (size === 1 && at + 16 <= bytes.length) {
      size = Number(data.getBigUint64(at + 8))
      header = 16
    }
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    if (size < header || at + size > bytes.length || !FOURCC.test(type)) break
    boxes.push({ type, start: at, size, body: bytes.subarray(at + header, at + size) })
    at += size
  }
  return boxes
}

/** The first box on a path of containers. */
export const findBox = (bytes: Uint8Array, ...path: string[]): Box | undefined => {
  let body = bytes
  let found: Box | undefined
  for (const type of path) {
    found = readBoxes(body).find((box) => box.type === type)
    if (!found) return undefined
    body = found.body
  }
  return found
}

/** Reads a full box: fields one after the other, big endian. */
export class BoxReader {
  readonly version: number
  readonly flags: number
  readonly #data: DataView
  #at = 4

  constructor(box: Pick<Box, 'body'>) {
    this.#data = view(box.body)
    const head = box.body.length >= 4 ? this.#data.getUint32(0) : 0
    this.version = head >>> 24
    this.flags = head & 0xffffff
  }

  skip(bytes: number): this {
    this.#at += bytes
    return this
  }

  u16(): number {
    this.#at += 2
    return this.#data.getUint16(this.#at - 2)
  }

  u32(): number {
    this.#at += 4
    return this.#data.getUint32(this.#at - 4)
  }

  i32(): number {
    this.#at += 4
    return this.#data.getInt32(this.#at - 4)
  }

  u64(): number {
    this.#at += 8
    return Number(this.#data.getBigUint64(this.#at - 8))
  }
}

export type Part = Uint8Array | number[] | string

export const bytesOf = (...parts: Part[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
    ),
  )

export const u8 = (...values: number[]): number[] => values
export const u16 = (value: number): number[] => [(value >>> 8) & 255, value & 255]
export const u32 = (value: number): number[] => [
  (value >>> 24) & 255,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
]
export const u64 = (value: number): number[] => [
  ...u32(Math.floor(value / 2 ** 32)),
  ...u32(value % 2 ** 32),
]
export const zeros = (count: number): number[] => new Array<number>(count).fill(0)

export const box = (type: string, ...parts: Part[]): Uint8Array => {
  const body = bytesOf(...parts)
  return bytesOf(u32(body.length + 8), type, body)
}

export const fullBox = (
  type: string,
  version: number,
  flags: number,
  ...parts: Part[]
): Uint8Array => box(type, u32(version * 2 ** 24 + flags), ...parts)
