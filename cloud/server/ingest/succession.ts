import type { SliceStart } from '../contract.ts'

const BOOT_ID_LENGTH = 16

/** Ids are boot id and number. */
export const bootOf = (id: string): string => id.slice(0, BOOT_ID_LENGTH)

type Named = Pick<SliceStart, 'id' | 'startUtcMs'>

/**
 * Which slice of a channel is recorded now. What is created later need not be: a device sends from its spool what an earlier boot
 * has left, while it records.
 */
export class Succession {
  /** the boot that each device was in when it was last heard of */
  readonly #boots = new Map<number, string>()

  /** @returns whether it is another one than before */
  booted(deviceId: number, bootId: string): boolean {
    const isNew = this.#boots.get(deviceId) !== bootId
    this.#boots.set(deviceId, bootId)
    return isNew
  }

  /** Whether a device is known to have started anew since it began a slice. */
  isOfEarlierBoot(deviceId: number, { id }: Named): boolean {
    const boot = this.#boots.get(deviceId)
    return boot !== undefined && boot !== bootOf(id)
  }

  /** Whether a slice says, by being there, that another one of its channel is recorded no more. */
  follows(deviceId: number, slice: Named, other: Named): boolean {
    if (bootOf(slice.id) === bootOf(other.id)) return slice.id > other.id
    const isEarlier = this.isOfEarlierBoot(deviceId, slice)
    if (isEarlier !== this.isOfEarlierBoot(deviceId, other)) return !isEarlier
    // no heartbeat has told which of the two boots is the present one
    return slice.startUtcMs > other.startUtcMs
  }
}
