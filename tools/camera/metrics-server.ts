import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OPENMETRICS_TYPE } from '../../runtime/index.ts'
import { UsageError } from '../cli/usage-error.ts'

/** The port that exporters of metrics commonly use. Loopback, because figures tell strangers when someone is at home. */
export const METRICS_ADDRESS = '127.0.0.1:9464'

/** `HOST:PORT`, `[::1]:PORT` or `:PORT`. */
export const metricsAddress = (text: string): { host: string; port: number } => {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]/\s]*):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (!match || port > 65_535)
    throw new UsageError(`--metrics ${text}: must be HOST:PORT such as ${METRICS_ADDRESS}`)
  return { host: match[1]!.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1', port }
}

export type MetricsServer = { url: string; close(): void }

/** Answers GET /metrics with the text of the moment. */
export const serveMetrics = async (
  { host, port }: { host: string; port: number },
  text: () => string,
): Promise<MetricsServer> => {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    if (path !== '/metrics') return void response.writeHead(404).end('see /metrics\n')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    response.writeHead(200, { 'Content-Type': OPENMETRICS_TYPE, 'Cache-Control': 'no-store' })
    response.end(text())
  })
  server.listen(port, host)
  await once(server, 'listening')
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${shown}:${address.port}/metrics`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
