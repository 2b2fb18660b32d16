import {
  type BucketObject,
  bucketEventSchema,
  type ObjectMeta,
  objectKey,
  type Piece,
  parseIndexKey,
  parseObjectKey,
  type SliceManifest,
  unpackObjectPieces,
} from '../contract.ts'
import { pictureObjectKey } from '../events/picture-key.ts'
import { errorText, type Logger } from '../log.ts'
import { sliceObjectKey } from '../slice.ts'
import type { Device, IndexStore, Slice } from '../store/index/types.ts'
import type { BucketObjects } from './objects.ts'
import { type BucketPath, type BucketReader, type BucketSource, parseJson } from './reader.ts'

const REFRESH_MS = 2000
/** Hours that ended long ago change only when a device sends late what its spool has kept. */
const FULL_MS = 10 * 60_000
/** A slice that has no index and gets no more objects for so long was broken off. */
const SILENT_MS = 60_000
/** Requests at once. */
const PARALLEL = 16

export type BucketSyncParts = {
  reader: BucketReader
  objects: BucketObjects
  index: IndexStore
  log: Logger
  now: () => number
}

type IndexName = NonNullable<ReturnType<typeof parseIndexKey>>

/** A slice of which only objects are there: its index comes, or never does. */
type Loose = { objects: (BucketObject & { key: string })[]; metas: ObjectMeta[]; seenMs: number }

const each = async <T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> => {
  const queue = [...items]
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
}

const MEDIA_TYPES: Record<string, string> = { jpg: 'image/jpeg', png: 'image/png' }

/** Fills an index from what a bucket says of itself, and goes on doing so. */
export class BucketSync {
  readonly #devices = new Map<string, Device>()
  /** index objects that were read */
  readonly #indexes = new Set<string>()
  /** slices whose index was read: device id, channel, slice id; false when it has no end and a fuller one may follow from a spool */
  readonly #indexed = new Map<string, boolean>()
  readonly #loose = new Map<string, Loose>()
  /** event objects and their sizes: one that ended is longer */
  readonly #events = new Map<string, number>()
  #fullAtMs = 0
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(private readonly parts: BucketSyncParts) {}

