import type { AppendIndex, SliceStart } from '../contract.ts'
import { ApiError, badRequest, notFound } from '../errors.ts'
import { keepsEventsOnly } from '../plan.ts'
import { deviceKey, SLICE_MAX_BYTES, sliceName, sliceObjectKey } from '../slice.ts'
import type { Device, Slice } from '../store/index/types.ts'
import { OutdatedObjectError } from '../store/objects/types.ts'
import { Admission, type AdmissionLimits } from './admission.ts'
import { Housekeeping } from './housekeeping.ts'
import { IndexWriter } from './index-writer.ts'
import { KeyedLock } from './keyed-lock.ts'
import { afterAppend, headerText, noteText, type OpenSlice, supersede } from './open-slice.ts'
import { type FinderParts, SILENCE_MS, SliceFinder } from './slice-finder.ts'
import { applyIndex } from './slice-index.ts'
import { SlicesInHand } from './slices-in-hand.ts'
import { bootOf, Succession } from './succession.ts'

/**
 * What a device sends of a slice that it does not record any more comes from its spool, with pauses where live video goes first. Live
 * playback waits for an open slice, so the pauses may not be long.
 */
const RESUMED_SILENCE_MS = 15_000
/** Of two instances that append at once one is refused, and looks again. */
const APPEND_TRIES = 3

export type Append = {
  offset: number
  data: Uint8Array
  /** base64; of `data`, already checked */
  sha256: string
  index?: AppendIndex
  /** total length of the slice, when the device told it */
  length?: number
}

export type SlicePosition = { offset: number; length?: number }

export type IngestDependencies = FinderParts & { admission?: AdmissionLimits }

/** Slices as they arrive: created, appended to, closed; and taken up again after a kill of a process. */
export class Ingest {
  readonly admission: Admission
  readonly #hand: SlicesInHand
  readonly #finder: SliceFinder
  readonly #housekeeping: Housekeeping
  readonly #lock = new KeyedLock()
  readonly #succession = new Succession()

  constructor(private readonly parts: IngestDependencies) {
    const mustWait = async ({ device }: OpenSlice, slice: Slice): Promise<boolean> => {
      const plan = await parts.registry.plan(device, slice.channel)
      // what was recorded under the plan before may have been for all the time
      return keepsEventsOnly(plan) && slice.startUtcMs >= plan.changedMs
    }
    const writer = new IndexWriter(parts.index, parts.log, mustWait, parts.now)
    this.admission = new Admission(parts.admission)
    this.#hand = new SlicesInHand(writer)
    this.#finder = new SliceFinder(parts, this.#hand)
    this.#housekeeping = new Housekeeping(parts, this.#hand, writer, this.#finder, this.#lock)
  }

  /** Takes up what the process before left open. Its devices go on where it ends, or it is cut after the silence. */
  async start(): Promise<void> {
    for await (const unsettled of this.parts.objects.unsettled())
      await this.#finder.takeUp(unsettled)
    this.#housekeeping.start()
  }

