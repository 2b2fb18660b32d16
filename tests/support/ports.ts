import { once } from 'node:events'
import { createServer } from 'node:net'

/** Ports that were free a moment ago, each another one: for servers that must be told theirs, or come back on the same one after a kill. */
export const reservePorts = async (count: number): Promise<number[]> => {
  // all are held before any is let go, so that none comes twice
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  const ports: number[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    ports.push((server.address() as { port: number }).port)
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

export const reservePort = async (): Promise<number> => (await reservePorts(1))[0]!
