import type { AppendIndex, SliceStart } from '../contract.ts'
import { ApiError, badRequest, notFound } from '../errors.ts'
import { errorText, type Logger } from '../log.ts'
import type { Registry } from '../registry.ts'
import { deviceKey, SLICE_MAX_BYTES, sliceName, sliceObjectKey } from '../slice.ts'
import type { Device, IndexStore, Slice } from '../store/index/types.ts'
import type { ObjectStore } from '../store/objects/types.ts'
import { IndexWriter } from './index-writer.ts'
import { KeyedLock } from './keyed-lock.ts'
import {
  afterAppend,
  headerText,
  noteText,
  type OpenSlice,
  parseHeader,
  replay,
} from './open-slice.ts'
import { OpenSlices } from './open-slices.ts'
import { applyIndex } from './slice-index.ts'

/** A slice without appends is cut after this long. */
const SILENCE_MS = 150_000
/** The same once its device has started the next one: an append may still be on its way. */
const SUPERSEDED_MS = 3000
const BOOT_ID_LENGTH = 16
/** What changed goes to the index this often, in one statement; readers here see it at once, others this late. */
const FLUSH_INTERVAL_MS = 500

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

export type IngestDependencies = {
  objects: ObjectStore
  index: IndexStore
  registry: Registry
  log: Logger
  now: () => number
}

/** Slices as they arrive: created, appended to, closed; and taken up again after a kill of the process. */
export class Ingest {
  readonly #open = new OpenSlices()
  readonly #writer: IndexWriter
  readonly #lock = new KeyedLock()
  #timer: NodeJS.Timeout | undefined
  #ticking: Promise<void> | undefined

  constructor(private readonly parts: IngestDependencies) {
    this.#writer = new IndexWriter(parts.index, parts.log)
  }

