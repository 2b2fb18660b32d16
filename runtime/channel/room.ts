/** What a channel's buffer has room for, and who waits for it. */
export class Room {
  readonly #ringBytes: number
  readonly #taken: () => number
  readonly #isClosed: () => boolean
  readonly #waiters: (() => void)[] = []

  /** @param taken bytes that would be lost, or are in the way, when more comes */
  constructor(ringBytes: number, taken: () => number, isClosed: () => boolean) {
    this.#ringBytes = ringBytes
    this.#taken = taken
    this.#isClosed = isClosed
  }

  /** Bytes that can be pushed now. */
  get free(): number {
    return Math.max(0, this.#ringBytes - this.#taken())
  }

  /** Resolves when at least half of the buffer is free. */
  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #isDrained(): boolean {
    return this.#isClosed() || this.free >= this.#ringBytes / 2
  }

  /** There may be more of it. */
  changed(): void {
    if (this.#waiters.length > 0) queueMicrotask(() => this.wake())
  }

  wake(): void {
    if (this.#isDrained()) for (const resolve of this.#waiters.splice(0)) resolve()
  }
}
