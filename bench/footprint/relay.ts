import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** An append that was acknowledged: its offset is not 0. */
const ACKNOWLEDGED = /\r\nupload-offset: *[1-9]/i

/** Passes connections on and tells when the first answer came that acknowledges bytes. */
export class Relay {
  firstAckMs: number | undefined
  readonly port: number
  readonly #server
  readonly #sockets = new Set<Socket>()

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
  }

  /** Connections go on to `target`, a port of this machine. */
  static async open(target: number): Promise<Relay> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const relay = new Relay(server)
    server.on('connection', (near) => relay.#pass(near, target))
    return relay
  }

  #pass(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        this.#sockets.delete(one)
        other.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (chunk: Buffer) => {
      if (this.firstAckMs === undefined && ACKNOWLEDGED.test(chunk.toString('latin1')))
        this.firstAckMs = performance.now()
      near.write(chunk)
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }
}
