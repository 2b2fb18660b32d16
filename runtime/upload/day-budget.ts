import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../clock.ts'
import { errorText, type Logger } from '../log.ts'

/** What asks for bytes of a metered line: event is its video and its pictures, rest is all other video. */
export type BudgetClass = 'report' | 'event' | 'rest'

/** Of the day's bytes this share is kept for events. */
export const EVENT_RESERVE = 1 / 4
/** Saved whenever this share of the day's bytes was spent since: about a hundred small writes a day spare the flash. */
const SAVE_SHARE = 1 / 100
const DAY_MS = 24 * 3600_000
/** A device whose clock says less than this does not know the day. */
const CLOCK_UNSET_BEFORE_MS = Date.UTC(2020, 0, 1)

const savedSchema = z.object({ day: z.int().nonnegative(), usedBytes: z.number().nonnegative() })

export type DayBudgetOptions = {
  clock: Clock
  log: Logger
  /** bytes that may be sent in a day */
  limitBytes: number
  /** keeps count over restarts */
  path?: string | undefined
}

/**
 * Bytes that a metered line may carry in a day, which is one of UTC. Until 3/4 are spent everything goes; the rest is kept for events and pictures; reports,
 * which are small, always go. Sent bytes count, also those that were not acknowledged, since those are what is billed.
 */
export class DayBudget {
  readonly #options: DayBudgetOptions
  #day = 0
  #usedBytes = 0
  #savedBytes = 0
  #failed = false

  constructor(options: DayBudgetOptions) {
    this.#options = options
    this.#read()
  }

  get limitBytes(): number {
    return this.#options.limitBytes
  }

  /** Sent today. */
  get usedBytes(): number {
    this.#look()
    return this.#usedBytes
  }

  allows(kind: BudgetClass): boolean {
    if (kind === 'report') return true
    const { limitBytes } = this.#options
    return this.usedBytes < (kind === 'event' ? limitBytes : limitBytes * (1 - EVENT_RESERVE))
  }

  spend(bytes: number): void {
    this.#look()
    this.#usedBytes += bytes
    if (this.#usedBytes - this.#savedBytes >= this.#options.limitBytes * SAVE_SHARE) this.save()
  }

  /** Where it cannot be written the count is kept in memory alone. */
  save(): void {
    const { path, log } = this.#options
    if (path === undefined || this.#usedBytes === this.#savedBytes) return
    this.#savedBytes = this.#usedBytes
    try {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(`${path}.new`, JSON.stringify({ day: this.#day, usedBytes: this.#usedBytes }))
      renameSync(`${path}.new`, path)
      this.#failed = false
    } catch (error) {
      if (!this.#failed) log.warn(`the day's count of bytes is not saved: ${errorText(error)}`)
      this.#failed = true
    }
  }

  #read(): void {
    const { path } = this.#options
    if (path === undefined) return
    try {
      const saved = savedSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
      this.#day = saved.day
      this.#usedBytes = saved.usedBytes
      this.#savedBytes = saved.usedBytes
    } catch {
      // the first start, or a file that a power cut has torn: the day begins anew
    }
  }

  /** A new day begins anew; a clock that was stepped back, or is not set yet, does not. */
  #look(): void {
    const nowMs = this.#options.clock.nowMs()
    if (nowMs < CLOCK_UNSET_BEFORE_MS) return
    const day = Math.floor(nowMs / DAY_MS)
    if (day > this.#day) {
      // what was sent before the clock was set, or before the first day was known, is of this day
      if (this.#day > 0) this.#usedBytes = 0
      this.#savedBytes = 0
    }
    this.#day = day
  }
}
