import type { Socket } from 'bun'

/** An answer's status and the headers that a camera looks at. */
export type Answer = { status: number; head: string }

const CRLF2 = Buffer.from('\r\n\r\n')

/**
 * One HTTP/1.1 connection that is kept, one request at a time: as much client as a load needs, so that what is measured
 * is the server. Bodies of answers are skipped by their Content-Length.
 */
export class Connection {
  #socket: Socket | undefined
  #out: Uint8Array[] = []
  #outAt = 0
  #in: Uint8Array = new Uint8Array()
  #skip = 0
  #answer: Answer | undefined
  #settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  async open(): Promise<this> {
    await Bun.connect({
      hostname: this.host,
      port: this.port,
      socket: {
        open: (socket) => {
          this.#socket = socket
          socket.setNoDelay(true)
        },
        data: (_, chunk) => this.#receive(chunk),
        drain: () => this.#flush(),
        close: () => this.#fail(new Error('the connection was closed')),
        error: (_, error) => this.#fail(error),
      },
    })
    return this
  }

  /** Sends a request; `head` ends with the empty line. */
  request(head: string, body?: Uint8Array): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#settle) throw new Error('one request at a time')
      this.#settle = { resolve, reject }
      this.#out = body ? [Buffer.from(head, 'latin1'), body] : [Buffer.from(head, 'latin1')]
      this.#outAt = 0
      this.#flush()
    })
  }

  #flush(): void {
    for (;;) {
      const part = this.#out[0]
      if (!part || !this.#socket) return
      const written = this.#socket.write(part, this.#outAt, part.length - this.#outAt)
      if (written < 0) {
        this.#fail(new Error('the connection was closed'))
        return
      }
      this.#outAt += written
      if (this.#outAt < part.length) return
      this.#out.shift()
      this.#outAt = 0
    }
  }

  #receive(chunk: Buffer): void {
    this.#in = this.#in.length > 0 ? Buffer.concat([this.#in, chunk]) : chunk
    if (!this.#answer) {
      const end = Buffer.from(this.#in.buffer, this.#in.byteOffset, this.#in.length).indexOf(CRLF2)
      if (end < 0) return
      const head = String.fromCharCode(...this.#in.subarray(0, end))
      this.#in = this.#in.subarray(end + CRLF2.length)
      const length = /content-length: *(\d+)/i.exec(head)?.[1]
      this.#answer = { status: Number(head.slice(9, 12)), head }
      this.#skip = Number(length ?? 0)
    }
    if (this.#in.length < this.#skip) return
    this.#in = this.#in.slice(this.#skip)
    const answer = this.#answer
    this.#answer = undefined
    const settle = this.#settle
    this.#settle = undefined
    settle?.resolve(answer)
  }

  #fail(error: Error): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.reject(error)
  }

  close(): void {
    this.#socket?.end()
  }
}
