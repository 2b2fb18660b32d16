import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ROOT } from '../../support/paths.ts'
import type { CloudAddress } from './cloud-client.ts'

const SERVER = join(ROOT, 'tests', 'cloud', 'ingest', 'server-process.ts')
const START_TIMEOUT_MS = 60_000

/** A cloud in a process of its own, which can be killed and started again on the same folder and ports. */
export class CloudProcess {
  readonly #folder: string
  readonly #ports: readonly [number, number]
  #child: ChildProcess | undefined

  constructor(folder: string, ports: readonly [number, number]) {
    this.#folder = folder
    this.#ports = ports
  }

  async start(): Promise<CloudAddress> {
    // Node needs its loader for TypeScript in the child as well
    const args = [...process.execArgv, SERVER, this.#folder, ...this.#ports.map(String)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#child = child
    let output = ''
    const line = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('the cloud does not start')),
        START_TIMEOUT_MS,
      )
      child.stdout!.on('data', (chunk) => {
        output += chunk
        if (!output.includes('\n')) return
        clearTimeout(timer)
        resolve(output.slice(0, output.indexOf('\n')))
      })
      child.on('exit', (code) => reject(new Error(`the cloud ended with ${code}`)))
    })
    return JSON.parse(await line) as CloudAddress
  }

  /** kill -9: nothing is said or written any more. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child) return
    child.removeAllListeners('exit')
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
}
