import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUN = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))

/** A program of this folder on Bun, which tells what happens by lines of JSON. */
export class Program {
  readonly #child: ChildProcess
  readonly #lines: object[] = []
  #ended: string | undefined
  #wake = () => {}

  constructor(file: string, argument: object, env: Record<string, string> = {}) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    this.#child = spawn(BUN, [path, JSON.stringify(argument)], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.#lines.push(JSON.parse(line))
      this.#wake()
    })
    this.#child.once('exit', (code) => {
      this.#ended = `${file} ended with ${code}`
      this.#wake()
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** The next line. */
  async next<Line extends object>(): Promise<Line> {
    for (;;) {
      const line = this.#lines.shift()
      if (line) return line as Line
      if (this.#ended) throw new Error(this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill(signal)
    await exit
  }
}
