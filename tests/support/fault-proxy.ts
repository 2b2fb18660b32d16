import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A request as the proxy reads it: the bytes of its head and how long its body is. */
export type ProxiedRequest = { method: string; path: string }

/**
 * What goes wrong. Faults of requests need HTTP; those of the line work on anything over TCP, where each piece that a client sends counts as a request.
 */
export type Fault =
  /** nobody listens any more: open connections end, new ones are refused */
  | { kind: 'refuse' }
  /** the line ends when a request comes */
  | { kind: 'cut' }
  /** the same with RST */
  | { kind: 'reset' }
  /** nothing more is read or passed on, and nobody is told: goes on when it heals */
  | { kind: 'stall' }
  /** the other side is gone without a word: what comes is read and thrown away, nothing is answered */
  | { kind: 'half-open' }
  | { kind: 'throttle'; bytesPerS: number }
  | { kind: 'delay'; ms: number }
  /** new connections lead to another server */
  | { kind: 'elsewhere'; port: number }
  /** so much of the request is passed on, then the line ends on both sides */
  | { kind: 'cut-request'; afterBytes: number }
  /** the request is carried out, so much of its answer comes back, then the line ends */
  | { kind: 'cut-answer'; afterBytes: number }
  /** the request is carried out, its answer never comes and the line stays */
  | { kind: 'hold-answer' }
  /** an answer waits until one on another connection has overtaken it, or so long */
  | { kind: 'reorder'; maxMs: number }
  /** the proxy answers in the cloud's place, once it has the whole request */
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** the same before the body has been read, and the line ends */
  | { kind: 'early-answer'; status: number; headers?: Record<string, string>; body?: string }
  /** bytes that are no HTTP */
  | { kind: 'garbage' }

/** Which requests a fault strikes: all of them, unless narrowed. */
export type Aim = {
  match?: (request: ProxiedRequest) => boolean
  /** no more than so many; then the line is well although `heal` has not been called */
  limit?: number
}

export type FaultProxyOptions = {
  target: { host?: string; port: number }
  /** 'tcp' passes on what it does not understand */
  protocol: 'http' | 'tcp'
}

const THROTTLE_PIECES_PER_S = 8
const GARBAGE = '\u0015\u0003\u0001 this is no answer\r\n\r\n'
const HEAD_END = '\r\n\r\n'

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Gate<T> = { promise: Promise<T>; open(value: T): void }

const gate = <T>(): Gate<T> => {
  let open: (value: T) => void = () => {}
  const promise = new Promise<T>((resolve) => {
    open = resolve
  })
  return { promise, open }
}

/**
 * Stands between a device and what it speaks to, on loopback, and does to the line what networks do. One fault at a time, from `set` until `heal`;
 * `hits` counts what it has struck, so that tests wait for a fault to have bitten rather than for time to pass.
 */
export class FaultProxy {
  readonly #options: FaultProxyOptions
  readonly #lines = new Set<Line>()
  #server: Server | undefined
  #port = 0
  #fault: Fault | undefined
  #aim: Aim = {}
  #healed = gate<void>()
  #overtaken = gate<Line>()
  /** requests (or pieces, or connections) that a fault has struck since `set` */
  hits = 0
  /** connections since the start */
  connections = 0

  constructor(options: FaultProxyOptions) {
    this.#options = options
  }

  async start(): Promise<this> {
    await this.#listen()
    return this
  }

  get port(): number {
    return this.#port
  }

  get options(): FaultProxyOptions {
    return this.#options
  }

  /** Where connections lead from now on; a cloud that is started again may have another port. */
  set target(port: number) {
    this.#options.target.port = port
  }

  get fault(): Fault | undefined {
    return this.#fault
  }

