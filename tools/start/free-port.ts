import { createServer } from 'node:net'
import { InputError } from '../cli/usage-error.ts'

const TRIES = 50

const isFree = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false)
      else reject(new InputError(`cannot listen on ${host}: ${error.message}`))
    })
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

/** The wanted port, or the next one that is free and not `except`. */
export const freePort = async (host: string, wanted: number, except?: number): Promise<number> => {
  for (let port = wanted; port < wanted + TRIES && port < 65_536; port++)
    if (port !== except && (await isFree(host, port))) return port
  throw new InputError(`no free port from ${wanted} to ${wanted + TRIES - 1} on ${host}`)
}
