/** Head of a response at most, as most clients have it. */
const HEAD_MAX_BYTES = 16 * 1024
/** What an ingest answers is empty or a short text; more than this is not from one. */
const BODY_MAX_BYTES = 64 * 1024

const CR = 13
const LF = 10

export type ParserState =
  | 'head'
  | 'length'
  | 'chunk-size'
  | 'chunk'
  | 'trailer'
  | 'close'
  | 'done'
  | 'bad'

/**
 * One HTTP/1.1 response, fed in pieces as they arrive. Strict where leniency would let two sides disagree on where a
 * response ends. Spec: RFC 9112 4 (status line), 5 (fields), 6.3 (length), 7.1 (chunked).
 */
export class ResponseParser {
  readonly #noBody: boolean
  #pending = new Uint8Array(0)
  #left = 0
  #body: Uint8Array[] = []
  #bodyBytes = 0
  state: ParserState = 'head'
  status = 0
  /** names in lower case; of repeated fields the last */
  headers = new Map<string, string>()
  /** whether the connection can carry another request */
  keepAlive = true

  /** @param method of the request: an answer to HEAD has a length and no body */
  constructor(method: string) {
    this.#noBody = method === 'HEAD'
  }

  get body(): Uint8Array {
    const whole = new Uint8Array(this.#bodyBytes)
    let at = 0
    for (const part of this.#body) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  /** Takes what arrived; afterwards `state` tells whether the response is complete ('done'), malformed ('bad') or goes on. */
  push(bytes: Uint8Array): void {
    let data = bytes
    if (this.#pending.length > 0) {
      data = new Uint8Array(this.#pending.length + bytes.length)
      data.set(this.#pending)
      data.set(bytes, this.#pending.length)
    }
    let at = 0
    while (at < data.length && this.state !== 'done' && this.state !== 'bad') {
      const used = this.#step(data, at)
      if (used === 0) break
      at += used
    }
    // bytes after the end belong to nothing that was asked
    if (this.state === 'done' && at < data.length) this.keepAlive = false
    this.#pending = data.slice(at)
    if (this.#pending.length > HEAD_MAX_BYTES) this.state = 'bad'
  }

  /** The connection was closed by the server. */
  end(): void {
    this.keepAlive = false
    if (this.state === 'close') this.state = 'done'
    else if (this.state !== 'done') this.state = 'bad'
  }

  /** Consumes from `at`; 0 when more is needed. */
  #step(data: Uint8Array, at: number): number {
    switch (this.state) {
      case 'length':
      case 'chunk':
      case 'close':
        return this.#take(data, at)
      default: {
        const end = lineEnd(data, at)
        if (end < 0) return 0
        this.#line(latin1(data, at, end))
        return end + 2 - at
      }
    }
  }

  #take(data: Uint8Array, at: number): number {
    const length =
      this.state === 'close' ? data.length - at : Math.min(this.#left, data.length - at)
    this.#body.push(data.slice(at, at + length))
    this.#bodyBytes += length
    if (this.#bodyBytes > BODY_MAX_BYTES) this.state = 'bad'
    else if (this.state !== 'close') {
      this.#left -= length
      if (this.#left === 0) this.state = this.state === 'length' ? 'done' : 'chunk-size'
    }
    return length
  }

  #line(line: string): void {
    if (this.state === 'chunk-size') this.#chunkSize(line)
    else if (this.state === 'trailer') {
      if (line === '') this.state = 'done'
    } else if (this.status === 0) this.#statusLine(line)
    else if (line === '') this.#headEnded()
    else this.#field(line)
  }

  #statusLine(line: string): void {
    const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(line)
    if (!match) {
      this.state = 'bad'
      return
    }
    this.keepAlive = match[1] === '1'
    this.status = Number(match[2])
  }

  #field(line: string): void {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line)
    if (match) this.headers.set(match[1]!.toLowerCase(), match[2]!)
    else this.state = 'bad'
  }

  #headEnded(): void {
    const connection = this.headers.get('connection')?.toLowerCase()
    if (connection === 'close') this.keepAlive = false
    else if (connection === 'keep-alive') this.keepAlive = true
    if (this.status >= 100 && this.status < 200) {
      // an interim response: the real one follows
      this.status = 0
      this.headers = new Map()
      return
    }
    if (this.#noBody || this.status === 204 || this.status === 304) {
      this.state = 'done'
      return
    }
    const encoding = this.headers.get('transfer-encoding')
    const length = this.headers.get('content-length')
    if (encoding !== undefined) {
      // both at once is how responses are smuggled
      this.state =
        encoding.toLowerCase() === 'chunked' && length === undefined ? 'chunk-size' : 'bad'
    } else if (length === undefined) this.state = 'close'
    else if (!/^\d{1,15}$/.test(length)) this.state = 'bad'
    else {
      this.#left = Number(length)
      this.state = this.#left === 0 ? 'done' : 'length'
    }
  }

  /** Spec: RFC 9112 7.1: size, data, an empty line; the line after data is read here as one without a size. */
  #chunkSize(line: string): void {
    if (line === '' && this.#bodyBytes > 0) return
    const match = /^([0-9a-fA-F]{1,8})(?:[ \t]*;.*)?$/.exec(line)
    if (!match) {
      this.state = 'bad'
      return
    }
    this.#left = Number.parseInt(match[1]!, 16)
    this.state = this.#left === 0 ? 'trailer' : 'chunk'
  }
}

const lineEnd = (data: Uint8Array, from: number): number => {
  for (let at = data.indexOf(LF, from); at >= 0; at = data.indexOf(LF, at + 1))
    if (at > from && data[at - 1] === CR) return at - 1
  return -1
}

const latin1 = (data: Uint8Array, from: number, to: number): string =>
  Buffer.from(data.buffer, data.byteOffset + from, to - from).toString('latin1')
