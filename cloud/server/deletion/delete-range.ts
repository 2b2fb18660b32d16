import { ApiError } from '../errors.ts'
import type { Device, Interval, SliceRange } from '../store/index/types.ts'
import type { StoredSlice } from '../store/index/usage-store.ts'
import {
  BATCH,
  type Deleted,
  type DeletionParts,
  deleteEvents,
  deleteSlices,
} from './delete-slices.ts'

export type DeletedRange = Deleted & { fromMs: number; toMs: number }

/** Refuses what is being exported; what is pinned too, unless `force`: then its pins go. */
export const release = async (
  { index }: Pick<DeletionParts, 'index'>,
  { deviceId, channel, fromMs, toMs }: SliceRange,
  force: boolean,
): Promise<void> => {
  const running = await index.exports.running(deviceId, channel)
  if (running.some(({ startMs, endMs }) => startMs < toMs && endMs > fromMs))
    throw new ApiError(409, 'conflict', 'it is being exported; wait for that or cancel it')
  const pins = await index.pins.list(deviceId, channel, fromMs, toMs)
  if (pins.length > 0 && !force)
    throw new ApiError(
      409,
      'pinned',
      `${pins.length} pin(s) keep it; remove them, or delete with "force=true"`,
    )
  for (const { id } of pins) await index.pins.delete(deviceId, id)
}

/** Deletes what was recorded in a range; slices that it touches go whole, but for those that touch one of `except`. */
export const deleteRecorded = async (
  parts: DeletionParts,
  device: Device,
  channel: number,
  touching: Interval,
  except: readonly Interval[] = [],
): Promise<StoredSlice[]> => {
  // what was closed a moment ago may not be in the index yet
  await parts.ingest.tick()
  const isKept = (slice: Interval) =>
    except.some(({ startMs, endMs }) => startMs < slice.endMs && endMs > slice.startMs)
  const gone: StoredSlice[] = []
  for (let limit = BATCH; ; ) {
    const found = await parts.index.usage.free({ deviceId: device.id, channel, touching, limit })
    const deleted = await deleteSlices(
      parts,
      device,
      found.filter((slice) => !isKept(slice)),
    )
    gone.push(...deleted)
    if (found.length < limit) return gone
    // what stays would be found again and again
    if (deleted.length === 0) limit *= 2
  }
}

/** What went, and where it lay; the range asked for when nothing did. */
export const summary = (
  gone: readonly StoredSlice[],
  events: number,
  { startMs, endMs }: Interval,
): DeletedRange => ({
  fromMs: gone.length > 0 ? Math.min(...gone.map((slice) => slice.startMs)) : startMs,
  toMs: gone.length > 0 ? Math.max(...gone.map((slice) => slice.endMs)) : endMs,
  slices: gone.length,
  events,
  bytes: gone.reduce((sum, slice) => sum + slice.bytes, 0),
})

/** Deletes what was recorded in a range, and the events that began in it. What is being recorded now stays. */
export const deleteRange = async (
  parts: DeletionParts,
  device: Device,
  channel: number,
  range: Interval,
  force: boolean,
): Promise<DeletedRange> => {
  const { startMs: fromMs, endMs: toMs } = range
  const asked = { deviceId: device.id, channel, fromMs, toMs }
  await release(parts, asked, force)
  const gone = await deleteRecorded(parts, device, channel, range)
  let events = 0
  for (;;) {
    const found = await parts.index.events.events({ ...asked, limit: BATCH })
    await deleteEvents(parts, device, channel, found)
    events += found.length
    if (found.length < BATCH) return summary(gone, events, range)
  }
}
