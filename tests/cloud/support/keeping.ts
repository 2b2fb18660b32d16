import { Catalog } from '../../../cloud/server/catalog.ts'
import { Ingest } from '../../../cloud/server/ingest/ingest.ts'
import { createLogger } from '../../../cloud/server/log.ts'
import { Registry } from '../../../cloud/server/registry.ts'
import { Retention } from '../../../cloud/server/retention.ts'
import { sliceObjectKey } from '../../../cloud/server/slice.ts'
import type { Device, IndexStore } from '../../../cloud/server/store/index/types.ts'
import type { ObjectStore } from '../../../cloud/server/store/objects/types.ts'
import { noise, pieces, sha256, sliceId, sliceStart } from './device.ts'

/** What keeps and deletes over two stores, as a server makes it, by a clock of the test. */
export const openKeeping = (index: IndexStore, objects: ObjectStore, now: () => number) => {
  const log = createLogger('silent')
  const registry = new Registry(index, now)
  const ingest = new Ingest({ objects, index, registry, log, now })
  const catalog = new Catalog(index, ingest)
  const retention = new Retention({ index, objects, registry, ingest, catalog, log, now })
  return { registry, ingest, retention }
}

/** A whole slice of ten seconds and 1000 bytes. @returns the key of its object */
export const recordSlice = async (
  ingest: Ingest,
  device: Device,
  { channel, number, startUtcMs }: { channel: number; number: number; startUtcMs: number },
): Promise<string> => {
  const start = sliceStart({ id: sliceId(number), startUtcMs })
  await ingest.create(device, channel, start)
  const data = noise(1000, number)
  const list = pieces(1, { startMs: startUtcMs, durationMs: 10_000 })
  const append = { offset: 0, data, sha256: sha256(data), index: { pieces: list }, length: 1000 }
  await ingest.append(device, channel, start.id, append)
  await ingest.tick()
  return sliceObjectKey(device, { ...start, channel })
}
