import { errorText, type Logger } from '../log.ts'
import type { IndexStore, Slice } from '../store/index/types.ts'
import type { OpenSlice } from './open-slice.ts'

export type Written = { entry: OpenSlice; slice: Slice }

/** Which closed slices are to wait for an event that claims them. */
export type MustWait = (entry: OpenSlice, slice: Slice) => Promise<boolean>

/**
 * Collects what changed and tells the index in one statement. What is still open is told only to an index that others
 * read too: for this process memory has it, after a kill the journals have it, and a row that changes twice a second is
 * dear.
 */
export class IndexWriter {
  readonly #changed = new Map<string, OpenSlice>()

  constructor(
    private readonly index: IndexStore,
    private readonly log: Logger,
    private readonly mustWait: MustWait,
    private readonly now: () => number,
  ) {}

  note(entry: OpenSlice): void {
    if (entry.slice.state !== 'open' || this.index.isShared) this.#changed.set(entry.name, entry)
  }

  forget(entry: OpenSlice): void {
    this.#changed.delete(entry.name)
  }

  /** What the index has when this resolves. What it refused is tried again the next time. */
  async flush(): Promise<Written[]> {
    const batch = [...this.#changed.values()].map((entry) => ({ entry, slice: entry.slice }))
    if (batch.length === 0) return []
    this.#changed.clear()
    try {
      await this.#put(batch)
      return batch
    } catch {
      return this.#flushEach(batch)
    }
  }

  async #put(batch: readonly Written[]): Promise<void> {
    await this.index.putSlices(batch.map(({ slice }) => slice))
    const waiting: Slice[] = []
    for (const { entry, slice } of batch)
      if (slice.state !== 'open' && (await this.mustWait(entry, slice))) waiting.push(slice)
    await this.index.claims.wait(waiting, this.now())
  }

  /** One by one, so that one bad slice cannot hold up the others. */
  async #flushEach(batch: readonly Written[]): Promise<Written[]> {
    const written: Written[] = []
    for (const item of batch)
      try {
        await this.#put([item])
        written.push(item)
      } catch (error) {
        this.note(item.entry)
        this.log.error('slice not indexed', { slice: item.entry.key, reason: errorText(error) })
      }
    return written
  }
}
