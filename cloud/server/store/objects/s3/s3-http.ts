import { readFileSync } from 'node:fs'
import { Agent, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as TlsAgent } from 'node:https'

/** Nothing comes or goes for this long: the connection is dead. */
const IDLE_MS = 15_000
const SOCKETS_MAX = 128

export type HttpRequest = {
  method: string
  url: URL
  headers: Record<string, string>
  body?: Uint8Array | undefined
}

/**
 * HTTP/1.1 with connections that are kept, a CA of one's own, and bodies that go out as they are: the `fetch` of Node
 * knows no CA per request, and that of Bun buffers.
 */
export class S3Http {
  readonly #agent: Agent
  readonly #send: typeof requestHttp

  /** @param caFile certificates in PEM that are trusted beside those of the system */
  constructor(endpoint: URL, caFile?: string) {
    const options = { keepAlive: true, maxSockets: SOCKETS_MAX }
    const isTls = endpoint.protocol === 'https:'
    this.#agent = isTls
      ? new TlsAgent({ ...options, ...(caFile !== undefined && { ca: readFileSync(caFile) }) })
      : new Agent(options)
    this.#send = (isTls ? requestHttps : requestHttp) as typeof requestHttp
  }

  /** The answer as soon as its head is there. The caller reads its body, or destroys it. */
  send({ method, url, headers, body }: HttpRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = this.#send(
        url,
        {
          method,
          agent: this.#agent,
          headers: { ...headers, 'Content-Length': String(body?.length ?? 0) },
        },
        resolve,
      )
      request.setTimeout(IDLE_MS, () =>
        request.destroy(new Error(`the object store at ${url.host} does not answer`)),
      )
      request.on('error', reject)
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

export const bodyOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
