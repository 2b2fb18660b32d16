import { type Box, parseBoxHeader } from './box.ts'

/** A fragment of ours has about a megabyte; the body of a larger mdat is skipped, so that memory stays bounded. */
const BOX_MAX_BYTES = 64 * 1024 * 1024
const HEADER_MAX_BYTES = 16

export type ReaderHandler = {
  box(box: Box): void
  /** a box whose body is too large to be kept */
  large(box: Omit<Box, 'body'>): void
  broken(offset: number, message: string): void
}

/** Top-level boxes of a file given in chunks of any size. */
export class BoxReader {
  readonly #handler: ReaderHandler
  #chunks: Uint8Array[] = []
  #buffered = 0
  #offset = 0
  #needed = HEADER_MAX_BYTES
  #skip = 0
  #broken = false
  #toEnd = false

  constructor(handler: ReaderHandler) {
    this.#handler = handler
  }

  get offset(): number {
    return this.#offset
  }

  push(chunk: Uint8Array): void {
    if (this.#broken) return
    let bytes = chunk
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, bytes.length)
      this.#skip -= skipped
      this.#offset += skipped
      bytes = bytes.subarray(skipped)
    }
    if (bytes.length === 0) return
    this.#chunks.push(bytes.slice())
    this.#buffered += bytes.length
    if (this.#buffered >= this.#needed && !this.#toEnd) this.#read(false)
  }

  finish(): void {
    if (this.#broken) return
    if (this.#buffered > 0) this.#read(true)
    if (this.#skip > 0)
      this.#handler.broken(this.#offset, `${this.#skip} bytes of the last box are missing`)
  }

  #read(ended: boolean): void {
    const bytes = this.#joined()
    let at = 0
    this.#needed = HEADER_MAX_BYTES
    while (at < bytes.length) {
      const header = parseBoxHeader(bytes, at)
      const left = bytes.length - at
      if (!header) {
        if (ended) this.#fail(`${left} bytes are no box header`)
        break
      }
      // size 0: to the end of the file
      const size = header.size === 0 ? (ended ? left : Number.POSITIVE_INFINITY) : header.size
      if (size < header.headerBytes) {
        this.#fail(`box ${JSON.stringify(header.type)} of ${size} bytes`)
        break
      }
      if (size === Number.POSITIVE_INFINITY) {
        this.#toEnd = true
        break
      }
      if (size > BOX_MAX_BYTES) {
        this.#handler.large({ ...header, offset: this.#offset })
        const skipped = Math.min(left, size)
        this.#skip = size - skipped
        this.#offset += skipped
        at += skipped
        continue
      }
      if (size > left) {
        if (ended)
          this.#fail(`box ${JSON.stringify(header.type)} of ${size} bytes, ${left} are left`)
        this.#needed = size
        break
      }
      const body = bytes.subarray(at + header.headerBytes, at + size)
      this.#handler.box({ ...header, size, offset: this.#offset, body })
      at += size
      this.#offset += size
    }
    const rest = bytes.subarray(at)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#buffered = rest.length
  }

  #fail(message: string): void {
    this.#broken = true
    this.#handler.broken(this.#offset, message)
  }

  #joined(): Uint8Array {
    const only = this.#chunks[0]
    if (this.#chunks.length === 1 && only) return only
    const bytes = new Uint8Array(this.#buffered)
    let at = 0
    for (const chunk of this.#chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    return bytes
  }
}
