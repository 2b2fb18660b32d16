import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { AwsClient } from 'aws4fetch'
import { reservePorts } from './ports.ts'
import { needTool } from './tools.ts'

/** A real S3 server on loopback with one empty bucket. */
export type S3Server = {
  name: string
  endpoint: string
  region: string
  accessKey: string
  secretKey: string
  bucket: string
  /** makes another bucket */
  createBucket(name: string): Promise<void>
  close(): Promise<void>
}

export type S3Kind = {
  name: string
  /** value for a test's `skip` option: false when the server can be started here */
  skip: false | string
  open(): Promise<S3Server>
}

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const READY_MS = 180_000
const BUILD_MS = 600_000
const BUCKET = 'recordings'
/** Ports that were free a moment ago may be taken by another suite. */
const TRIES = 3

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Waits until the server takes a signed request, or its process has ended. */
const untilReady = async (client: AwsClient, endpoint: string, child: ChildProcess) => {
  const deadline = Date.now() + READY_MS
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended: ${child.exitCode ?? child.signalCode}`)
    try {
      const response = await client.fetch(`${endpoint}/`, { signal: AbortSignal.timeout(5000) })
      await response.arrayBuffer()
      if (response.status === 200) return
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
    if (Date.now() > deadline) throw new Error(`no answer within ${READY_MS} ms`)
    await sleep(100)
  }
}

type Start = {
  name: string
  accessKey: string
  secretKey: string
  /** starts it in a folder; the first port is the gateway's */
  spawn(folder: string, ports: readonly number[]): ChildProcess
}

const openServer = async (start: Start): Promise<S3Server> => {
  let failure: unknown
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), 'skyrill-s3-'))
    const ports = await reservePorts(2)
    const child = start.spawn(folder, ports)
    const close = async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit')
        // both end with their standard input too, so that a test that is killed leaves no server
        child.stdin?.end()
        child.kill('SIGTERM')
        await ended
      }
      rmSync(folder, { recursive: true, force: true })
    }
    try {
      const endpoint = `http://127.0.0.1:${ports[0]}`
      const { accessKey: accessKeyId, secretKey: secretAccessKey } = start
      const region = 'us-east-1'
      const client = new AwsClient({
        accessKeyId,
        secretAccessKey,
        service: 's3',
        region,
        retries: 0,
      })
      await untilReady(client, endpoint, child)
      const createBucket = async (name: string) => {
        const response = await client.fetch(`${endpoint}/${name}`, { method: 'PUT' })
        if (response.status !== 200)
          throw new Error(`bucket ${name}: ${response.status} ${await response.text()}`)
      }
      await createBucket(BUCKET)
      const { name, accessKey, secretKey } = start
      return { name, endpoint, region, accessKey, secretKey, bucket: BUCKET, createBucket, close }
    } catch (error) {
      failure = error
      await close()
    }
  }
  throw new Error(`${start.name} did not start: ${String(failure)}`)
}

/** Ceph's gateway from Debian's packages. */
export const ceph: S3Kind = {
  name: 'Ceph',
  get skip() {
    return needTool('radosgw', 'ceph-mon', 'ceph-osd', 'ceph')
  },
  open: () =>
    openServer({
      name: 'Ceph',
      accessKey: 'TESTS-ACCESS',
      secretKey: 'TESTS-SECRET',
      spawn: (folder, [gateway, monitor]) =>
        spawn(
          'bash',
          [
            fileURLToPath(new URL('ceph-s3.sh', import.meta.url)),
            folder,
            String(gateway),
            String(monitor),
          ],
          { stdio: ['pipe', 'ignore', 'ignore'] },
        ),
    }),
}

const versitygwFolder = (): string =>
  join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'skyrill-peers',
    VERSITYGW.replace(/.*\/(.*)@/, '$1-'),
  )

/** Builds versitygw once per user; the Go module proxy has its sources and the checksum database vouches for them. */
const versitygwProgram = (): string => {
  const folder = versitygwFolder()
  const program = join(folder, 'versitygw')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const built = spawnSync('go', ['install', VERSITYGW], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' },
    encoding: 'utf8',
    timeout: BUILD_MS,
  })
  if (!existsSync(program)) throw new Error(`go install ${VERSITYGW}: ${built.stderr.slice(-2000)}`)
  return program
}

/** The gateway of Versity over a folder, built by Go. */
export const versitygw: S3Kind = {
  name: 'versitygw',
  get skip() {
    return existsSync(join(versitygwFolder(), 'versitygw')) ? false : needTool('go')
  },
  open: async () => {
    const program = versitygwProgram()
    return openServer({
      name: 'versitygw',
      accessKey: 'tests-access',
      secretKey: 'tests-secret',
      spawn: (folder, [port]) => {
        mkdirSync(join(folder, 'data'))
        mkdirSync(join(folder, 'metadata'))
        // the shell ends it when this process is gone
        const line =
          '"$@" & child=$!; trap "kill $child" TERM; (cat; kill $child) <&3 & wait $child'
        return spawn(
          'bash',
          [
            '-c',
            `exec 3<&0; ${line}`,
            'versitygw',
            program,
            '--quiet',
            ...['--port', `127.0.0.1:${port}`],
            ...['--access', 'tests-access', '--secret', 'tests-secret'],
            'posix',
            ...['--sidecar', join(folder, 'metadata')],
            join(folder, 'data'),
          ],
          { stdio: ['pipe', 'ignore', 'ignore'] },
        )
      },
    })
  },
}

/** The servers that the bucket suites run against; two that share no code. */
export const S3_SERVERS: readonly S3Kind[] = [ceph, versitygw]
