import type { DumpedSlice } from '../channel/dump.ts'
import type { Clock } from '../clock.ts'
import type { DumpedFile } from './dumped-file.ts'
import { BACKFILL_MS, DumpedSlices } from './dumped-slices.ts'

/** Results that are remembered: more than can be sent within the time that files have. */
const RESULTS_MAX = 512

export type UploadState = 'open' | 'whole' | 'broken'

/** What a channel's files are and what became of their uploads; kept when the module is left and initialised again, on disk also over a restart. */
export class Archive {
  readonly dumped: DumpedSlices
  readonly #results = new Map<string, UploadState>()

  readonly #clock: Clock
  readonly #file: DumpedFile | undefined

  /** @param file where it is kept over a restart of the program */
  constructor(clock: Clock, file?: DumpedFile) {
    this.#clock = clock
    this.#file = file
    this.dumped = new DumpedSlices(clock)
    // the file's times are UTC: one that lies in the future was written by a clock that was wrong
    const ageOf = (atMs: number): number => Math.max(0, clock.nowMs() - atMs)
    const kept = file?.load(({ atMs }) => ageOf(atMs) <= BACKFILL_MS) ?? []
    for (const { atMs, slice } of kept) {
      this.dumped.add(slice, ageOf(atMs))
      // that uplink is gone: what the cloud has of it is for the cloud to say
      this.settle(slice.start.id, false)
    }
  }

  /** A file was handed to the app whole. */
  add(slice: DumpedSlice): void {
    this.dumped.add(slice)
    this.#file?.add({ atMs: this.#clock.nowMs(), slice })
  }

  /** The recordings were destroyed: files of before are unknown. */
  clear(): void {
    this.dumped.clear()
    this.#file?.clear()
    this.#results.clear()
  }

  /** The uplink is done with a slice. */
  settle(id: string, whole: boolean): void {
    this.#results.set(id, whole ? 'whole' : 'broken')
    if (this.#results.size > RESULTS_MAX)
      for (const oldest of this.#results.keys()) {
        this.#results.delete(oldest)
        break
      }
  }

  /** A slice that nobody has told of is still the uplink's. */
  state(id: string): UploadState {
    return this.#results.get(id) ?? 'open'
  }
}
