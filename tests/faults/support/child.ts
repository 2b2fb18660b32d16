import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

const START_TIMEOUT_MS = 90_000
const AGAIN_MS = 200

/** A program that is started again whenever it ends before it is ready, as a supervisor would; and killed by the test. */
export class Child {
  readonly #args: () => readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #readyWhen: RegExp
  #child: ChildProcess | undefined
  output = ''

  constructor(args: () => readonly string[], readyWhen: RegExp, env: NodeJS.ProcessEnv = {}) {
    this.#args = args
    this.#readyWhen = readyWhen
    this.#env = { ...process.env, ...env }
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && !this.#child.signalCode
  }

  async start(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS
    this.#spawn()
    while (!this.#readyWhen.test(this.output)) {
      if (performance.now() > deadline) throw new Error(`it does not start: ${this.output}`)
      await new Promise((resolve) => setTimeout(resolve, this.isRunning ? 20 : AGAIN_MS))
      if (!this.isRunning) this.#spawn()
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child
    if (!child || !this.isRunning) return child?.exitCode ?? null
    const gone = once(child, 'close')
    child.kill(signal)
    await gone
    return child.exitCode
  }

  #spawn(): void {
    const [command, ...args] = this.#args()
    const child = spawn(command!, args, { stdio: ['ignore', 'pipe', 'pipe'], env: this.#env })
    this.#child = child
    this.output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        this.output = (this.output + chunk).slice(-100_000)
      })
  }
}
