import {
  BATCH,
  type Deleted,
  type DeletionParts,
  deleteEvents,
  deleteSlices,
} from './deletion/delete-slices.ts'
import { errorText, type Logger } from './log.ts'
import { CLAIM_GRACE_MS } from './plan.ts'
import type { Registry } from './registry.ts'
import { deviceKey } from './slice.ts'
import type { Device, Plan } from './store/index/types.ts'
import type { FreeQuery, StoredSlice } from './store/index/usage-store.ts'

const INTERVAL_MS = 10 * 60_000
/** A disk fills faster than days pass. */
const ROOM_INTERVAL_MS = 30_000
/** The server has better things to do when it has just started. */
const FIRST_MS = 60_000
const DAY_MS = 86_400_000
/** Links that have expired are listed for a while; their tokens answer 410 for good. */
const SHARES_KEPT_MS = 30 * DAY_MS

export type RetentionParts = DeletionParts & {
  registry: Registry
  log: Logger
  now: () => number
  /** bytes that are free where recordings lie; undefined when the store has no such limit */
  freeBytes?: () => Promise<number | undefined>
  /** below this uploads are refused; room is made before that */
  minFreeBytes?: number
  /** several instances share the stores and one of them deletes: whether it is this one */
  mayRun?: () => Promise<boolean>
}

export type { Deleted } from './deletion/delete-slices.ts'

/**
 * Deletes what need not be kept: what a plan's look-back days do not reach any more, what no event has claimed where a plan keeps only
 * what events cover, what is over a device's quota, and, when the
 * disk is nearly full, what is oldest. Never what is pinned or being exported, nor what is being recorded. A channel whose plan has no
 * days (none was ever set, or it was taken away) keeps what it has: people delete that, not a clock.
 */
export class Retention {
  readonly #timers = new Set<NodeJS.Timeout>()
  #running: Promise<Deleted> | undefined
  #makingRoom: Promise<Deleted> | undefined
  #isStopped = false

  constructor(private readonly parts: RetentionParts) {}