  /** Reads everything once, then what changes. */
  async start(): Promise<void> {
    await this.refresh()
    const next = (): void => {
      this.#timer = setTimeout(async () => {
        await this.refresh().catch((error) =>
          this.parts.log.warn('the bucket could not be read', { reason: errorText(error) }),
        )
        if (!this.#isStopped) next()
      }, REFRESH_MS)
      this.#timer.unref()
    }
    next()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#running.catch(() => {})
  }

  refresh(): Promise<void> {
    this.#running = this.#refresh()
    return this.#running
  }

  async #refresh(): Promise<void> {
    const { reader, now } = this.parts
    const isFull = now() >= this.#fullAtMs
    for (const source of reader.sources)
      for (const path of await reader.channels(source)) await this.#channel(source, path, isFull)
    if (isFull) this.#fullAtMs = now() + FULL_MS
  }

  async #channel(source: BucketSource, path: BucketPath, isFull: boolean): Promise<void> {
    const { reader } = this.parts
    const device = await this.#device(path)
    const days = await reader.days(source, path)
    // a device whose clock was wrong writes to other days: the newest two are looked at, the rest now and then
    for (const day of isFull ? days : days.slice(-2)) {
      const folder = `${path.base}/${day}/`
      const hours = (await reader.folders(source, folder)).filter((name) => /^\d\d$/.test(name))
      for (const hour of isFull ? hours : hours.slice(-2)) {
        await this.#indexesOf(source, path, device, `${folder}index/${hour}/`)
        await this.#looseOf(source, path, device, `${folder}${hour}/`)
      }
      await this.#eventsOf(source, path, device, `${folder}events/`)
    }
  }

  async #device({ productId, deviceName }: BucketPath): Promise<Device> {
    const name = `${productId}/${deviceName}`
    const { index, now } = this.parts
    let device = this.#devices.get(name)
    if (!device) {
      const given = { productId, deviceName, label: '', createdMs: now() }
      // it never logs in here
      await index.createDevice({ ...given, secret: crypto.randomUUID() })
      device = (await index.device(productId, deviceName))!
      this.#devices.set(name, device)
    }
    return device
  }

  /** Reads indexes that are new: those of hours first, as each stands for many. */
  async #indexesOf(
    source: BucketSource,
    path: BucketPath,
    device: Device,
    prefix: string,
  ): Promise<void> {
    const { reader } = this.parts
    const fresh: { key: string; seen: string; name: IndexName }[] = []
    for await (const { key, bytes } of reader.objects(source, prefix)) {
      const name = parseIndexKey(key)
      // one that is replaced by a fuller one is longer
      const seen = `${source} ${bytes} ${key}`
      if (name && !this.#indexes.has(seen)) fresh.push({ key, seen, name })
    }
    const read = (entries: typeof fresh): Promise<void> =>
      each(entries, async ({ key, seen }) => {
        const manifests = await reader.manifests(source, key)
        await this.#take(path, device, manifests)
        this.#indexes.add(seen)
      })
    await read(fresh.filter(({ name }) => name.last > name.first))
    const single = fresh.filter(({ name }) => name.last === name.first)
    const isKnown = ({ name }: (typeof fresh)[number]): boolean => {
      const id = `${name.boot}-${String(name.first).padStart(8, '0')}`
      return this.#indexed.get(sliceKey(device, path, id)) === true
    }
    for (const entry of single) if (isKnown(entry)) this.#indexes.add(entry.seen)
    await read(single.filter((entry) => !isKnown(entry)))
  }

  async #take(
    path: BucketPath,
    device: Device,
    manifests: readonly SliceManifest[],
  ): Promise<void> {
    const fresh = manifests.filter(
      ({ start }) => this.#indexed.get(sliceKey(device, path, start.id)) !== true,
    )
    const slices = fresh.map(({ start, end, bytes, pieces, objects }): Slice => {
      const named = objects.map((object) => ({
        ...object,
        key: objectKey(path.base, start, object.o),
      }))
      const slice: Slice = {
        ...start,
        deviceId: device.id,
        channel: path.channel,
        state: end ? 'done' : 'cut',
        bytes,
        pieces,
        ...(end && { end }),
      }
      this.parts.objects.set(sliceObjectKey(device, slice), { objects: named, bytes })
      return slice
    })
    await this.parts.index.putSlices(slices)
    for (const { id, end } of slices) {
      this.#indexed.set(sliceKey(device, path, id), end !== undefined)
      this.#loose.delete(sliceKey(device, path, id))
    }
  }

  /** Slices whose index is not there: being recorded, or broken off. Their objects say what they are. */
  async #looseOf(
    source: BucketSource,
    path: BucketPath,
    device: Device,
    prefix: string,
  ): Promise<void> {
    const ids = (await this.parts.reader.folders(source, prefix)).filter(
      (id) => !this.#indexed.has(sliceKey(device, path, id)),
    )
    await each(ids, (id) => this.#looseSlice(source, path, device, `${prefix}${id}/`, id))
  }

  async #looseSlice(
    source: BucketSource,
    path: BucketPath,
    device: Device,
    prefix: string,
    id: string,
  ): Promise<void> {
    const { reader, now } = this.parts
    const name = sliceKey(device, path, id)
    const loose = this.#loose.get(name) ?? { objects: [], metas: [], seenMs: 0 }
    for await (const { key, bytes } of reader.objects(source, prefix)) {
      const offset = parseObjectKey(key)?.offset
      if (offset === undefined || loose.objects.some(({ o }) => o === offset)) continue
      const meta = await reader.meta(source, key)
      if (!meta || meta.start.id !== id) continue
      loose.objects.push({ key, o: offset, b: bytes, h: meta.h, ...(source === 1 && { s: 1 }) })
      loose.metas.push(meta)
      loose.seenMs = now()
    }
    if (loose.objects.length === 0) return
    this.#loose.set(name, loose)
    await this.#putLoose(path, device, loose)
  }

  async #putLoose(path: BucketPath, device: Device, loose: Loose): Promise<void> {
    const { index, objects, now } = this.parts
    const order = loose.objects
      .map((_, at) => at)
      .sort((a, b) => loose.objects[a]!.o - loose.objects[b]!.o)
    const whole: Loose['objects'] = []
    const pieces: Piece[] = []
    let bytes = 0
    for (const at of order) {
      const object = loose.objects[at]!
      // what lies behind one that is missing is of no use to anyone who reads from the start
      if (object.o !== bytes) break
      const { start, pieces: packed, t } = loose.metas[at]!
      pieces.push(...unpackObjectPieces(packed, Math.max(object.o, start.initBytes), t))
      whole.push(object)
      bytes += object.b
    }
    const { start } = loose.metas[order[0]!]!
    const slice: Slice = {
      ...start,
      deviceId: device.id,
      channel: path.channel,
      state: now() - loose.seenMs < SILENT_MS ? 'open' : 'cut',
      bytes,
      pieces,
    }
    objects.set(sliceObjectKey(device, slice), { objects: whole, bytes })
    await index.putSlices([slice])
  }

  async #eventsOf(
    source: BucketSource,
    path: BucketPath,
    device: Device,
    prefix: string,
  ): Promise<void> {
    const { reader, index } = this.parts
    const pictures: { key: string; bytes: number }[] = []
    for await (const object of reader.objects(source, prefix)) {
      if (!object.key.endsWith('.json')) pictures.push(object)
      else if (this.#events.get(object.key) !== object.bytes) {
        const bytes = await reader.client(source).getWhole(object.key)
        const event = bucketEventSchema.safeParse(parseJson(bytes?.toString('utf8') ?? ''))
        if (!event.success) continue
        const { version: _, endMs, videoEndMs, ...beginning } = event.data
        const row = { ...beginning, deviceId: device.id, channel: path.channel }
        if (endMs === undefined) await index.events.begin(row)
        else
          await index.events.end({ ...row, endMs, videoEndMs: videoEndMs ?? endMs, video: 'none' })
        this.#events.set(object.key, object.bytes)
      }
    }
    for (const { key, bytes } of pictures) {
      if (this.#events.get(key) === bytes) continue
      const [name = '', extension = ''] = key.slice(prefix.length).split('.')
      const type = MEDIA_TYPES[extension] ?? 'application/octet-stream'
      const target = { deviceId: device.id, channel: path.channel, key: name }
      if (!(await index.events.setPicture(target, type, bytes))) continue
      const object = { o: 0, b: bytes, h: '', key, ...(source === 1 && { s: 1 }) }
      this.parts.objects.set(pictureObjectKey(device, path.channel, name), {
        objects: [object],
        bytes,
      })
      this.#events.set(key, bytes)
    }
  }
}

const sliceKey = (device: Device, { channel }: BucketPath, id: string): string =>
  `${device.id}/${channel}/${id}`
