import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Certificate } from './certificates.ts'

export type TlsFront = { port: number; stop(): Promise<void> }

/** Takes TLS connections on loopback and passes what is in them to a port, as a reverse proxy does. */
export const openTlsFront = async (
  certificate: Certificate,
  target: () => number,
): Promise<TlsFront> => {
  const sockets = new Set<TLSSocket>()
  const { cert, key } = certificate
  const server = createServer({ cert, key }, (socket) => {
    sockets.add(socket)
    const upstream = connect(target(), '127.0.0.1')
    socket.on('error', () => {})
    upstream.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      upstream.destroy()
    })
    upstream.on('close', () => socket.destroy())
    socket.pipe(upstream)
    upstream.pipe(socket)
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
