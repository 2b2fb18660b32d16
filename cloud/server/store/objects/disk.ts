import { createHash } from 'node:crypto'
import { constants, createReadStream, openAsBlob } from 'node:fs'
import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  stat,
  statfs,
  truncate,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { DiskSync, type Syncable } from './disk-sync.ts'
import { isCode, syncFolder, writeAll } from './files.ts'
import { appendLine, headerLine, type Journal, parseJournal } from './journal.ts'
import { NewFile } from './new-file.ts'
import { draftPath, putFile } from './put-file.ts'
import {
  type AppendRecord,
  checkKey,
  type GrowingObject,
  type ListedObject,
  type NewObject,
  type ObjectStore,
  type Passing,
  StorageFullError,
  type UnsettledObject,
} from './types.ts'

/** How long a reading of the free space is believed. */
const FREE_SPACE_AGE_MS = 2000
const READ_CHUNK_BYTES = 256 * 1024

export type DiskOptions = {
  objects: string
  journals: string
  /** an append that would leave less than this is refused */
  minFreeBytes: number
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : undefined),
    (error) => {
      if (isCode(error, 'ENOENT', 'ENOTDIR')) return undefined
      throw error
    },
  )

/** The two files of an object, and the folders that have to know them. */
class DiskFiles implements Syncable {
  #newIn: string[]

  constructor(
    readonly data: FileHandle,
    readonly journal: FileHandle,
    newIn: string[],
  ) {
    this.#newIn = newIn
  }

  async sync(): Promise<void> {
    // the journal first, for the same reason as it is written first
    await this.journal.datasync()
    await this.data.datasync()
    // a new file is only there after a power cut when its folder's entry is
    for (const folder of this.#newIn.splice(0)) await syncFolder(folder)
  }

  async close(): Promise<void> {
    await Promise.all([this.data.close(), this.journal.close()])
  }
}

class DiskObject implements GrowingObject {
  constructor(
    readonly files: DiskFiles,
    public bytes: number,
    private journalBytes: number,
    private readonly store: DiskObjectStore,
  ) {}

  async append(data: Uint8Array, sha256: string, note: string): Promise<void> {
    const { data: file, journal } = this.files
    await this.store.checkFreeSpace(data.length)
    const line = Buffer.from(appendLine({ offset: this.bytes, bytes: data.length, sha256, note }))
    try {
      await writeAll(journal, line, this.journalBytes)
      await writeAll(file, data, this.bytes)
    } catch (error) {
      // undone as far as possible; a restart undoes the rest, since no whole append accounts for it
      await file.truncate(this.bytes).catch(() => {})
      await journal.truncate(this.journalBytes).catch(() => {})
      if (isCode(error, 'ENOSPC', 'EDQUOT')) throw new StorageFullError('the disk is full')
      throw error
    }
    this.bytes += data.length
    this.journalBytes += line.length
    this.store.disk.mark(this.files)
  }

  sync(): Promise<void> {
    return this.store.disk.synced(this.files)
  }

  async close(): Promise<void> {
    if (!this.store.forget(this)) return
    await this.sync()
    await this.files.close()
  }
}

/** Objects as files. What is acknowledged is in the kernel's hands (survives kill -9) and synced within a second. */
export class DiskObjectStore implements ObjectStore {
  readonly isShared = false
  readonly appendIntervalMs = 0
  readonly #open = new Set<DiskObject>()
  readonly disk: DiskSync
  #free = { atMs: Number.NEGATIVE_INFINITY, bytes: 0 }

  constructor(
    private readonly options: DiskOptions,
    onSyncError: (error: unknown) => void,
  ) {
    this.disk = new DiskSync([options.objects, options.journals], onSyncError)
  }

  #path(key: string): string {
    return join(this.options.objects, ...checkKey(key).split('/'))
  }

