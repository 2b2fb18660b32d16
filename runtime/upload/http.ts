import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock, Timer } from '../clock.ts'
import { errorText } from '../log.ts'
import { type LineFault, lineFaultOf } from './failure.ts'
import { ResponseParser } from './http-response.ts'

/** With 64 KiB at a time and backpressure, no runtime keeps more than a piece of its own; larger writes are copied whole by Bun. */
const WRITE_BYTES = 64 * 1024

export type HttpRequest = {
  method: 'POST' | 'PATCH' | 'HEAD' | 'DELETE' | 'PUT'
  /** path and query */
  path: string
  headers: Record<string, string>
  /** views, read while the request is under way; they must not change before it has ended */
  body: readonly Uint8Array[]
}

export type HttpResponse = {
  status: number
  headers: ReadonlyMap<string, string>
  body: Uint8Array
}

export type HttpTimeouts = {
  /** until connected and the body is handed over */
  sendMs: number
  /** from then on until the answer is complete */
  replyMs: number
}

/** HTTP connections of this process. */
export const socketCounts = { open: 0, opened: 0 }

/** No answer came: which fault of the line it was, and the reason in words. */
export class HttpFailure extends Error {
  override name = 'HttpFailure'
  readonly fault: LineFault

  constructor(fault: LineFault, message: string) {
    super(message)
    this.fault = fault
  }
}

/**
 * One kept-alive HTTP/1.1 connection to one origin, one request at a time. It exists because what an uplink needs is little and exact: bodies that
 * are views on wasm memory, written without a copy, and certainty about when the last reference to them is gone. A request
 * ends (either way) only when the socket no longer holds its body. Redirects are not followed. Spec: RFC 9112.
 */
export class HttpConnection {
  readonly #origin: URL
  readonly #ca: string | undefined
  readonly #clock: Clock
  readonly #lookup: LookupFunction | undefined
  #socket: Socket | undefined
  #busy = false

  /** @param lookup in place of the system's; a name is looked up for each connection, so that a cloud that has moved is found */
  constructor(origin: URL, clock: Clock, ca?: string, lookup?: LookupFunction) {
    this.#origin = origin
    this.#clock = clock
    this.#ca = ca
    this.#lookup = lookup
  }

  get origin(): string {
    return this.#origin.origin
  }

  /** Cuts the line. A request under way fails. */
  close(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  /** @throws HttpFailure when there is no complete answer */
  async request(request: HttpRequest, timeouts: HttpTimeouts): Promise<HttpResponse> {
    if (this.#busy) throw new HttpFailure('protocol', 'a request is under way on this connection')
    this.#busy = true
    try {
      return await this.#exchange(this.#socket ?? this.#open(), request, timeouts)
    } finally {
      this.#busy = false
    }
  }

  #open(): Socket {
    const { hostname, protocol } = this.#origin
    const host = hostname.replace(/^\[(.*)\]$/, '$1')
    const secure = protocol === 'https:'
    const port = Number(this.#origin.port) || (secure ? 443 : 80)
    const target = { host, port, ...(this.#lookup && { lookup: this.#lookup }) }
    const socket = secure
      ? connectTls({
          ...target,
          ALPNProtocols: ['http/1.1'],
          // a name for SNI; addresses have none. Spec: RFC 6066 3
          ...(isIP(host) ? {} : { servername: host }),
          ...(this.#ca === undefined ? {} : { ca: this.#ca }),
        })
      : connectTcp(target)
    socketCounts.open++
    socketCounts.opened++
    socket.setNoDelay(true)
    // the line may break while nothing is asked; the next request then opens a new one
    socket.on('error', () => {})
    socket.on('close', () => {
      socketCounts.open--
      if (this.#socket === socket) this.#socket = undefined
    })
    this.#socket = socket
    return socket
  }

  #exchange(socket: Socket, request: HttpRequest, timeouts: HttpTimeouts): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const parser = new ResponseParser(request.method)
      let written = false
      let body = { handedOver: false }
      let failure: HttpFailure | undefined
      let timer: Timer = this.#clock.after(timeouts.sendMs, () =>
        fail('timeout', `not sent within ${timeouts.sendMs} ms`),
      )

      const settle = (): void => {
        timer.cancel()
        socket.off('data', onData)
        socket.off('end', onEnd)
        socket.off('error', onError)
        socket.off('close', settle)
        if (parser.state === 'done')
          resolve({ status: parser.status, headers: parser.headers, body: parser.body })
        else reject(failure ?? new HttpFailure('reset', 'connection closed before the answer'))
      }
      /** The body is let go of when the socket has closed, not before. */
      const cut = (): void => {
        if (this.#socket === socket) this.#socket = undefined
        if (socket.closed) settle()
        else socket.destroy()
      }
      const fail = (fault: LineFault, reason: string): void => {
        failure ??= new HttpFailure(fault, reason)
        cut()
      }
      const onError = (error: Error): void => {
        failure ??= new HttpFailure(lineFaultOf(error), errorText(error))
      }
      const onData = (chunk: Uint8Array): void => {
        parser.push(chunk)
        if (parser.state === 'bad') fail('protocol', 'the answer is not HTTP/1.1')
        else if (parser.state === 'done') {
          if (parser.keepAlive && written) settle()
          // an answer before the body is through (413, 401) leaves the line in the middle of a request; one that merely
          // overtook the report of the last write waits for it
          else if (!parser.keepAlive || !body.handedOver) cut()
        }
      }
      const onEnd = (): void => {
        parser.end()
        cut()
      }

      socket.on('data', onData)
      socket.on('end', onEnd)
      socket.on('error', onError)
      socket.on('close', settle)
      body = writeAll(socket, [this.#head(request), ...request.body], () => {
        written = true
        if (parser.state === 'done') {
          settle()
          return
        }
        timer.cancel()
        timer = this.#clock.after(timeouts.replyMs, () =>
          fail('timeout', `no answer within ${timeouts.replyMs} ms`),
        )
      })
    })
  }

  #head({ method, path, headers, body }: HttpRequest): Uint8Array {
    let bytes = 0
    for (const part of body) bytes += part.length
    let head = `${method} ${path} HTTP/1.1\r\nHost: ${this.#origin.host}\r\n`
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`
    if (method !== 'HEAD') head += `Content-Length: ${bytes}\r\n`
    return Buffer.from(`${head}\r\n`, 'latin1')
  }
}

/** Writes the parts in order, a piece at a time, the next when the one before is with the system. */
const writeAll = (
  socket: Socket,
  parts: readonly Uint8Array[],
  done: () => void,
): { handedOver: boolean } => {
  const progress = { handedOver: false }
  const pieces = piecesOf(parts)
  const next = (error?: Error | null): void => {
    // a broken line is told of by its 'close'
    if (error || socket.destroyed) return
    if (progress.handedOver) done()
    else {
      const piece = pieces.shift()!
      progress.handedOver = pieces.length === 0
      socket.write(piece, next)
    }
  }
  next()
  return progress
}

const piecesOf = (parts: readonly Uint8Array[]): Uint8Array[] => {
  const pieces: Uint8Array[] = []
  for (const part of parts)
    for (let at = 0; at < part.length; at += WRITE_BYTES)
      pieces.push(part.subarray(at, at + WRITE_BYTES))
  return pieces
}
