import type { Server } from 'node:http'
import { errorText } from './log.ts'

export type Listener = { port: number; close(): Promise<void> }

/** Appends come every 150 ms, people's players every few seconds: connections are kept for the latter. */
const IDLE_TIMEOUT_S = 60
/** A header that trickles in holds a connection; Bun ends it by itself after about ten seconds. */
const HEADERS_TIMEOUT_S = 15
/** A body, however long it is allowed to be: an append that takes longer comes over a line that records nothing in time anyway. */
const REQUEST_TIMEOUT_S = 120
const CLOSE_GRACE_MS = 3000
/** More than an append may have: what is between gets its 413 from the route. */
const BODY_MAX_BYTES = 16 * 1024 * 1024

/** What tests shorten. */
export type Timeouts = { idleS?: number; headersS?: number; requestS?: number }

type Fetch = (request: Request) => Response | Promise<Response>

const listenBun = (fetch: Fetch, hostname: string, port: number, timeouts: Timeouts): Listener => {
  const server = Bun.serve({
    fetch,
    hostname,
    port,
    idleTimeout: timeouts.idleS ?? IDLE_TIMEOUT_S,
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

const listenNode = async (
  fetch: Fetch,
  hostname: string,
  port: number,
  timeouts: Timeouts,
): Promise<Listener> => {
  const { serve } = await import('@hono/node-server')
  return new Promise((resolve, reject) => {
    const headersTimeout = (timeouts.headersS ?? HEADERS_TIMEOUT_S) * 1000
    const serverOptions = {
      headersTimeout,
      requestTimeout: (timeouts.requestS ?? REQUEST_TIMEOUT_S) * 1000,
      connectionsCheckingInterval: headersTimeout / 2,
    }
    const server = serve({ fetch, hostname, port, serverOptions }, (info) =>
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
    server.keepAliveTimeout = (timeouts.idleS ?? IDLE_TIMEOUT_S) * 1000
    server.on('error', reject)
  })
}

/** Serves on Bun with its own server, on Node through its adapter. */
export const listen = async (
  fetch: Fetch,
  host: string,
  port: number,
  timeouts: Timeouts = {},
): Promise<Listener> => {
  try {
    return 'Bun' in globalThis
      ? listenBun(fetch, host, port, timeouts)
      : await listenNode(fetch, host, port, timeouts)
  } catch (error) {
    throw new Error(`HTTP port ${port} cannot be opened: ${errorText(error)}`)
  }
}