  start(): void {
    const ours = (task: () => Promise<unknown>) => async () => {
      if ((await this.parts.mayRun?.()) ?? true) await task()
    }
    this.#every(
      INTERVAL_MS,
      ours(() => this.run()),
    )
    this.#every(
      ROOM_INTERVAL_MS,
      ours(() => this.makeRoom()),
    )
  }

  #every(ms: number, work: () => Promise<unknown>): void {
    const next = (waitMs: number) => {
      const timer = setTimeout(async () => {
        this.#timers.delete(timer)
        await work().catch((error) =>
          this.parts.log.error('old recordings not deleted', { reason: errorText(error) }),
        )
        if (!this.#isStopped) next(ms)
      }, waitMs)
      timer.unref()
      this.#timers.add(timer)
    }
    next(Math.min(ms, FIRST_MS))
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#running?.catch(() => {})
    await this.#makingRoom?.catch(() => {})
  }

  /** One round over all devices; a second call joins the one that runs. */
  run(): Promise<Deleted> {
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Deletes the oldest recordings of all until there is room for a while again. */
  makeRoom(): Promise<Deleted> {
    this.#makingRoom ??= this.#makeRoom().finally(() => {
      this.#makingRoom = undefined
    })
    return this.#makingRoom
  }

  async #round(): Promise<Deleted> {
    const { index, registry, log, now } = this.parts
    const deleted: Deleted = { slices: 0, events: 0, bytes: 0 }
    for (const device of await index.devices()) {
      for (const channel of await index.channels(device.id)) {
        const plan = await registry.plan(device, channel)
        await this.#keepClaims(device, channel, plan, deleted)
        if (plan.days === 0) continue
        const beforeMs = now() - plan.days * DAY_MS
        await this.#deleteAll(device, { channel, beforeMs }, deleted)
        await this.#deleteEvents(device, channel, beforeMs, deleted)
      }
      await this.#keepQuota(device, deleted)
    }
    await index.shares.deleteExpired(now() - SHARES_KEPT_MS)
    if (deleted.slices + deleted.events > 0) log.info('old recordings deleted', deleted)
    return deleted
  }

  /** Deletes what an event plan or a trial does not keep: what no event has claimed in time. */
  async #keepClaims(device: Device, channel: number, plan: Plan, deleted: Deleted): Promise<void> {
    const { claims } = this.parts.index
    if (plan.type === 'full') return claims.release(device.id, channel)
    const beforeMs = this.parts.now() - CLAIM_GRACE_MS
    for (let gone = BATCH; gone > 0 && !this.#isStopped; )
      gone = await this.#delete(
        device,
        await claims.overdue(device.id, channel, beforeMs, BATCH),
        deleted,
      )
    await claims.settle(device.id, channel)
  }

  /** Deletes all slices that a query finds. */
  async #deleteAll(
    device: Device,
    query: Omit<FreeQuery, 'limit' | 'deviceId'>,
    deleted: Deleted,
  ): Promise<void> {
    for (;;) {
      const asked = { ...query, deviceId: device.id, limit: BATCH }
      const gone = await this.#delete(device, await this.parts.index.usage.free(asked), deleted)
      if (this.#isStopped || gone === 0) return
    }
  }

  async #delete(device: Device, slices: readonly StoredSlice[], deleted: Deleted): Promise<number> {
    const gone = await deleteSlices(this.parts, device, slices)
    deleted.slices += gone.length
    deleted.bytes += gone.reduce((sum, slice) => sum + slice.bytes, 0)
    if (gone.length > 0)
      this.parts.log.debug('slices deleted', { device: deviceKey(device), slices: gone.length })
    return gone.length
  }

  async #deleteEvents(
    device: Device,
    channel: number,
    beforeMs: number,
    deleted: Deleted,
  ): Promise<void> {
    while (!this.#isStopped) {
      const old = await this.parts.index.events.eventsBefore(device.id, channel, beforeMs, BATCH)
      if (old.length === 0) return
      await deleteEvents(this.parts, device, channel, old)
      deleted.events += old.length
    }
  }

  /** The oldest go first, whatever their channel; no more than need be. */
  async #keepQuota(device: Device, deleted: Deleted): Promise<void> {
    const { usage } = this.parts.index
    if (device.quotaBytes === 0) return
    const channels = await usage.ofDevice(device.id)
    const pictures = await usage.pictureBytes(device.id)
    let over = channels.reduce((sum, { bytes }) => sum + bytes, pictures) - device.quotaBytes
    while (over > 0 && !this.#isStopped) {
      const oldest = await usage.free({ deviceId: device.id, limit: BATCH })
      const { length } = oldest
      const needed = oldest.filter((slice) => {
        const isNeeded = over > 0
        over -= slice.bytes
        return isNeeded
      })
      if ((await this.#delete(device, needed, deleted)) === 0 || length < BATCH) return
    }
  }

  async #makeRoom(): Promise<Deleted> {
    const { index, log, freeBytes, minFreeBytes = 0 } = this.parts
    const deleted: Deleted = { slices: 0, events: 0, bytes: 0 }
    // as much again as uploads need, so that they are not refused while this works
    const wanted = 2 * minFreeBytes
    while (!this.#isStopped) {
      const free = await freeBytes?.()
      if (free === undefined || free >= wanted) break
      const devices = new Map((await index.devices()).map((device) => [device.id, device]))
      let missing = wanted - free
      const oldest = (await index.usage.free({ limit: BATCH })).filter((slice) => {
        const isNeeded = missing > 0
        missing -= slice.bytes
        return isNeeded
      })
      let gone = 0
      for (const [id, device] of devices)
        gone += await this.#delete(
          device,
          oldest.filter(({ deviceId }) => deviceId === id),
          deleted,
        )
      if (gone === 0) {
        log.error('the disk is nearly full and nothing may be deleted', { freeBytes: free })
        break
      }
    }
    if (deleted.slices > 0) log.warn('room made: the oldest recordings deleted', deleted)
    return deleted
  }
}
