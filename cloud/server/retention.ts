import type { Catalog } from './catalog.ts'
import { pictureObjectKey } from './events/picture-key.ts'
import type { Ingest } from './ingest/ingest.ts'
import { errorText, type Logger } from './log.ts'
import type { Registry } from './registry.ts'
import { deviceKey, sliceObjectKey } from './slice.ts'
import type { Device, IndexStore } from './store/index/types.ts'
import type { ObjectStore } from './store/objects/types.ts'

const INTERVAL_MS = 10 * 60_000
/** The server has better things to do when it has just started. */
const FIRST_MS = 60_000
const DAY_MS = 86_400_000
const BATCH = 200

export type RetentionParts = {
  index: IndexStore
  objects: ObjectStore
  registry: Registry
  ingest: Ingest
  catalog: Catalog
  log: Logger
  now: () => number
}

export type Deleted = { slices: number; events: number; bytes: number }

/**
 * Deletes what a plan's look-back days do not reach any more. A channel whose plan has no days (none was ever set, or it
 * was taken away) keeps what it has: people delete that, not a clock.
 *
 * Objects go before their rows, so a kill in between leaves rows that the next run finds again, and never an object that
 * nothing knows of.
 */
export class Retention {
  #timer: NodeJS.Timeout | undefined
  #running: Promise<Deleted> | undefined
  #isStopped = false

  constructor(private readonly parts: RetentionParts) {}

  start(): void {
    const next = (ms: number) => {
      this.#timer = setTimeout(async () => {
        await this.run().catch((error) =>
          this.parts.log.error('old recordings not deleted', { reason: errorText(error) }),
        )
        if (!this.#isStopped) next(INTERVAL_MS)
      }, ms)
      this.#timer.unref()
    }
    next(FIRST_MS)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#running?.catch(() => {})
  }

  /** One round over all channels; a second call joins the one that runs. */
  run(): Promise<Deleted> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #round(): Promise<Deleted> {
    const { index, registry, log, now } = this.parts
    const deleted: Deleted = { slices: 0, events: 0, bytes: 0 }
    for (const device of await index.devices())
      for (const channel of await index.channels(device.id)) {
        const { days } = await registry.plan(device, channel)
        if (days === 0) continue
        const beforeMs = now() - days * DAY_MS
        await this.#deleteSlices(device, channel, beforeMs, deleted)
        await this.#deleteEvents(device, channel, beforeMs, deleted)
        await index.losses.deleteBefore(device.id, channel, beforeMs)
      }
    if (deleted.slices + deleted.events > 0) log.info('old recordings deleted', deleted)
    return deleted
  }

  async #deleteSlices(
    device: Device,
    channel: number,
    beforeMs: number,
    deleted: Deleted,
  ): Promise<void> {
    const { index, objects, ingest, catalog } = this.parts
    while (!this.#isStopped) {
      const found = await index.slicesBefore(device.id, channel, beforeMs, BATCH)
      // one that its device is completing just now has its turn when that is done
      const open = new Set(ingest.live(device.id, channel).map((slice) => slice.id))
      const old = found.filter((slice) => !open.has(slice.id))
      if (old.length === 0) return
      for (const slice of old) await objects.delete(sliceObjectKey(device, slice))
      const ids = old.map((slice) => slice.id)
      await index.deleteSlices(device.id, channel, ids)
      catalog.forget(device.id)
      deleted.slices += old.length
      deleted.bytes += old.reduce((sum, slice) => sum + slice.bytes, 0)
      this.parts.log.debug('slices deleted', { device: deviceKey(device), slices: old.length })
    }
  }

  async #deleteEvents(
    device: Device,
    channel: number,
    beforeMs: number,
    deleted: Deleted,
  ): Promise<void> {
    const { index, objects } = this.parts
    while (!this.#isStopped) {
      const old = await index.events.eventsBefore(device.id, channel, beforeMs, BATCH)
      if (old.length === 0) return
      for (const event of old)
        if (event.pictureType !== null)
          await objects.delete(pictureObjectKey(device, channel, event.key))
      const keys = old.map((event) => event.key)
      await index.events.deleteEvents(device.id, channel, keys)
      deleted.events += old.length
    }
  }
}
