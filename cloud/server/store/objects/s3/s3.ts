import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Upload, UploadStore } from '../../index/upload-store.ts'
import {
  type AppendRecord,
  checkKey,
  type GrowingObject,
  type ListedObject,
  type NewObject,
  ObjectBusyError,
  type ObjectStore,
  OutdatedObjectError,
  type Passing,
  type UnsettledObject,
} from '../types.ts'
import { S3Client, type S3Options } from './s3-client.ts'
import { bodyOf } from './s3-http.ts'
import { joinObject } from './s3-join.ts'
import { S3NewObject } from './s3-new-object.ts'
import { type Extent, extentsIn, extentsOf, lengthOf } from './s3-parts.ts'

/** An instance that has not said for this long that it is there has lost what it had in its hands. */
const ALIVE_MS = 10_000
const ALIVE_INTERVAL_MS = 2000
/**
 * Every append is an object until the slice is over: the store and the index have as many requests. A little below a second,
 * so that a device that sends each second does not fall behind by the way there and back.
 */
const APPEND_INTERVAL_MS = 900
/** A longer journal is rather read twice than kept. */
const RESUMED_APPENDS_MAX = 100
const LENGTHS_MAX = 10_000
/** Readings of a slice that is being made one object just now. */
const READ_TRIES = 4
const READ_AGAIN_MS = 100
/** Objects of appends stand under this, beside those that they become. */
const PARTS = 'parts'
const OBJECTS = 'objects'

export type S3StoreOptions = S3Options & {
  /** how readers reach the store; absent: what is read goes through the cloud */
  publicEndpoint?: string
}

const objectKey = (key: string): string => `${OBJECTS}/${checkKey(key)}`
const partsPrefix = (key: string): string => `${PARTS}/${checkKey(key)}/`

const offsetName = (offset: number): string => String(offset).padStart(12, '0')

class S3Object implements GrowingObject {
  constructor(
    readonly key: string,
    public bytes: number,
    public version: number,
    public extents: Extent[],
    private readonly store: S3ObjectStore,
  ) {}

  async append(data: Uint8Array, sha256: string, note: string): Promise<void> {
    const record = { offset: this.bytes, bytes: data.length, sha256, note }
    const part = await this.store.appendPart(this, data, record)
    this.version++
    this.bytes += data.length
    if (part !== '') this.extents.push({ start: record.offset, end: this.bytes, key: part })
  }

  /** The store answers when it has the bytes. */
  async sync(): Promise<void> {}

  async close(): Promise<void> {
    this.store.forget(this)
  }
}

/**
 * Objects on an S3-compatible store. What grows is one object for each append, written before it is acknowledged, with
 * the journal and the lock in the index; settled it becomes one object. Several instances may work on the same store: an
 * append goes on where the object stands, whichever instance has written what is there.
 */
export class S3ObjectStore implements ObjectStore {
  readonly isShared = true
  readonly appendIntervalMs = APPEND_INTERVAL_MS
  readonly #client: S3Client
  /** signs with the endpoint that readers use; nothing is sent through it */
  readonly #reader: S3Client | undefined
  readonly instance = randomUUID()
  readonly #open = new Map<string, S3Object>()
  /** versions of what this instance owns */
  readonly #held = new Map<string, number>()
  /** as they were when they were taken over; the first append tells whether that still holds */
  readonly #resumed = new Map<string, Upload>()
  /** lengths of objects that are whole: they do not change */
  readonly #lengths = new Map<string, number>()
  readonly #timer: NodeJS.Timeout
  #aliveAt = 0

  private constructor(
    options: S3StoreOptions,
    private readonly uploads: UploadStore,
    onError: (error: unknown) => void,
  ) {
    this.#client = new S3Client(options)
    if (options.publicEndpoint !== undefined)
      this.#reader = new S3Client({ ...options, endpoint: options.publicEndpoint })
    this.#timer = setInterval(() => void this.#stayAlive().catch(onError), ALIVE_INTERVAL_MS)
    this.#timer.unref()
  }

  static async open(
    options: S3StoreOptions,
    uploads: UploadStore,
    onError: (error: unknown) => void,
  ): Promise<S3ObjectStore> {
    const store = new S3ObjectStore(options, uploads, onError)
    try {
      await store.#client.check()
      await store.#stayAlive()
      return store
    } catch (error) {
      await store.close().catch(() => {})
      throw error
    }
  }

