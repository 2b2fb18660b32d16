import type { DumpedSlice } from '../channel/dump.ts'
import type { Clock } from '../clock.ts'

/** How long a dumped slice can be sent later (specification, uploadCsBackupVideo). */
export const BACKFILL_MS = 30 * 60_000
/** Slices are 10 s long; one that is cut at every stop and start must not fill the memory either. */
const KEPT_MAX = 512

/** Remembers what was dumped, for as long as it can be sent. */
export class DumpedSlices {
  readonly #clock: Clock
  readonly #slices = new Map<string, { slice: DumpedSlice; atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param ageMs how long ago it was dumped */
  add(slice: DumpedSlice, ageMs = 0): void {
    const nowMs = this.#clock.monoMs()
    this.#slices.set(slice.start.id, { slice, atMs: nowMs - ageMs })
    for (const [id, { atMs }] of this.#slices) {
      if (this.#slices.size <= KEPT_MAX && nowMs - atMs <= BACKFILL_MS) break
      this.#slices.delete(id)
    }
  }

  clear(): void {
    this.#slices.clear()
  }

  get(id: string): DumpedSlice | undefined {
    const known = this.#slices.get(id)
    return known && this.#clock.monoMs() - known.atMs <= BACKFILL_MS ? known.slice : undefined
  }
}