  /** From now on, until `heal`. */
  async set(fault: Fault, aim: Aim = {}): Promise<void> {
    if (this.#fault) await this.heal()
    this.#fault = fault
    this.#aim = aim
    this.#healed = gate()
    this.hits = 0
    if (fault.kind === 'refuse') {
      this.hits++
      await this.#unlisten()
    }
    // a connection that is kept open would never notice where new ones lead
    if (fault.kind === 'elsewhere') this.cut()
  }

  async heal(): Promise<void> {
    const was = this.#fault
    this.#fault = undefined
    this.#healed.open()
    if (was?.kind === 'refuse') await this.#listen()
    // those who have been talking to nobody find out
    if (was?.kind === 'half-open' || was?.kind === 'elsewhere' || was?.kind === 'hold-answer')
      this.cut()
  }

  /** Ends all connections there are. */
  cut(): void {
    for (const line of this.#lines) line.end()
  }

  async stop(): Promise<void> {
    this.#fault = undefined
    this.#healed.open()
    await this.#unlisten()
  }

  // ── for lines ───────────────────────────────────────────────────────────────────────────────────

  /** The fault that strikes this request, if any. */
  strikes(request: ProxiedRequest): Fault | undefined {
    const { match, limit = Number.POSITIVE_INFINITY } = this.#aim
    if (!this.#fault || this.hits >= limit || match?.(request) === false) return undefined
    this.hits++
    return this.#fault
  }

  get healed(): Promise<void> {
    return this.#healed.promise
  }

  answered(line: Line): void {
    const { open } = this.#overtaken
    this.#overtaken = gate()
    open(line)
  }

  /** Resolves once an answer has passed on another line. */
  async overtaken(line: Line): Promise<void> {
    while ((await this.#overtaken.promise) === line);
  }

  forget(line: Line): void {
    this.#lines.delete(line)
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: false }, (socket) => this.#accept(socket))
    this.#server = server
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
  }

  async #unlisten(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    this.cut()
    await closed
  }

  #accept(socket: Socket): void {
    this.connections++
    const { target } = this.#options
    const elsewhere = this.#fault?.kind === 'elsewhere'
    if (elsewhere) this.hits++
    const port = this.#fault?.kind === 'elsewhere' ? this.#fault.port : target.port
    this.#lines.add(new Line(this, socket, { host: target.host ?? '127.0.0.1', port }))
  }
}

/** One connection through the proxy. */
class Line {
  readonly #proxy: FaultProxy
  readonly #client: Socket
  readonly #target: { host: string; port: number }
  #upstream: Socket | undefined
  /** what strikes the request under way */
  #fault: Fault | undefined
  #requestBytes = 0
  #answerBytes = 0
  #ended = false

  constructor(proxy: FaultProxy, client: Socket, target: { host: string; port: number }) {
    this.#proxy = proxy
    this.#client = client
    this.#target = target
    client.setNoDelay(true)
    client.on('error', () => {})
    client.on('close', () => this.end())
    void this.#up().catch(() => this.end())
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#client.destroy()
    this.#upstream?.destroy()
    this.#proxy.forget(this)
  }

  #reset(): void {
    this.#client.resetAndDestroy()
    this.end()
  }

  // ── from the client ─────────────────────────────────────────────────────────────────────────────

  async #up(): Promise<void> {
    if (this.#proxy.options.protocol === 'tcp') {
      for await (const chunk of this.#client) {
        const taken = await this.#begin({ method: '', path: '' })
        if (this.#ended) return
        if (!taken) continue
        await this.#pass(chunk as Buffer, this.#toServer())
      }
      return this.end()
    }
    let head = Buffer.alloc(0)
    let bodyLeft = 0
    for await (const piece of this.#client) {
      let chunk = piece as Buffer
      while (chunk.length > 0) {
        if (bodyLeft === 0) {
          head = Buffer.concat([head, chunk])
          const end = head.indexOf(HEAD_END)
          if (end < 0) break
          const text = head.toString('latin1', 0, end)
          const [method = '', path = ''] = text.split(' ', 2)
          bodyLeft = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0)
          chunk = head.subarray(end + HEAD_END.length)
          const headBytes = head.subarray(0, end + HEAD_END.length)
          head = Buffer.alloc(0)
          this.#requestBytes = 0
          this.#answerBytes = 0
          if (await this.#begin({ method, path })) await this.#request(headBytes)
          if (bodyLeft === 0) await this.#requestEnds()
          continue
        }
        const body = chunk.subarray(0, bodyLeft)
        chunk = chunk.subarray(body.length)
        bodyLeft -= body.length
        await this.#request(body)
        if (bodyLeft === 0) await this.#requestEnds()
        if (this.#ended) return
      }
      if (this.#ended) return
    }
    this.end()
  }

  /** A request comes: false when nothing of it is passed on. */
  async #begin(request: ProxiedRequest): Promise<boolean> {
    const fault = this.#proxy.strikes(request)
    this.#fault = fault
    switch (fault?.kind) {
      case 'cut':
        this.end()
        return false
      case 'reset':
        this.#reset()
        return false
      case 'stall':
        await this.#proxy.healed
        this.#fault = undefined
        return true
      case 'delay':
        await sleep(fault.ms)
        return true
      case 'early-answer':
        this.#client.end(answerText(fault))
        return false
      case 'garbage':
        this.#client.end(GARBAGE)
        return false
      case 'half-open':
      case 'answer':
        return false
      default:
        return true
    }
  }

  /** Bytes of a request, head or body. */
  async #request(bytes: Buffer): Promise<void> {
    const fault = this.#fault
    switch (fault?.kind) {
      case 'half-open':
      case 'answer':
      case 'early-answer':
      case 'garbage':
        return
      case 'cut-request': {
        const part = bytes.subarray(0, fault.afterBytes - this.#requestBytes)
        this.#requestBytes += part.length
        await this.#pass(part, this.#toServer())
        if (this.#requestBytes < fault.afterBytes) return
        // what was passed on arrives before the line ends
        this.#upstream?.end()
        this.#client.destroy()
        return
      }
      default:
        await this.#pass(bytes, this.#toServer())
    }
  }

  async #requestEnds(): Promise<void> {
    if (this.#fault?.kind === 'answer') this.#client.write(answerText(this.#fault))
  }

  // ── from the server ─────────────────────────────────────────────────────────────────────────────

  #toServer(): Socket {
    if (this.#upstream) return this.#upstream
    const upstream = connect(this.#target.port, this.#target.host)
    this.#upstream = upstream
    upstream.setNoDelay(true)
    upstream.on('error', () => {})
    upstream.on('close', () => this.end())
    void this.#down(upstream).catch(() => this.end())
    return upstream
  }

  async #down(upstream: Socket): Promise<void> {
    for await (const chunk of upstream) {
      await this.#answer(chunk as Buffer)
      if (this.#ended) return
    }
    this.end()
  }

  async #answer(bytes: Buffer): Promise<void> {
    const fault = this.#fault
    switch (fault?.kind) {
      case 'hold-answer':
      case 'half-open':
        return
      case 'cut-answer': {
        const part = bytes.subarray(0, fault.afterBytes - this.#answerBytes)
        this.#answerBytes += bytes.length
        if (part.length > 0) this.#client.write(part)
        if (this.#answerBytes >= fault.afterBytes) this.end()
        return
      }
      case 'reorder':
        await Promise.race([this.#proxy.overtaken(this), sleep(fault.maxMs), this.#proxy.healed])
    }
    await this.#pass(bytes, this.#client)
    this.#proxy.answered(this)
  }

  /** Writes at the pace of the line, with its backpressure. */
  async #pass(bytes: Buffer, to: Socket): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#ended; ) {
      const { fault } = this.#proxy
      const slow = fault?.kind === 'throttle' ? fault.bytesPerS : undefined
      const step = slow ? Math.max(1, Math.floor(slow / THROTTLE_PIECES_PER_S)) : bytes.length
      const piece = bytes.subarray(at, at + step)
      at += piece.length
      if (slow) await Promise.race([sleep((piece.length * 1000) / slow), this.#proxy.healed])
      if (this.#ended || to.destroyed) return
      if (!to.write(piece)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
  }
}

const answerText = ({
  status,
  headers = { 'Tus-Resumable': '1.0.0' },
  body = '',
}: Extract<Fault, { kind: 'answer' | 'early-answer' }>): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Fault\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
