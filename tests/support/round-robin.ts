import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A proxy that gives each request to the next instance, as a load balancer without any stickiness does. While one is away its
 * requests break: the client's connection is ended without an answer.
 */
export class RoundRobin {
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true })
  #next = 0
  ports: number[] = []
  /** requests that each port has answered */
  readonly answered = new Map<number, number>()

  private constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const port = this.ports[this.#next++ % this.ports.length]!
      const { method, url, headers } = incoming
      const passed = request(
        { agent: this.#agent, host: '127.0.0.1', port, method, path: url, headers },
        (answer) => {
          this.answered.set(port, (this.answered.get(port) ?? 0) + 1)
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
          answer.on('error', () => incoming.destroy())
        },
      )
      passed.on('error', () => incoming.socket.destroy())
      incoming.on('error', () => passed.destroy())
      incoming.pipe(passed)
    })
  }

  static async open(): Promise<RoundRobin> {
    const proxy = new RoundRobin()
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    this.#agent.destroy()
    await closed
  }
}
