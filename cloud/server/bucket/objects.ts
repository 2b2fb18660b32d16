import type { BucketObject } from '../contract.ts'
import { forbidden } from '../errors.ts'
import type { GrowingObject, ObjectStore, UnsettledObject } from '../store/objects/types.ts'
import { type BucketReader, sourceOf } from './reader.ts'

/** Where the bytes of a recording, or of a picture, lie in the bucket. */
export type BucketParts = { objects: (BucketObject & { key: string })[]; bytes: number }

const readOnly = (): never => {
  throw forbidden('this server only reads a bucket; recordings are deleted in the bucket itself')
}

/** Recordings in a bucket as the store of a cloud: a slice is one object, whose bytes are read from the objects that it is made of. */
export class BucketObjects implements ObjectStore {
  readonly isShared = false
  readonly appendIntervalMs = 0
  readonly #parts = new Map<string, BucketParts>()

  constructor(private readonly reader: BucketReader) {}

  /** Tells what an object is made of. */
  set(key: string, parts: BucketParts): void {
    this.#parts.set(key, parts)
  }

  size(key: string): Promise<number | undefined> {
    return Promise.resolve(this.#parts.get(key)?.bytes)
  }

  read(key: string, start: number, end: number): ReadableStream<Uint8Array> {
    const pieces = this.#read(this.#parts.get(key)?.objects ?? [], start, end)
    return new ReadableStream({
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
      },
    })
  }

  async *#read(
    objects: BucketParts['objects'],
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array, undefined> {
    for (const object of objects) {
      const from = Math.max(start, object.o) - object.o
      const to = Math.min(end, object.o + object.b) - object.o
      if (to <= from) continue
      const answer = await this.reader.client(sourceOf(object)).get(object.key, from, to)
      if (!answer) throw new Error(`${object.key} is not in the bucket any more`)
      for await (const chunk of answer) yield chunk as Uint8Array
    }
    return undefined
  }

  presign(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  grow(): Promise<GrowingObject> {
    return Promise.resolve().then(readOnly)
  }

  async *unsettled(): AsyncGenerator<UnsettledObject> {}

  resume(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  passing() {
    return Promise.resolve({ lost: [], found: [], superseded: [] })
  }

  supersede(): Promise<void> {
    return Promise.resolve()
  }

  settle(): Promise<void> {
    return Promise.resolve()
  }

  put(): Promise<void> {
    return Promise.resolve().then(readOnly)
  }

  delete(): Promise<void> {
    return Promise.resolve().then(readOnly)
  }

  deleteUnder(): Promise<void> {
    return Promise.resolve().then(readOnly)
  }

  close(): Promise<void> {
    this.reader.close()
    return Promise.resolve()
  }
}
