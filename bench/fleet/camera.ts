import { randomBytes } from 'node:crypto'
import type { AppendIndex, Piece, SliceStart } from '../../runtime/mqtt/messages.ts'
import { CHUNK_BYTES, CHUNKS } from './chunks.ts'
import { type Answer, Connection } from './connection.ts'

/** Seconds, and with that appends, of a slice; a GOP, and with that a piece, has two of them. */
export const SLICE_CHUNKS = 10
const GOP_CHUNKS = 2
const FRAMES_PER_CHUNK = 25

export type Grant = { token: string; url: string }

/** Sends chunks of a second one after the other. */
export type Sender = {
  /** @param dueMs when the camera had the chunk */
  send(dueMs: number): Promise<void>
  close(): void
}

const expect = (answer: Answer, ...wanted: number[]): void => {
  if (!wanted.includes(answer.status)) throw new Error(`answered ${answer.head}`)
}

/** A camera that speaks the protocol (docs/PROTOCOL.md, 2): slices of 10 s, created, appended to each second, ended. */
export class Camera implements Sender {
  readonly #connection: Connection
  readonly #boot = randomBytes(8).toString('hex')
  readonly #path: string
  readonly #common: string
  #number = 0
  /** chunks of the slice that are sent; where in a slice a camera begins is left to chance */
  #chunk = SLICE_CHUNKS
  #sliceChunks = 1 + Math.floor(Math.random() * SLICE_CHUNKS)
  #startMs = 0
  #id = ''

  constructor(grant: Grant) {
    const url = new URL(grant.url)
    this.#connection = new Connection(url.hostname, Number(url.port))
    this.#path = url.pathname
    this.#common = `Host: ${url.host}\r\nAuthorization: Bearer ${grant.token}\r\nTus-Resumable: 1.0.0\r\n`
  }

  async open(): Promise<this> {
    await this.#connection.open()
    return this
  }

  async #create(startMs: number): Promise<void> {
    this.#id = `${this.#boot}-${String(++this.#number).padStart(8, '0')}`
    this.#startMs = startMs
    this.#chunk = 0
    const start: SliceStart = {
      ...{ id: this.#id, format: 'ts', codecs: 'avc1.64001f,mp4a.40.2', width: 1280, height: 720 },
      ...{ startUtcMs: startMs, startPtsMs: startMs, startSeq: 0, initBytes: 0 },
      discontinuity: this.#number === 1,
    }
    const slice = Buffer.from(JSON.stringify(start)).toString('base64')
    const head = `POST ${this.#path} HTTP/1.1\r\n${this.#common}Upload-Defer-Length: 1\r\nUpload-Metadata: slice ${slice}\r\nContent-Length: 0\r\n\r\n`
    expect(await this.#connection.request(head), 201)
  }

  #piece(chunk: number): Piece {
    const first = chunk - (chunk % GOP_CHUNKS)
    const chunks = chunk - first + 1
    const isOpen = chunks < GOP_CHUNKS && chunk + 1 < this.#sliceChunks
    return {
      ...{ o: first * CHUNK_BYTES, b: chunks * CHUNK_BYTES, t: this.#startMs + first * 1000 },
      ...{ d: chunks * 1000, n: chunks * FRAMES_PER_CHUNK, k: 1 },
      ...(isOpen && { open: 1 as const }),
    }
  }

  async send(dueMs: number): Promise<void> {
    if (this.#chunk >= this.#sliceChunks || this.#number === 0) {
      if (this.#number > 0) this.#sliceChunks = SLICE_CHUNKS
      // its pictures are a second old when the chunk is whole
      await this.#create(Math.round(dueMs) - 1000)
    }
    const chunk = this.#chunk
    const { data, sha256 } = CHUNKS[(this.#number + chunk) % CHUNKS.length]!
    const index: AppendIndex = { pieces: [this.#piece(chunk)] }
    let last = ''
    if (chunk + 1 === this.#sliceChunks) {
      const ms = (chunk + 1) * 1000
      index.end = {
        ...{ endUtcMs: this.#startMs + ms, endPtsMs: this.#startMs + ms },
        ...{ endSeq: 1, frames: (chunk + 1) * FRAMES_PER_CHUNK, reason: 'idr' },
      }
      last = `Upload-Length: ${(chunk + 1) * CHUNK_BYTES}\r\n`
    }
    const head = `PATCH ${this.#path}/${this.#id} HTTP/1.1\r\n${this.#common}${last}Upload-Offset: ${chunk * CHUNK_BYTES}\r\nContent-Type: application/offset+octet-stream\r\nUpload-Checksum: sha256 ${sha256}\r\nSkyrill-Index: ${JSON.stringify(index)}\r\nContent-Length: ${data.length}\r\n\r\n`
    expect(await this.#connection.request(head, data), 204)
    this.#chunk++
  }

  close(): void {
    this.#connection.close()
  }
}

/** The ceiling: each chunk is a file of its own on a web server (WebDAV PUT), with nothing known of it. */
export class PutSender implements Sender {
  readonly #connection: Connection
  #number = 0

  constructor(
    private readonly url: URL,
    private readonly name: string,
  ) {
    this.#connection = new Connection(url.hostname, Number(url.port))
  }

  async open(): Promise<this> {
    await this.#connection.open()
    return this
  }

  async send(): Promise<void> {
    const { data } = CHUNKS[this.#number % CHUNKS.length]!
    const head = `PUT /${this.name}-${this.#number++} HTTP/1.1\r\nHost: ${this.url.host}\r\nContent-Length: ${data.length}\r\n\r\n`
    expect(await this.#connection.request(head, data), 201, 204)
  }

  close(): void {
    this.#connection.close()
  }
}
