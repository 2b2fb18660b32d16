import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Certificate } from './certificates.ts'
import { run } from './ffmpeg.ts'
import { ROOT } from './paths.ts'
import { reservePort } from './ports.ts'
import { toolPath } from './tools.ts'

const DEPLOY = join(ROOT, 'deploy', 'mosquitto')
const START_TIMEOUT_MS = 60_000

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

/** Mosquitto with the configuration of deploy/mosquitto: only its ports, paths and user are others. */
export class Mosquitto {
  readonly #folder: string
  readonly #ports: { plain: number; tls: number }
  #child: ChildProcess | undefined
  output = ''

  private constructor(folder: string, ports: { plain: number; tls: number }) {
    this.#folder = folder
    this.#ports = ports
  }

  static async prepare(folder: string, certificate: Certificate): Promise<Mosquitto> {
    const mosquitto = new Mosquitto(folder, {
      plain: await reservePort(),
      tls: await reservePort(),
    })
    mosquitto.#configure(certificate)
    return mosquitto
  }

  /** where the cloud connects, on the same machine */
  cloudUrl(password: string): string {
    return `mqtt://cloud:${password}@127.0.0.1:${this.#ports.plain}`
  }

  /** where devices connect */
  get deviceUrl(): string {
    return `mqtts://127.0.0.1:${this.#ports.tls}`
  }

  get plainPort(): number {
    return this.#ports.plain
  }

  /** Adds a user, or changes a password; a broker that runs reads the file anew. */
  password(user: string, password: string): void {
    const done = run(toolPath('mosquitto_passwd'), ['-b', this.#path('passwd'), user, password])
    if (done.status !== 0) throw new Error(`mosquitto_passwd: ${done.stderr}`)
    this.#child?.kill('SIGHUP')
  }

  async start(): Promise<void> {
    const child = spawn(toolPath('mosquitto'), ['-c', this.#path('mosquitto.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        this.output = (this.output + chunk).slice(-20_000)
      })
    const deadline = performance.now() + START_TIMEOUT_MS
    while (!((await accepts(this.#ports.plain)) && (await accepts(this.#ports.tls)))) {
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`mosquitto does not start: ${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }

  #configure({ certPath, keyPath }: Certificate): void {
    const given = readFileSync(join(DEPLOY, 'mosquitto.conf'), 'utf8').replace(/^#.*\n/gm, '')
    const changed = given
      .replace('listener 8883', `listener ${this.#ports.tls} 127.0.0.1`)
      .replace('listener 1883', `listener ${this.#ports.plain}`)
      .replace('/etc/mosquitto/certs/server.pem', certPath)
      .replace('/etc/mosquitto/certs/server.key', keyPath)
      .replace('/etc/mosquitto/skyrill.passwd', this.#path('passwd'))
      .replace('/etc/mosquitto/skyrill.acl', this.#path('acl'))
    if (changed.includes('/etc/')) throw new Error('a path of the configuration is not replaced')
    const isRoot = process.getuid?.() === 0
    // root would become the user of Debian's package, who cannot read a test's folder
    writeFileSync(this.#path('mosquitto.conf'), `${isRoot ? 'user root\n' : ''}${changed}`)
    writeFileSync(this.#path('acl'), readFileSync(join(DEPLOY, 'skyrill.acl')), { mode: 0o600 })
    writeFileSync(this.#path('passwd'), '', { mode: 0o600 })
  }
}
