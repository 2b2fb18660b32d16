/** Names that nothing is behind are remembered too: this bounds what asking for them costs. */
const ENTRIES_MAX = 50_000

/** Remembers what was read for a while. What is forgotten while it is being read is not remembered. */
export class TimedCache<T> {
  readonly #entries = new Map<string, { value: T; untilMs: number }>()
  #forgotten = 0

  constructor(
    private readonly ageMs: number,
    private readonly now: () => number,
  ) {}

  async get(key: string, read: () => Promise<T>): Promise<T> {
    const hit = this.#entries.get(key)
    if (hit && hit.untilMs > this.now()) return hit.value
    const before = this.#forgotten
    const value = await read()
    // it may have changed between the reading and its arrival here
    if (before === this.#forgotten) {
      if (this.#entries.size >= ENTRIES_MAX) this.#entries.clear()
      this.#entries.set(key, { value, untilMs: this.now() + this.ageMs })
    }
    return value
  }

  forget(key: string): void {
    this.#forgotten++
    this.#entries.delete(key)
  }

  clear(): void {
    this.#forgotten++
    this.#entries.clear()
  }
}
