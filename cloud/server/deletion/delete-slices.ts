import type { Catalog } from '../catalog.ts'
import { pictureObjectKey } from '../events/picture-key.ts'
import type { Ingest } from '../ingest/ingest.ts'
import { sliceObjectKey } from '../slice.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device, IndexStore } from '../store/index/types.ts'
import type { StoredSlice } from '../store/index/usage-store.ts'
import type { ObjectStore } from '../store/objects/types.ts'

export type DeletionParts = {
  index: IndexStore
  objects: ObjectStore
  ingest: Ingest
  catalog: Catalog
}

export type Deleted = { slices: number; events: number; bytes: number }

/** Slices that one statement takes from the index. */
export const BATCH = 100

/**
 * Deletes slices of one device. Objects go before their rows: a kill in between leaves rows that the next run finds again, and
 * never an object that nothing knows of. One that its device is completing just now is left alone.
 * @returns those that went
 */
export const deleteSlices = async (
  { index, objects, ingest, catalog }: DeletionParts,
  device: Device,
  slices: readonly StoredSlice[],
): Promise<StoredSlice[]> => {
  const gone: StoredSlice[] = []
  for (const channel of new Set(slices.map((slice) => slice.channel))) {
    const live = new Set(ingest.live(device.id, channel).map(({ id }) => id))
    const old = slices.filter((slice) => slice.channel === channel && !live.has(slice.id))
    for (const slice of old) await objects.delete(sliceObjectKey(device, slice))
    if (old.length > 0)
      await index.deleteSlices(
        device.id,
        channel,
        old.map(({ id }) => id),
      )
    gone.push(...old)
  }
  if (gone.length > 0) catalog.forget(device.id)
  return gone
}

/** Deletes events of one channel with their pictures, in the same order. */
export const deleteEvents = async (
  { index, objects }: Pick<DeletionParts, 'index' | 'objects'>,
  device: Device,
  channel: number,
  events: readonly CloudEvent[],
): Promise<void> => {
  for (const event of events)
    if (event.pictureType !== null)
      await objects.delete(pictureObjectKey(device, channel, event.key))
  const keys = events.map(({ key }) => key)
  if (keys.length > 0) await index.events.deleteEvents(device.id, channel, keys)
}
