import type { Logger } from '../log.ts'
import type { Registry } from '../registry.ts'
import { sliceName, sliceObjectKey } from '../slice.ts'
import { asLabelled } from '../store/index/rows.ts'
import type { Device, IndexStore, Slice } from '../store/index/types.ts'
import type { ObjectStore, UnsettledObject } from '../store/objects/types.ts'
import { type OpenSlice, parseHeader, replay } from './open-slice.ts'
import type { SlicesInHand } from './slices-in-hand.ts'

/** A slice without appends is cut after this long. */
export const SILENCE_MS = 150_000

export type FinderParts = {
  objects: ObjectStore
  index: IndexStore
  registry: Registry
  log: Logger
  now: () => number
}

const FORMATS: readonly Slice['format'][] = ['ts', 'fmp4']

/** Finds slices wherever they are: in hand, with another instance, left by one that is gone, or in the index. */
export class SliceFinder {
  constructor(
    private readonly parts: FinderParts,
    private readonly hand: SlicesInHand,
  ) {}

  /** Takes a slice in hand as its journal tells it. One whose device is gone is deleted. */
  async takeUp(unsettled: UnsettledObject): Promise<OpenSlice | undefined> {
    const { objects, registry, log, now } = this.parts
    const header = parseHeader(unsettled.header)
    const device = await registry.device(header.productId, header.deviceName)
    if (!device) {
      await objects.delete(unsettled.key)
      return undefined
    }
    const { slice, length } = replay(header, device.id, unsettled)
    const entry: OpenSlice = {
      name: sliceName(device, header.channel, slice.id),
      key: unsettled.key,
      device,
      slice,
      length,
      object: undefined,
      silenceMs: SILENCE_MS,
      deadlineMs: now() + SILENCE_MS,
    }
    this.hand.add(entry)
    log.debug('slice taken up', { slice: entry.key, bytes: slice.bytes, state: slice.state })
    return entry
  }

  /**
   * A slice as it stands.
   * @param again another instance may know more than what is in hand here
   * @param format when it is known; a slice that is in no index yet is looked for in both
   */
  async find(
    device: Device,
    channel: number,
    id: string,
    again: boolean,
    format?: Slice['format'],
  ): Promise<OpenSlice | undefined> {
    const { objects, index } = this.parts
    const inHand = this.hand.get(sliceName(device, channel, id))
    if (inHand && !(again && objects.isShared)) return inHand
    const ofStore = async () => {
      const slice = await index.slice(device.id, channel, id)
      return slice && asLabelled(slice)
    }
    const known = inHand?.slice ?? (await ofStore())
    if (objects.isShared) {
      const formats = known ? [known.format] : format ? [format] : FORMATS
      for (const one of formats) {
        const unsettled = await objects.resume(sliceObjectKey(device, { channel, id, format: one }))
        if (!unsettled) continue
        if (inHand) this.hand.drop(inHand)
        return this.takeUp(unsettled)
      }
      if (inHand) this.hand.drop(inHand)
    }
    // what another instance has closed is in the index before its journal goes
    const slice = inHand ? await ofStore() : known
    return slice && ofIndex(device, slice)
  }
}

/** A closed slice, to be gone on with. */
const ofIndex = (device: Device, slice: Slice): OpenSlice => ({
  name: sliceName(device, slice.channel, slice.id),
  key: sliceObjectKey(device, slice),
  device,
  slice,
  length: slice.state === 'done' ? slice.bytes : undefined,
  object: undefined,
  silenceMs: SILENCE_MS,
  deadlineMs: 0,
})