  /** Creates a slice; one that exists is left as it is. */
  create(
    device: Device,
    channel: number,
    start: SliceStart,
    length?: number,
  ): Promise<SlicePosition & { existed: boolean }> {
    const { objects, now } = this.parts
    const fresh: Slice = {
      ...start,
      deviceId: device.id,
      channel,
      state: 'open',
      bytes: 0,
      pieces: [],
    }
    const name = sliceName(device, channel, start.id)
    return this.#lock.run(name, async () => {
      const known = (await this.#finder.find(device, channel, start.id, true, start.format))?.slice
      if (known) {
        if (known.format !== start.format)
          throw new ApiError(
            409,
            'conflict',
            `slice ${start.id} exists as ${known.format}, not ${start.format}`,
          )
        return { ...position(known), existed: true }
      }
      const key = sliceObjectKey(device, fresh)
      const object = await objects.grow(key, headerText(device, fresh, length))
      this.#endBefore(device.id, fresh)
      await objects.supersede(`${deviceKey(device)}/${channel}/${bootOf(start.id)}`, key)
      const slice = { ...fresh, bytes: object.bytes }
      this.#hand.add({
        name,
        key,
        device,
        slice,
        length,
        object,
        silenceMs: SILENCE_MS,
        deadlineMs: now() + SILENCE_MS,
      })
      return { ...position(slice), existed: false }
    })
  }

  /** Where a slice ends, or undefined when there is none. */
  async position(device: Device, channel: number, id: string): Promise<SlicePosition | undefined> {
    const find = () => this.#finder.find(device, channel, id, true)
    // what is in hand is told at once, even during an append; what is taken over must not meet one
    const entry = await (this.parts.objects.isShared
      ? this.#lock.run(sliceName(device, channel, id), find)
      : find())
    return entry && position(entry.slice)
  }

  /** Appends to a slice. When this resolves, bytes and index survive a kill of the process. */
  append(device: Device, channel: number, id: string, append: Append): Promise<SlicePosition> {
    return this.#lock.run(sliceName(device, channel, id), async () => {
      for (let tries = 1; ; tries++) {
        const isAgain = tries > 1
        const entry = await this.#finder.find(device, channel, id, isAgain)
        if (!entry) throw notFound(`no slice ${id} on channel ${channel}; create it first`)
        try {
          return await this.#appendWhere(entry, append, isAgain)
        } catch (error) {
          if (!(error instanceof OutdatedObjectError) || tries === APPEND_TRIES) throw error
        }
      }
    })
  }

  /** @param isCertain what is known of the slice has just been read: no other instance knows more */
  async #appendWhere(entry: OpenSlice, append: Append, isCertain: boolean): Promise<SlicePosition> {
    const { slice } = entry
    if (append.offset !== slice.bytes) {
      if (this.parts.objects.isShared && !isCertain) throw new OutdatedObjectError(entry.key)
      throw endsElsewhere(slice, append)
    }
    if (slice.state === 'done') {
      // the answer to the last append was lost and it is asked again
      if (append.data.length === 0) return position(slice)
      throw badRequest('the slice is complete; nothing can be appended to it')
    }
    return this.#append(entry, append)
  }

  async #append(entry: OpenSlice, append: Append): Promise<SlicePosition> {
    const { objects, now } = this.parts
    const bytes = append.offset + append.data.length
    const length = append.length ?? entry.length
    if (entry.length !== undefined && length !== entry.length)
      throw badRequest(`Upload-Length was ${entry.length} before; it cannot change`)
    if (length !== undefined && bytes > length)
      throw badRequest(`the append ends at ${bytes}, behind Upload-Length ${length}`)
    if (bytes > SLICE_MAX_BYTES) throw badRequest(`a slice has at most ${SLICE_MAX_BYTES} bytes`)
    if (append.index?.end && length !== bytes)
      throw badRequest('"end" belongs to the last append, together with Upload-Length')
    const applied = applyIndex(entry.slice, append.index ?? { pieces: [] }, bytes)
    if ('fault' in applied) throw badRequest(`Skyrill-Index: ${applied.fault}`)

    if (!entry.object) {
      entry.silenceMs = this.#isOver(entry) ? RESUMED_SILENCE_MS : SILENCE_MS
      entry.object = await objects.grow(entry.key, headerText(entry.device, entry.slice))
    }
    if (entry.object.bytes !== append.offset) {
      if (objects.isShared) throw new OutdatedObjectError(entry.key)
      // bytes of a closed slice were lost, which only damage to the disk can do: the device sends them again
      entry.slice = { ...entry.slice, bytes: entry.object.bytes }
      this.#hand.add(entry)
      throw endsElsewhere(entry.slice, append)
    }
    const note = { index: append.index, length: append.length }
    await entry.object.append(append.data, append.sha256, noteText(note))
    entry.slice = afterAppend(entry.slice, bytes, applied.pieces, { ...note, length })
    entry.length = length
    entry.deadlineMs = now() + entry.silenceMs
    this.#hand.add(entry)
    if (entry.slice.state === 'done') await this.#hand.closeObject(entry)
    return position(entry.slice)
  }

  /** Slices of a channel that are newer here than in the index. */
  live(deviceId: number, channel: number): Slice[] {
    return this.#hand.of(deviceId, channel).map((entry) => entry.slice)
  }

  /** Slices that grow, or that the index does not have yet. */
  get openCount(): number {
    return this.#hand.all().length
  }

  /** Forgets a device's slices and destroys their objects. The registry must not know the device any more. */
  async destroy(device: Device): Promise<void> {
    for (const entry of this.#hand.all())
      if (entry.device.id === device.id)
        await this.#lock.run(entry.name, async () => {
          await this.#hand.closeObject(entry)
          this.#hand.drop(entry)
        })
    await this.parts.objects.deleteUnder(deviceKey(device))
  }

  /** What happens every half second, and all that follows from it. */
  async tick(): Promise<void> {
    await this.#housekeeping.cycle()
    await this.#housekeeping.settled()
  }

  /** Syncs everything and tells the index. Open slices stay open: the next process takes them up. */
  async close(): Promise<void> {
    await this.#housekeeping.stop()
    for (const entry of this.#hand.all())
      await this.#lock.run(entry.name, () => this.#hand.closeObject(entry))
    await this.#housekeeping.flush()
    await this.#housekeeping.settled()
  }

  /** A device has told in which boot it is: what it left open in an earlier one is recorded no more. */
  booted(deviceId: number, bootId: string): void {
    if (!this.#succession.booted(deviceId, bootId)) return
    for (const entry of this.#hand.all())
      if (entry.device.id === deviceId && this.#succession.isOfEarlierBoot(deviceId, entry.slice))
        supersede(entry, this.parts.now())
  }

  /** A slice has been created: those before it need not be waited for. One from a spool says nothing of what is being recorded. */
  #endBefore(deviceId: number, slice: Slice): void {
    for (const entry of this.#hand.of(deviceId, slice.channel))
      if (this.#succession.follows(deviceId, slice, entry.slice)) supersede(entry, this.parts.now())
  }

  /** Whether what is appended to a slice now is not what is being recorded. */
  #isOver({ device, slice }: OpenSlice): boolean {
    return (
      this.#succession.isOfEarlierBoot(device.id, slice) ||
      this.#hand
        .of(device.id, slice.channel)
        .some((other) => this.#succession.follows(device.id, other.slice, slice))
    )
  }
}

const position = (slice: Slice): SlicePosition =>
  slice.state === 'done' ? { offset: slice.bytes, length: slice.bytes } : { offset: slice.bytes }

const endsElsewhere = (slice: Slice, append: Append) =>
  new ApiError(409, 'conflict', `the slice ends at ${slice.bytes}, not at ${append.offset}`, {
    'Upload-Offset': String(slice.bytes),
  })
