import type { IndexWriter } from './index-writer.ts'
import type { OpenSlice } from './open-slice.ts'
import { OpenSlices } from './open-slices.ts'

/** The slices that this process writes. What changes in them goes to the index by and by. */
export class SlicesInHand extends OpenSlices {
  constructor(private readonly writer: IndexWriter) {
    super()
  }

  override add(entry: OpenSlice): void {
    super.add(entry)
    this.writer.note(entry)
  }

  /** It is not this process's any more: deleted, or in another one's hands. */
  drop(entry: OpenSlice): void {
    this.delete(entry)
    this.writer.forget(entry)
  }

  async closeObject(entry: OpenSlice): Promise<void> {
    const { object } = entry
    entry.object = undefined
    await object?.sync()
    await object?.close()
  }
}