  async #stayAlive(): Promise<void> {
    const at = performance.now()
    await this.uploads.alive(this.instance, ALIVE_MS)
    this.#aliveAt = at
  }

  /** A process that stood still for long does not go on with what may be in other hands by now. */
  #checkAlive(): void {
    if (performance.now() - this.#aliveAt > ALIVE_MS / 2)
      throw new Error('the index was not reached for too long')
  }

  #take(upload: Upload): Upload {
    this.#held.set(upload.key, upload.version)
    return upload
  }

  #letGo(key: string): void {
    for (const map of [this.#open, this.#held, this.#resumed]) map.delete(key)
  }

  async grow(key: string, header: string): Promise<GrowingObject> {
    checkKey(key)
    let upload: Upload | 'busy' | undefined =
      this.#resumed.get(key) ?? (await this.uploads.take(key, this.instance))
    this.#resumed.delete(key)
    if (!upload) {
      const bytes = (await this.#client.size(objectKey(key))) ?? 0
      upload = await this.uploads.begin(key, this.instance, header, bytes)
    }
    if (upload === 'busy') throw new ObjectBusyError(key)
    this.#take(upload)
    this.#lengths.delete(key)
    const { version } = upload
    const object = new S3Object(key, lengthOf(upload), version, extentsOf(upload), this)
    this.#open.set(key, object)
    return object
  }

  /** Writes the object of an append and makes it count. @returns its key; empty without bytes */
  async appendPart(object: S3Object, data: Uint8Array, record: AppendRecord): Promise<string> {
    const { key, version } = object
    // never the name of another attempt: what this one writes must not become what that one has acknowledged
    const name = `${partsPrefix(key)}${offsetName(record.offset)}-${randomBytes(6).toString('hex')}`
    const part = data.length > 0 ? name : ''
    if (part !== '') await this.#client.put(part, data, record.sha256)
    const append = { ...record, part }
    if (!(await this.uploads.append(key, version, this.instance, append))) {
      // whether the statement arrived is known now: nothing names this object
      if (part !== '') await this.#client.delete(part).catch(() => {})
      throw new OutdatedObjectError(key)
    }
    this.#held.set(key, version + 1)
    return part
  }

  forget(object: S3Object): void {
    if (this.#open.get(object.key) === object) this.#open.delete(object.key)
  }

  async *unsettled(): AsyncIterable<UnsettledObject> {
    await this.uploads.takeAbandoned(this.instance)
    for (const { key } of await this.uploads.held(this.instance)) {
      const upload = await this.uploads.upload(key)
      if (upload) yield unsettledOf(this.#take(upload))
    }
  }

  async resume(key: string): Promise<UnsettledObject | undefined> {
    const upload = await this.uploads.take(checkKey(key), this.instance)
    if (upload === 'busy') throw new ObjectBusyError(key)
    this.#open.delete(key)
    if (!upload) return undefined
    if (upload.appends.length < RESUMED_APPENDS_MAX) this.#resumed.set(key, upload)
    return unsettledOf(this.#take(upload))
  }

  async passing(): Promise<Passing> {
    const before = new Map(this.#held)
    const held = await this.uploads.held(this.instance)
    const mine = new Set(held.map(({ key }) => key))
    const lost: string[] = []
    for (const [key, version] of before) {
      // one that has been appended to since is this instance's again
      if (mine.has(key) || this.#held.get(key) !== version) continue
      this.#letGo(key)
      lost.push(key)
    }
    const found = await this.uploads.takeAbandoned(this.instance)
    return {
      lost,
      found: found.map((upload) => unsettledOf(this.#take(upload))),
      superseded: held.filter((one) => one.isSuperseded).map(({ key }) => key),
    }
  }

  supersede(prefix: string, beforeKey: string): Promise<void> {
    return this.uploads.supersede(checkKey(prefix), checkKey(beforeKey))
  }

  /** Makes one object of its parts. Killed in between it is done again, by whoever takes the upload over. */
  async settle(key: string): Promise<void> {
    const upload = await this.uploads.upload(checkKey(key))
    this.#letGo(key)
    if (!upload || !(await this.uploads.seal(key, upload.version, this.instance))) return
    try {
      if (upload.appends.some((append) => append.bytes > 0)) {
        await this.#join(upload)
        await this.#client.deleteUnder(partsPrefix(key))
      }
      await this.uploads.settle(key, this.instance)
    } catch (error) {
      // open again, so that appends need not wait for the next attempt
      await this.resume(key).catch(() => {})
      throw error
    }
  }

  async #join(upload: Upload): Promise<void> {
    const target = objectKey(upload.key)
    const client = this.#client
    const extents = extentsOf(upload).map((extent) =>
      extent.key === upload.key ? { ...extent, key: target } : extent,
    )
    const parts = async function* () {
      for (const { key, start, end } of extents) {
        const answer = await client.get(key, 0, end - start)
        if (!answer) throw new MissingPartError(key)
        yield await bodyOf(answer)
      }
    }
    try {
      await joinObject(client, target, parts(), () => this.#checkAlive())
    } catch (error) {
      // whoever had it before died when it had made the object and was deleting the parts
      const isMade =
        error instanceof MissingPartError && (await client.size(target)) === lengthOf(upload)
      if (!isMade) throw error
    }
  }

  async put(key: string, data: Uint8Array): Promise<void> {
    await this.#client.put(objectKey(key), data)
  }

  async create(key: string, bytes: number): Promise<NewObject> {
    const target = objectKey(key)
    this.#lengths.delete(key)
    await this.#client.dropUnended(target)
    return new S3NewObject(this.#client, target, bytes)
  }

  read(key: string, start: number, end: number): ReadableStream<Uint8Array> {
    checkKey(key)
    if (end <= start) return new ReadableStream({ start: (controller) => controller.close() })
    return Readable.toWeb(Readable.from(this.#read(key, start, end))) as ReadableStream<Uint8Array>
  }

  async *#read(key: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    let at = start
    for (let tries = 0; at < end; tries++) {
      // what is read may become one object meanwhile, and its parts are gone
      if (tries === READ_TRIES) throw new Error(`${key} cannot be read from ${at} on`)
      if (tries > 0) await sleep(READ_AGAIN_MS)
      const whole = [{ start: 0, end, key }]
      // its parts go before its journal does
      const extents = tries % 2 === 0 ? await this.#extents(key, end) : whole
      for (const extent of extentsIn(extents, at, end)) {
        const from = extent.key === key ? objectKey(key) : extent.key
        const answer = await this.#client.get(from, extent.start, extent.end)
        if (!answer) break
        for await (const chunk of answer) {
          yield chunk as Uint8Array
          at += (chunk as Uint8Array).length
        }
      }
    }
  }

  async #extents(key: string, end: number): Promise<Extent[]> {
    const open = this.#open.get(key)
    if (open && open.bytes >= end) return open.extents
    if ((this.#lengths.get(key) ?? 0) < end) {
      const upload = await this.uploads.upload(key)
      if (upload) return extentsOf(upload)
    }
    return [{ start: 0, end, key }]
  }

  async size(key: string, enough = Number.POSITIVE_INFINITY): Promise<number | undefined> {
    const known = this.#open.get(checkKey(key))?.bytes ?? this.#lengths.get(key) ?? -1
    if (known >= enough) return known
    const upload = await this.uploads.upload(key)
    return upload ? lengthOf(upload) : this.#wholeSize(key)
  }

  async #wholeSize(key: string): Promise<number | undefined> {
    const bytes = await this.#client.size(objectKey(key))
    if (bytes === undefined) return undefined
    if (this.#lengths.size >= LENGTHS_MAX) this.#lengths.delete(this.#lengths.keys().next().value!)
    this.#lengths.set(key, bytes)
    return bytes
  }

  async presign(
    key: string,
    { bytes, seconds, type, fileName }: Parameters<ObjectStore['presign']>[1],
  ): Promise<string | undefined> {
    if (!this.#reader) return undefined
    if ((this.#lengths.get(checkKey(key)) ?? -1) < bytes) {
      if (await this.uploads.upload(key)) return undefined
      if (((await this.#wholeSize(key)) ?? -1) < bytes) return undefined
    }
    return this.#reader.presign(objectKey(key), seconds, {
      'response-content-type': type,
      ...(fileName !== undefined && {
        'response-content-disposition': `attachment; filename="${fileName}"`,
      }),
    })
  }

  async delete(key: string): Promise<void> {
    checkKey(key)
    this.#letGo(key)
    this.#lengths.delete(key)
    await this.uploads.drop(key)
    await this.#client.delete(objectKey(key))
    await this.#client.deleteUnder(partsPrefix(key))
  }

  /** Objects that are whole: what grows has its parts elsewhere. */
  async *list(): AsyncIterable<ListedObject> {
    const prefix = `${OBJECTS}/`
    for (let after: string | undefined; ; ) {
      const page = await this.#client.page(prefix, after === undefined ? {} : { after })
      for (const { key, bytes, changedMs } of page.objects)
        yield { key: key.slice(prefix.length), bytes, changedMs }
      after = page.objects.at(-1)?.key
      if (page.isLast || after === undefined) return
    }
  }

  async deleteUnder(prefix: string): Promise<void> {
    checkKey(prefix)
    for (const map of [this.#open, this.#held, this.#resumed, this.#lengths])
      for (const key of map.keys()) if (key.startsWith(`${prefix}/`)) map.delete(key)
    await this.uploads.dropUnder(prefix)
    await this.#client.deleteUnder(`${objectKey(prefix)}/`)
    await this.#client.deleteUnder(partsPrefix(prefix))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#open.clear()
    await this.uploads.leave(this.instance)
    this.#client.close()
    this.#reader?.close()
  }
}

class MissingPartError extends Error {
  constructor(part: string) {
    super(`the part ${part} of an object is not in the store`)
  }
}

const unsettledOf = (upload: Upload): UnsettledObject => ({
  key: upload.key,
  header: upload.header,
  bytes: lengthOf(upload),
  appends: upload.appends.map(({ part: _, ...record }) => record),
  baseBytes: upload.baseBytes,
})
