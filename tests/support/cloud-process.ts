import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { CloudOptions } from '../../cloud/server/index.ts'
import { ROOT } from './paths.ts'

const PROGRAM = join(ROOT, 'tests/support/cloud-program.ts')

/** A cloud that can be killed, on the runtime that runs the test. */
export class CloudProcess {
  readonly #child: ChildProcess
  log = ''

  private constructor(options: CloudOptions) {
    const args = 'Bun' in globalThis ? [PROGRAM] : ['--import', 'tsx', PROGRAM]
    this.#child = spawn(process.execPath, [...args, JSON.stringify(options)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stderr!.on('data', (chunk) => {
      this.log = (this.log + chunk).slice(-100_000)
    })
  }

  /** Resolves when it listens. */
  static async start(options: CloudOptions): Promise<CloudProcess> {
    const cloud = new CloudProcess(options)
    await new Promise<void>((resolve, reject) => {
      cloud.#child.stdout!.once('data', () => resolve())
      cloud.#child.once('exit', (code) =>
        reject(new Error(`the cloud did not start (${code}): ${cloud.log}`)),
      )
    })
    return cloud
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
