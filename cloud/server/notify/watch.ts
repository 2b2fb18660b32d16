import { statfs } from 'node:fs/promises'
import { errorText, type Logger } from '../log.ts'
import type { Presence } from '../presence.ts'
import type { Device, IndexStore } from '../store/index/types.ts'
import type { Notifier } from './notifier.ts'
import type { States } from './states.ts'

const TICK_MS = 10_000
/** A short loss of the line is no news. */
const OFFLINE_AFTER_MS = 60_000
/** After a start the devices need a moment to come back. */
const SETTLE_MS = 90_000
/** Nearly full: less than so much of the disk, or less than twice the floor, is free. */
const LOW_PART = 0.05
const LOW_FLOORS = 2
/** Not low any more: half as much again. */
const CLEAR_FACTOR = 1.5

export type WatchParts = {
  index: IndexStore
  presence: Presence
  states: States
  notifier: Notifier
  /** whose disk the recordings fill; undefined: they lie elsewhere */
  folder: string | undefined
  minFreeBytes: number
  log: Logger
  now: () => number
  tickMs?: number | undefined
  settleMs?: number | undefined
}

/** Looks for what nobody tells: cameras that have gone, a disk that fills up. */
export class Watch {
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  readonly #startMs: number

  constructor(private readonly parts: WatchParts) {
    this.#startMs = parts.now()
  }

  start(): void {
    this.#timer = setInterval(() => void this.run(), this.parts.tickMs ?? TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#running
  }

  run(): Promise<void> {
    this.#running ??= this.#round()
      .catch((error) => this.parts.log.error('devices not watched', { reason: errorText(error) }))
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  async #round(): Promise<void> {
    const { index, states, now, settleMs = SETTLE_MS } = this.parts
    const known = await states.all()
    if (now() - this.#startMs >= settleMs)
      for (const device of await index.devices()) await this.#checkDevice(device, known)
    await this.#checkStorage(known)
  }

  async #checkDevice(device: Device, known: ReadonlyMap<string, string>): Promise<void> {
    const { presence, states, notifier, now } = this.parts
    const { online, lastSeenMs } = presence.view(device)
    // one that was never here has not gone
    if (lastSeenMs === 0) return
    const isOffline = !online && now() - lastSeenMs >= OFFLINE_AFTER_MS
    if (!online && !isOffline) return
    const name = `presence/${device.id}`
    const value = online ? 'online' : 'offline'
    const before = known.get(name)
    if (before === value) return
    // told before it is noted: a kill in between tells it twice rather than never. What is seen for the first time is no
    // change, unless it has gone
    if (before !== undefined || isOffline) await notifier.presence(device, online)
    await states.change(name, value)
  }

  async #checkStorage(known: ReadonlyMap<string, string>): Promise<void> {
    const { states, notifier, folder, minFreeBytes } = this.parts
    if (folder === undefined) return
    const { bavail, blocks, bsize } = await statfs(folder)
    const [free, size] = [bavail * bsize, blocks * bsize]
    const low = Math.max(size * LOW_PART, minFreeBytes * LOW_FLOORS)
    const before = known.get('storage') ?? 'ok'
    if (free < low && before !== 'low') {
      await notifier.storageLow(free, size)
      await states.change('storage', 'low')
    } else if (free > low * CLEAR_FACTOR && before === 'low') await states.change('storage', 'ok')
  }
}
