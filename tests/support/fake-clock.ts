import type { Clock, Timer } from '../../runtime/clock.ts'

type Entry = { atMs: number; order: number; run: () => void }

/** A clock that stands still until it is advanced; timers run in the order of their times. */
export class FakeClock implements Clock {
  #monoMs = 1000
  #wallOffsetMs: number
  #order = 0
  #entries: Entry[] = []

  constructor(utcMs = Date.UTC(2026, 0, 1)) {
    this.#wallOffsetMs = utcMs - this.#monoMs
  }

  nowMs(): number {
    return this.#monoMs + this.#wallOffsetMs
  }

  monoMs(): number {
    return this.#monoMs
  }

  after(delayMs: number, run: () => void): Timer {
    const entry = { atMs: this.#monoMs + delayMs, order: this.#order++, run }
    this.#entries.push(entry)
    return {
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry)
      },
    }
  }

  /** Timers that have not run. */
  get timers(): number {
    return this.#entries.length
  }

  /** Sets the wall clock as NTP or a person would. */
  step(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** Lets time pass, running what is due; promises settle in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monoMs + ms
    await settle()
    for (;;) {
      const due = this.#entries
        .filter((entry) => entry.atMs <= endMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0]
      if (!due) break
      this.#entries = this.#entries.filter((entry) => entry !== due)
      this.#monoMs = Math.max(this.#monoMs, due.atMs)
      due.run()
      await settle()
    }
    this.#monoMs = endMs
  }
}

/** Lets chains of resolved promises run out. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}
