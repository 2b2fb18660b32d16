import type { OpenSlice } from './open-slice.ts'

const channelKey = (deviceId: number, channel: number): string => `${deviceId}/${channel}`

/** The slices in this process's hands, by name and by channel. */
export class OpenSlices {
  readonly #byName = new Map<string, OpenSlice>()
  readonly #byChannel = new Map<string, Set<OpenSlice>>()

  get(name: string): OpenSlice | undefined {
    return this.#byName.get(name)
  }

  add(entry: OpenSlice): void {
    this.#byName.set(entry.name, entry)
    const key = channelKey(entry.device.id, entry.slice.channel)
    const channel = this.#byChannel.get(key)
    if (channel) channel.add(entry)
    else this.#byChannel.set(key, new Set([entry]))
  }

  delete(entry: OpenSlice): void {
    this.#byName.delete(entry.name)
    const key = channelKey(entry.device.id, entry.slice.channel)
    const channel = this.#byChannel.get(key)
    channel?.delete(entry)
    if (channel?.size === 0) this.#byChannel.delete(key)
  }

  /** Those of one channel: usually one, two while a slice follows another. */
  of(deviceId: number, channel: number): OpenSlice[] {
    return [...(this.#byChannel.get(channelKey(deviceId, channel)) ?? [])]
  }

  /** All of them, as they are now: the list may be worked through while entries come and go. */
  all(): OpenSlice[] {
    return [...this.#byName.values()]
  }
}