  /** `~` cannot stand in a key, so the names of journals are unique. */
  #journalPath(key: string): string {
    return join(this.options.journals, `${checkKey(key).replaceAll('/', '~')}.journal`)
  }

  forget(object: DiskObject): boolean {
    return this.#open.delete(object)
  }

  async checkFreeSpace(bytes: number): Promise<void> {
    const now = performance.now()
    if (now - this.#free.atMs > FREE_SPACE_AGE_MS) {
      const { bavail, bsize } = await statfs(this.options.objects)
      this.#free = { atMs: now, bytes: bavail * bsize }
    }
    this.#free.bytes -= bytes
    if (this.#free.bytes < this.options.minFreeBytes)
      throw new StorageFullError(
        `less than ${this.options.minFreeBytes} bytes would stay free on the disk`,
      )
  }

  async grow(key: string, header: string): Promise<GrowingObject> {
    const path = this.#path(key)
    await this.checkFreeSpace(0)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const bytes = (await sizeOf(path)) ?? 0
    const journalPath = this.#journalPath(key)
    const known = await sizeOf(journalPath)
    const journal = await open(journalPath, constants.O_RDWR | constants.O_CREAT, 0o600)
    let journalBytes = known ?? 0
    if (journalBytes === 0) {
      const line = Buffer.from(headerLine(header, bytes))
      await writeAll(journal, line, 0)
      journalBytes = line.length
    }
    const data = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const files = new DiskFiles(data, journal, [dirname(path), this.options.journals])
    const object = new DiskObject(files, bytes, journalBytes, this)
    this.#open.add(object)
    return object
  }

  async *unsettled(): AsyncIterable<UnsettledObject> {
    for (const name of (await readdir(this.options.journals)).sort()) {
      if (!name.endsWith('.journal')) continue
      const key = name.slice(0, -'.journal'.length).replaceAll('~', '/')
      const journal = parseJournal(await readFile(this.#journalPath(key), 'utf8'))
      const size = await sizeOf(this.#path(key))
      if (!journal || size === undefined) {
        // the process died between making the two files: nothing was acknowledged
        await this.settle(key)
        continue
      }
      const appends = await this.#wholeAppends(key, journal, size)
      const last = appends.at(-1)
      // shorter than it was when the journal began: only damage to the disk can do that
      const bytes = last ? last.offset + last.bytes : Math.min(size, journal.baseBytes)
      if (size > bytes) await truncate(this.#path(key), bytes)
      await this.#rewriteJournal(key, journal, appends)
      yield { key, header: journal.header, bytes, appends, baseBytes: journal.baseBytes }
    }
  }

  /** The appends that are there whole and unchanged, up to the first that is not. */
  async #wholeAppends(key: string, journal: Journal, size: number): Promise<AppendRecord[]> {
    const whole: AppendRecord[] = []
    let at = journal.baseBytes
    const file = await open(this.#path(key), 'r')
    try {
      for (const record of journal.appends) {
        if (record.offset !== at || at + record.bytes > size) break
        const data = Buffer.alloc(record.bytes)
        await file.read(data, 0, data.length, at)
        if (createHash('sha256').update(data).digest('base64') !== record.sha256) break
        whole.push(record)
        at += record.bytes
      }
    } finally {
      await file.close()
    }
    return whole
  }

  /** Drops the lines that recovery did not believe, so that later ones cannot stand behind them. */
  async #rewriteJournal(key: string, journal: Journal, appends: AppendRecord[]): Promise<void> {
    const file = await open(this.#journalPath(key), 'r+')
    try {
      const text = headerLine(journal.header, journal.baseBytes) + appends.map(appendLine).join('')
      await writeAll(file, Buffer.from(text), 0)
      await file.truncate(Buffer.byteLength(text))
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  // the folder belongs to one process: there is nobody to take anything from
  async resume(): Promise<undefined> {}

  async passing(): Promise<Passing> {
    return { lost: [], found: [], superseded: [] }
  }

  async supersede(): Promise<void> {}

  async presign(): Promise<undefined> {}

  async settle(key: string): Promise<void> {
    await rm(this.#journalPath(key), { force: true })
  }

  async put(key: string, data: Uint8Array): Promise<void> {
    const path = this.#path(key)
    await this.checkFreeSpace(data.length)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await putFile(path, data).catch((error) => {
      throw isCode(error, 'ENOSPC', 'EDQUOT') ? new StorageFullError('the disk is full') : error
    })
    await syncFolder(dirname(path))
  }

  async create(key: string, bytes: number): Promise<NewObject> {
    const path = this.#path(key)
    await this.checkFreeSpace(bytes)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    return NewFile.open(path)
  }

  read(key: string, start: number, end: number): ReadableStream<Uint8Array> {
    if (end <= start) return new ReadableStream({ start: (controller) => controller.close() })
    const options = { start, end: end - 1, highWaterMark: READ_CHUNK_BYTES }
    const stream = createReadStream(this.#path(key), options)
    return Readable.toWeb(stream) as ReadableStream<Uint8Array>
  }

  file(key: string): Promise<Blob> {
    return openAsBlob(this.#path(key))
  }

  size(key: string): Promise<number | undefined> {
    return sizeOf(this.#path(key))
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key)
    for (const name of [path, draftPath(path)]) await rm(name, { force: true })
    await this.settle(key)
  }

  async deleteUnder(prefix: string): Promise<void> {
    const folder = this.#path(prefix)
    const names = `${prefix.replaceAll('/', '~')}~`
    for (const name of await readdir(this.options.journals))
      if (name.startsWith(names)) await rm(join(this.options.journals, name), { force: true })
    await rm(folder, { recursive: true, force: true })
  }

  async *list(): AsyncIterable<ListedObject> {
    const walk = async function* (folder: string, prefix: string): AsyncIterable<ListedObject> {
      // a folder may go while it is walked
      const found = await readdir(folder, { withFileTypes: true }).catch(() => [])
      for (const entry of found) {
        const path = join(folder, entry.name)
        const key = `${prefix}${entry.name}`
        if (entry.isDirectory()) yield* walk(path, `${key}/`)
        else if (!entry.name.endsWith('~')) {
          const about = await stat(path).catch(() => undefined)
          if (about?.isFile()) yield { key, bytes: about.size, changedMs: about.mtimeMs }
        }
      }
    }
    yield* walk(this.options.objects, '')
  }

  async close(): Promise<void> {
    // one round for all of them
    await this.disk.close()
    await Promise.all([...this.#open].map((object) => object.close()))
  }
}
