import type { Server } from 'node:http'
import { errorText } from './log.ts'

export type Listener = { port: number; close(): Promise<void> }

/** Appends come every 150 ms, people's players every few seconds: connections are kept for the latter. */
const IDLE_TIMEOUT_S = 60
const CLOSE_GRACE_MS = 3000
/** More than an append may have: what is between gets its 413 from the route. */
const BODY_MAX_BYTES = 16 * 1024 * 1024

type Fetch = (request: Request) => Response | Promise<Response>

const listenBun = (fetch: Fetch, hostname: string, port: number): Listener => {
  const server = Bun.serve({
    fetch,
    hostname,
    port,
    idleTimeout: IDLE_TIMEOUT_S,
    maxRequestBodySize: BODY_MAX_BYTES,
  })
  return {
    port: server.port!,
    close: async () => {
      const timer = setTimeout(() => void server.stop(true), CLOSE_GRACE_MS)
      await server.stop()
      clearTimeout(timer)
    },
  }
}

const listenNode = async (fetch: Fetch, hostname: string, port: number): Promise<Listener> => {
  const { serve } = await import('@hono/node-server')
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname, port }, (info) =>
      resolve({
        port: info.port,
        close: () =>
          new Promise((done) => {
            const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
            server.close(() => {
              clearTimeout(timer)
              done()
            })
            server.closeIdleConnections()
          }),
      }),
    ) as Server
    server.keepAliveTimeout = IDLE_TIMEOUT_S * 1000
    server.on('error', reject)
  })
}

/** Serves on Bun with its own server, on Node through its adapter. */
export const listen = async (fetch: Fetch, host: string, port: number): Promise<Listener> => {
  try {
    return 'Bun' in globalThis ? listenBun(fetch, host, port) : await listenNode(fetch, host, port)
  } catch (error) {
    throw new Error(`HTTP port ${port} cannot be opened: ${errorText(error)}`)
  }
}
