import type { Clock } from '../clock.ts'
import { DumpedSlices } from './dumped-slices.ts'

/** Results that are remembered: more than can be sent within the time that files have. */
const RESULTS_MAX = 512

export type UploadState = 'open' | 'whole' | 'broken'

/** What a channel's files are and what became of their uploads; kept when the module is left and initialised again. */
export class Archive {
  readonly dumped: DumpedSlices
  readonly #results = new Map<string, UploadState>()

  constructor(clock: Clock) {
    this.dumped = new DumpedSlices(clock)
  }

  /** The recordings were destroyed: files of before are unknown. */
  clear(): void {
    this.dumped.clear()
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