  /** Takes up what the process before left open. Its devices go on where it ends, or it is cut after the silence. */
  async start(): Promise<void> {
    const { objects, registry, log } = this.parts
    for await (const unsettled of objects.unsettled()) {
      const header = parseHeader(unsettled.header)
      const device = await registry.device(header.productId, header.deviceName)
      if (!device) {
        await objects.delete(unsettled.key)
        continue
      }
      const { slice, length } = replay(header, device.id, unsettled)
      const entry: OpenSlice = {
        name: sliceName(device, header.channel, slice.id),
        key: unsettled.key,
        device,
        slice,
        length,
        object: undefined,
        isSuperseded: false,
        deadlineMs: this.parts.now() + SILENCE_MS,
      }
      this.#track(entry)
      log.info('slice taken up again', { slice: entry.key, bytes: slice.bytes, state: slice.state })
    }
    this.#timer = setInterval(() => void this.tick(), FLUSH_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Creates a slice; one that exists is left as it is. */
  create(
    device: Device,
    channel: number,
    start: SliceStart,
    length?: number,
  ): Promise<SlicePosition & { existed: boolean }> {
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
      const known =
        this.#open.get(name)?.slice ?? (await this.parts.index.slice(device.id, channel, start.id))
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
      const object = await this.parts.objects.grow(key, headerText(device, fresh, length))
      this.#supersede(device.id, channel, start.id)
      const slice = { ...fresh, bytes: object.bytes }
      this.#track({
        name,
        key,
        device,
        slice,
        length,
        object,
        isSuperseded: false,
        deadlineMs: this.parts.now() + SILENCE_MS,
      })
      return { ...position(slice), existed: false }
    })
  }

  /** Where a slice ends, or undefined when there is none. */
  async position(device: Device, channel: number, id: string): Promise<SlicePosition | undefined> {
    const slice =
      this.#open.get(sliceName(device, channel, id))?.slice ??
      (await this.parts.index.slice(device.id, channel, id))
    return slice && position(slice)
  }

  /** Appends to a slice. When this resolves, bytes and index survive a kill of the process. */
  async append(
    device: Device,
    channel: number,
    id: string,
    append: Append,
  ): Promise<SlicePosition> {
    const known =
      this.#open.get(sliceName(device, channel, id))?.slice ??
      (await this.parts.index.slice(device.id, channel, id))
    if (!known) throw notFound(`no slice ${id} on channel ${channel}; create it first`)
    const name = sliceName(device, channel, id)
    return this.#lock.run(name, async () => {
      const entry = this.#open.get(name) ?? {
        name,
        key: sliceObjectKey(device, known),
        device,
        slice: known,
        length: known.state === 'done' ? known.bytes : undefined,
        object: undefined,
        isSuperseded: false,
        deadlineMs: 0,
      }
      const { slice } = entry
      if (append.offset !== slice.bytes) throw endsElsewhere(slice, append)
      if (slice.state === 'done') {
        // the answer to the last append was lost and it is asked again
        if (append.data.length === 0) return position(slice)
        throw badRequest('the slice is complete; nothing can be appended to it')
      }
      return this.#append(entry, append)
    })
  }

  async #append(entry: OpenSlice, append: Append): Promise<SlicePosition> {
    const bytes = append.offset + append.data.length
    const length = append.length ?? entry.length
    if (entry.length !== undefined && length !== entry.length)
      throw badRequest(`Upload-Length was ${entry.length} before; it cannot change`)
    if (length !== undefined && bytes > length)
      throw badRequest(`the append ends at ${bytes}, behind Upload-Length ${length}`)
    if (bytes > SLICE_MAX_BYTES) throw badRequest(`a slice has at most ${SLICE_MAX_BYTES} bytes`)
    if (append.index?.end && length !== bytes)
      throw badRequest('"end" belongs to the last append, together with Upload-Length')
    const applied = applyIndex(entry.slice, append.index ?? { pieces: [] })
    if ('fault' in applied) throw badRequest(`Skyrill-Index: ${applied.fault}`)

    entry.object ??= await this.parts.objects.grow(entry.key, headerText(entry.device, entry.slice))
    if (entry.object.bytes !== append.offset) {
      // bytes of a closed slice were lost, which only damage to the disk can do: the device sends them again
      entry.slice = { ...entry.slice, bytes: entry.object.bytes }
      this.#track(entry)
      throw endsElsewhere(entry.slice, append)
    }
    const note = { index: append.index, length: append.length }
    await entry.object.append(append.data, append.sha256, noteText(note))
    entry.slice = afterAppend(entry.slice, bytes, applied.pieces, { ...note, length })
    entry.length = length
    entry.deadlineMs = this.parts.now() + (entry.isSuperseded ? SUPERSEDED_MS : SILENCE_MS)
    this.#track(entry)
    if (entry.slice.state === 'done') await this.#closeObject(entry)
    return position(entry.slice)
  }

  /** Slices of a channel that are newer here than in the index. */
  live(deviceId: number, channel: number): Slice[] {
    return this.#open.of(deviceId, channel).map((entry) => entry.slice)
  }

  /** Forgets a device's slices and destroys their objects. The registry must not know the device any more. */
  async destroy(device: Device): Promise<void> {
    for (const entry of this.#open.all())
      if (entry.device.id === device.id)
        await this.#lock.run(entry.name, async () => {
          await this.#closeObject(entry)
          this.#open.delete(entry)
          this.#writer.forget(entry)
        })
    await this.parts.objects.deleteUnder(deviceKey(device))
  }

  /** What happens every half second: cut what is silent, tell the index what changed. */
  tick(): Promise<void> {
    this.#ticking ??= this.#cutSilent()
      .then(() => this.#flush())
      .catch((error) => this.parts.log.error('index not updated', { reason: errorText(error) }))
      .finally(() => {
        this.#ticking = undefined
      })
    return this.#ticking
  }

  /** Syncs everything and tells the index. Open slices stay open: the next process takes them up. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#ticking
    for (const entry of this.#open.all())
      await this.#lock.run(entry.name, () => this.#closeObject(entry))
    await this.#flush()
  }

  #track(entry: OpenSlice): void {
    this.#open.add(entry)
    this.#writer.note(entry)
  }

  /** A slice that is sent later (backfill, maybe of an earlier boot) says nothing about the one that is being recorded. */
  #supersede(deviceId: number, channel: number, id: string): void {
    const deadlineMs = this.parts.now() + SUPERSEDED_MS
    for (const entry of this.#open.of(deviceId, channel)) {
      if (!precedes(entry.slice.id, id)) continue
      entry.isSuperseded = true
      entry.deadlineMs = Math.min(entry.deadlineMs, deadlineMs)
    }
  }

  async #closeObject(entry: OpenSlice): Promise<void> {
    const { object } = entry
    entry.object = undefined
    await object?.sync()
    await object?.close()
  }

  async #cutSilent(): Promise<void> {
    const nowMs = this.parts.now()
    for (const entry of this.#open.all()) {
      if (entry.slice.state !== 'open' || entry.deadlineMs > nowMs) continue
      await this.#lock.run(entry.name, async () => {
        // an append may have come while the lock was waited for
        if (entry.slice.state !== 'open' || entry.deadlineMs > this.parts.now()) return
        await this.#closeObject(entry)
        entry.slice = { ...entry.slice, state: 'cut' }
        this.#writer.note(entry)
        this.parts.log.info('slice cut', { slice: entry.key, bytes: entry.slice.bytes })
      })
    }
  }

  async #flush(): Promise<void> {
    for (const { entry, slice } of await this.#writer.flush()) {
      if (slice.state === 'open') continue
      // the index has all of it: the journal is not needed any more, and neither is the entry
      await this.#lock.run(entry.name, async () => {
        if (entry.slice !== slice || entry.object) return
        await this.parts.objects.settle(entry.key)
        this.#open.delete(entry)
      })
    }
  }
}

/** Whether a slice was begun before another one of the same boot: ids are boot id and number. */
const precedes = (id: string, other: string): boolean =>
  id.slice(0, BOOT_ID_LENGTH) === other.slice(0, BOOT_ID_LENGTH) && id < other

const position = (slice: Slice): SlicePosition =>
  slice.state === 'done' ? { offset: slice.bytes, length: slice.bytes } : { offset: slice.bytes }

const endsElsewhere = (slice: Slice, append: Append) =>
  new ApiError(409, 'conflict', `the slice ends at ${slice.bytes}, not at ${append.offset}`, {
    'Upload-Offset': String(slice.bytes),
  })
