import { type NewObject, REWRITABLE_BYTES } from '../types.ts'
import type { S3Client } from './s3-client.ts'

/** Parts have at least 5 MiB, but for the last, and there are at most 10,000 (S3 API reference, limits). */
const PARTS_MAX = 9000

/**
 * A large object on its way to the store in parts. The first one is kept until the end, since it may be written again; of the
 * others one at a time is in memory.
 */
export class S3NewObject implements NewObject {
  readonly #partBytes: number
  #first = Buffer.alloc(0)
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #uploadId: string | undefined
  /** of the second part and those behind it */
  readonly #etags: string[] = []

  /** @param bytes about how long it will be; the parts must be large enough for that */
  constructor(
    private readonly client: S3Client,
    private readonly key: string,
    bytes: number,
  ) {
    this.#partBytes = Math.max(REWRITABLE_BYTES, Math.ceil(bytes / PARTS_MAX))
  }

  get #bytes(): number {
    const sent = this.#etags.length * this.#partBytes
    return this.#first.length + sent + this.#waitingBytes
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    const size = this.#partBytes
    const inFirst = Math.max(0, Math.min(data.length, size - position))
    if (inFirst > 0) this.#writeFirst(data.subarray(0, inFirst), position)
    const rest = data.subarray(inFirst)
    if (rest.length === 0) return
    if (position + inFirst !== this.#bytes)
      throw new Error(
        `${this.key}: byte ${position + inFirst} is not the next, nor in the first part`,
      )
    for (let at = 0; at < rest.length; ) {
      const some = rest.subarray(at, at + size - this.#waitingBytes)
      this.#waiting.push(some)
      this.#waitingBytes += some.length
      at += some.length
      if (this.#waitingBytes === size) await this.#send()
    }
  }

  #writeFirst(data: Uint8Array, position: number): void {
    const end = position + data.length
    if (end > this.#first.length) {
      const longer = Buffer.alloc(end)
      longer.set(this.#first)
      this.#first = longer
    }
    this.#first.set(data, position)
  }

  async #send(): Promise<void> {
    this.#uploadId ??= await this.client.beginParts(this.key)
    const part = Buffer.concat(this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    const number = this.#etags.length + 2
    this.#etags.push(await this.client.putPart(this.key, this.#uploadId, number, part))
  }

  async commit(): Promise<void> {
    if (this.#etags.length + this.#waitingBytes === 0) return this.client.put(this.key, this.#first)
    if (this.#waitingBytes > 0) await this.#send()
    const uploadId = this.#uploadId!
    const first = await this.client.putPart(this.key, uploadId, 1, this.#first)
    await this.client.endParts(this.key, uploadId, [first, ...this.#etags])
    this.#uploadId = undefined
  }

  async abort(): Promise<void> {
    if (this.#uploadId !== undefined) await this.client.dropParts(this.key, this.#uploadId)
  }
}
