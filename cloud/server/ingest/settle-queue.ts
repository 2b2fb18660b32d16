import { errorText, type Logger } from '../log.ts'

const CONCURRENCY = 16

export type Settling = { name: string; run: () => Promise<void>; again: () => void }

/**
 * Makes whole what is closed and indexed, a few at a time and beside everything else: on a remote store it takes several
 * requests. What fails is given back to be tried again.
 */
export class SettleQueue {
  readonly #waiting: Settling[] = []
  readonly #running = new Set<Promise<void>>()

  constructor(private readonly log: Logger) {}

  add(settling: Settling): void {
    this.#waiting.push(settling)
    this.#next()
  }

  #next(): void {
    while (this.#running.size < CONCURRENCY) {
      const settling = this.#waiting.shift()
      if (!settling) return
      const run = settling
        .run()
        .catch((error) => {
          this.log.error('slice not settled', { slice: settling.name, reason: errorText(error) })
          settling.again()
        })
        .finally(() => {
          this.#running.delete(run)
          this.#next()
        })
      this.#running.add(run)
    }
  }

  /** Resolves once nothing is left. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
