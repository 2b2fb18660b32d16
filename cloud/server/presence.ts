import type { Device, IndexStore } from './store/index/types.ts'

/** A device that is silent for this many of its intervals is offline. */
const SILENT_INTERVALS = 2.5
/** Before its first heartbeat a connection proves this much. */
const CONNECT_INTERVAL_MS = 30_000

type Seen = {
  lastSeenMs: number
  intervalMs: number
  isConnected: boolean
  version: string
  channels: number[]
}

export type PresenceView = {
  online: boolean
  /** 0 when never seen */
  lastSeenMs: number
  version: string
}

/** Which devices are there. Heartbeats tell; the embedded broker also sees connections end. */
export class Presence {
  readonly #seen = new Map<number, Seen>()
  readonly #unsaved = new Map<number, number>()

  constructor(
    private readonly index: IndexStore,
    private readonly now: () => number,
  ) {}

  #touch(deviceId: number, change: Partial<Seen>): void {
    const lastSeenMs = this.now()
    const before = this.#seen.get(deviceId)
    this.#seen.set(deviceId, {
      intervalMs: CONNECT_INTERVAL_MS,
      version: '',
      channels: [],
      ...before,
      isConnected: true,
      ...change,
      lastSeenMs,
    })
    this.#unsaved.set(deviceId, lastSeenMs)
  }

  connected(device: Device): void {
    this.#touch(device.id, {})
  }

  heartbeat(
    device: Device,
    beat: { intervalMs: number; version: string; channels: number[] },
  ): void {
    const { intervalMs, version, channels } = beat
    this.#touch(device.id, { intervalMs, version, channels })
  }

  disconnected(deviceId: number): void {
    const seen = this.#seen.get(deviceId)
    if (seen) seen.isConnected = false
  }

  forget(deviceId: number): void {
    this.#seen.delete(deviceId)
    this.#unsaved.delete(deviceId)
  }

  view(device: Device): PresenceView {
    const seen = this.#seen.get(device.id)
    if (!seen) return { online: false, lastSeenMs: device.lastSeenMs, version: '' }
    const silentMs = this.now() - seen.lastSeenMs
    const online = seen.isConnected && silentMs < seen.intervalMs * SILENT_INTERVALS
    return { online, lastSeenMs: seen.lastSeenMs, version: seen.version }
  }

  /** Channels that the device says it has. */
  channels(deviceId: number): number[] {
    return this.#seen.get(deviceId)?.channels ?? []
  }

  /** Writes what is new to the index; call it now and then, not per heartbeat. */
  async save(): Promise<void> {
    const batch = new Map(this.#unsaved)
    this.#unsaved.clear()
    await this.index.setLastSeen(batch)
  }
}
