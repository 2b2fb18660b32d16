import type { Catalog } from '../catalog.ts'
import type { ClockEpoch, Loss, LossReport } from '../contract.ts'
import type { Device, IndexStore, Interval, SliceRange } from '../store/index/types.ts'
import { uncovered } from './uncovered.ts'

/** Recordings that lie closer together than this have no hole between them. */
const GAP_MS = 500

/** What is missing of the recordings, as the devices tell it. Spec: docs/PROTOCOL.md section 9. */
export class Losses {
  constructor(private readonly parts: { index: IndexStore; catalog: Catalog }) {}

  async report(device: Device, { losses, withdrawn }: LossReport): Promise<void> {
    await this.parts.index.losses.put(device.id, losses)
    await this.parts.index.losses.withdraw(device.id, withdrawn)
  }

  /** A device knows now what its clock should have said: what it labelled gets its right times. */
  async correctClock(device: Device, epoch: ClockEpoch): Promise<void> {
    await this.parts.index.clock.correct(device.id, epoch)
    this.parts.catalog.forget(device.id)
  }

  /** Losses in a range that no recording covers, cut to it. */
  async missing(range: SliceRange): Promise<Omit<Loss, 'channel'>[]> {
    const told = await this.parts.index.losses.losses(range)
    if (told.length === 0) return []
    const recordings: Interval[] = await this.parts.catalog.timeline(range, GAP_MS)
    const cut = told.map((loss) => ({
      ...loss,
      startMs: Math.max(loss.startMs, range.fromMs),
      endMs: Math.min(loss.endMs, range.toMs),
    }))
    return uncovered(cut, recordings)
  }
}
