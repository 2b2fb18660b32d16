import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { reservePort } from '../../support/ports.ts'
import { until } from './cloud.ts'

const VERSIONS = '/usr/lib/postgresql'

/** Folder of initdb and postgres of the newest version that is installed; Debian keeps them off PATH. */
const binaries = (): string | undefined =>
  (existsSync(VERSIONS) ? readdirSync(VERSIONS) : [])
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(VERSIONS, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')))

/** Value for a test's `skip` option. On CI a missing server is a failure. */
export const needPostgres = (): false | string => {
  if (binaries()) return false
  const reason = 'PostgreSQL is not installed (apt-get install postgresql)'
  if (process.env.CI === 'true') throw new Error(`needed on CI: ${reason}`)
  return reason
}

export type Postgres = {
  url: string
  stop(): Promise<void>
  /** kill -9 of the server and all its processes */
  kill(): Promise<void>
  /** after a kill: the same data on the same port */
  start(): Promise<void>
}

/**
 * A PostgreSQL server of its own on loopback, gone afterwards with all it held.
 * @param kept where its data lie; they are there the next time
 * @param settings `name=value` of postgresql.conf
 */
export const startPostgres = async ({
  kept,
  settings = [],
}: {
  kept?: string
  settings?: readonly string[]
} = {}): Promise<Postgres> => {
  const bin = binaries()!
  if (kept !== undefined) mkdirSync(kept, { recursive: true })
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'skyrill-postgres-'))
  chmodSync(folder, 0o777)
  const data = join(folder, 'data')
  // the server refuses to run as root; Debian's package has made a user for it (setpriv becomes the server, signals reach it)
  const as =
    process.getuid?.() === 0
      ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
      : []
  const [initdb, ...initdbArgs] = [
    ...as,
    ...[join(bin, 'initdb'), '-D', data, '-U', 'skyrill', '-A', 'trust', '-N', '-E', 'UTF8'],
  ]
  if (!existsSync(data)) execFileSync(initdb!, initdbArgs, { stdio: 'ignore', cwd: folder })
  const port = await reservePort()
  const [command, ...args] = [
    ...as,
    ...[join(bin, 'postgres'), '-D', data, '-p', String(port), '-k', folder],
    ...['listen_addresses=127.0.0.1', 'fsync=off', ...settings].flatMap((text) => ['-c', text]),
  ]
  let server: ChildProcess | undefined
  const end = async (signal: NodeJS.Signals, whole: boolean) => {
    const ending = server
    server = undefined
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
    const ended = once(ending, 'exit')
    // it leads a group of its own
    process.kill(whole ? -ending.pid! : ending.pid!, signal)
    await ended
  }
  const stop = async () => {
    await end('SIGINT', false)
    if (kept === undefined) rmSync(folder, { recursive: true, force: true })
  }
  const url = `postgres://skyrill@127.0.0.1:${port}/postgres`
  const start = () =>
    until(
      'PostgreSQL',
      async () => {
        // what a kill has left is in its way for a moment
        if (!server || server.exitCode !== null)
          server = spawn(command!, args, { stdio: 'ignore', cwd: folder, detached: true })
        const client = new pg.Client({ connectionString: url })
        client.on('error', () => {})
        try {
          await client.connect()
          await client.end()
          return true
        } catch {
          return false
        }
      },
      60_000,
    ).then(() => {})
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return { url, stop, kill: () => end('SIGKILL', true), start }
}
