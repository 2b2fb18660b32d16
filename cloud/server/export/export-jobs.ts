import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../catalog.ts'
import { ApiError, badRequest, notFound } from '../errors.ts'
import { requireReadable } from '../hls/slice-key.ts'
import { errorText, type Logger } from '../log.ts'
import { deviceKey, sliceObjectKey } from '../slice.ts'
import type { ExportJob } from '../store/index/export-store.ts'
import type { Device, IndexStore, Interval, Slice } from '../store/index/types.ts'
import { type ObjectStore, StorageFullError } from '../store/objects/types.ts'
import { ExportFault } from './sample.ts'
import { exportedSegments, findChange, writeMp4 } from './write-mp4.ts'

/** A day, with a clock change in it. */
const RANGE_MAX_MS = 25 * 3_600_000
/** The disk reads one file after the other faster than many at once. */
const RUNNING_MAX = 2
const WAITING_MAX = 20
/** A file is there for this long. */
const KEEP_MS = 24 * 3_600_000
/** How often a job says in the index that it lives, and how far it is. */
const TELL_MS = 1000
/** A job that has not for this long does not: its process was killed. */
const SILENT_MS = 120_000
const SWEEP_MS = 60_000

class Cancelled extends Error {}

export type ExportParts = {
  index: IndexStore
  objects: ObjectStore
  catalog: Catalog
  log: Logger
  now: () => number
  /** files are kept in `exports` below it */
  folder: string
  /** what must stay free on its disk */
  minFreeBytes: number
}

type Running = { job: ExportJob; isCancelled: boolean; done: Promise<void> }

/** Exports that run in this process, and the files of those that are done. */
export class ExportJobs {
  readonly #folder: string
  readonly #running = new Map<string, Running>()
  #timer: NodeJS.Timeout | undefined
  #slots = RUNNING_MAX
  readonly #waiting: (() => void)[] = []

  constructor(private readonly parts: ExportParts) {
    this.#folder = join(parts.folder, 'exports')
  }

  /** Ends what a killed process left behind, and keeps house from then on. */
  async start(): Promise<void> {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(this.#folder)) {
      const [id, extension] = name.split('.')
      if (extension !== 'part') continue
      await this.#end(id!, { state: 'failed', reason: 'the server was restarted; try again' })
      await rm(join(this.#folder, name), { force: true })
    }
    const sweep = () =>
      this.sweep().catch((error) =>
        this.parts.log.error('exports not swept', { reason: errorText(error) }),
      )
    this.#timer = setInterval(sweep, SWEEP_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    for (const running of this.#running.values()) running.isCancelled = true
    for (const resume of this.#waiting.splice(0)) resume()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Begins to write a range into a file. */
  async create(
    device: Device,
    channel: number,
    { startMs, endMs }: Interval,
    createdBy: string,
  ): Promise<ExportJob> {
    const { catalog, index, now } = this.parts
    if (endMs - startMs > RANGE_MAX_MS) throw badRequest('an export covers at most 25 hours')
    if (this.#running.size >= RUNNING_MAX + WAITING_MAX)
      throw new ApiError(503, 'unavailable', 'too many exports are waiting', {
        'Retry-After': '30',
      })
    const slices = await catalog.slices({
      deviceId: device.id,
      channel,
      fromMs: startMs,
      toMs: endMs,
    })
    const wanted = exportedSegments(slices, { startMs, endMs })
    if (wanted.length === 0) throw notFound('nothing was recorded in the range')
    requireReadable(slices)
    const change = findChange(slices)
    if (change)
      throw new ApiError(
        409,
        'mixed_formats',
        `the recording changes ${change.what} at ${new Date(change.atMs).toISOString()}; export the parts before and after it`,
      )
    await this.#checkRoom(wanted.reduce((sum, { segment }) => sum + segment.bytes, 0))
    const job: ExportJob = {
      id: randomUUID(),
      deviceId: device.id,
      channel,
      startMs,
      endMs,
      state: 'running',
      progress: 0,
      bytes: 0,
      durationMs: 0,
      reason: '',
      createdMs: now(),
      createdBy,
      touchedMs: now(),
      expiresMs: 0,
    }
    await index.exports.put(job)
    const running: Running = { job, isCancelled: false, done: Promise.resolve() }
    this.#running.set(job.id, running)
    running.done = this.#run(running, device, slices)
    return job
  }

  /** As it is now, which the index learns a little later. */
  async job(id: string): Promise<ExportJob | undefined> {
    return this.#running.get(id)?.job ?? (await this.parts.index.exports.job(id))
  }

  async list(deviceId: number): Promise<ExportJob[]> {
    const known = await this.parts.index.exports.list()
    return known
      .filter((job) => job.deviceId === deviceId)
      .map((job) => this.#running.get(job.id)?.job ?? job)
  }

  /** Ends a job that runs, forgets one that does not, with its file. */
  async delete(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (running) {
      running.isCancelled = true
      await running.done
      return
    }
    await rm(this.path(id), { force: true })
    await this.parts.index.exports.delete(id)
  }

  /** Nothing of what a device recorded stays, not in files either; rows may be gone with the device. */
  async destroy(deviceId: number): Promise<void> {
    for (const { job } of [...this.#running.values()])
      if (job.deviceId === deviceId) await this.delete(job.id)
    for (const job of await this.list(deviceId)) await this.delete(job.id)
    await this.sweep()
  }

  path(id: string): string {
    return join(this.#folder, `${id}.mp4`)
  }

  /** Bytes of a finished file; undefined when this server has not got it. */
  size(id: string): Promise<number | undefined> {
    return stat(this.path(id)).then(
      ({ size }) => size,
      () => undefined,
    )
  }

  /** Deletes what has expired, and ends jobs whose process is gone. */
  async sweep(): Promise<void> {
    const { index, now } = this.parts
    const jobs = await index.exports.list()
    for (const job of jobs) {
      if (this.#running.has(job.id)) continue
      if (job.state === 'running' && job.touchedMs <= now() - SILENT_MS)
        await this.#end(job.id, {
          state: 'failed',
          reason: 'the server stopped while it was written',
        })
      else if (job.state !== 'running' && job.expiresMs <= now()) await this.delete(job.id)
    }
    // files whose row went, as with a device that was deleted
    const known = new Set(jobs.map(({ id }) => id))
    for (const name of await readdir(this.#folder)) {
      const id = name.split('.')[0]!
      if (!known.has(id) && !this.#running.has(id))
        await rm(join(this.#folder, name), { force: true })
    }
  }

  async #checkRoom(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder)
    if (bavail * bsize - bytes < this.parts.minFreeBytes)
      throw new StorageFullError(`no room for a file of ${bytes} bytes`)
  }

  async #run(running: Running, device: Device, slices: readonly Slice[]): Promise<void> {
    const { id } = running.job
    if (this.#slots > 0) this.#slots--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      await this.#write(running, device, slices)
    } catch (error) {
      await rm(this.#partPath(id), { force: true })
      if (error instanceof Cancelled) await this.#end(id, { state: 'cancelled' })
      else {
        const isKnown = error instanceof ExportFault || error instanceof ApiError
        if (!isKnown) this.parts.log.error('export failed', { id, reason: errorText(error) })
        const reason = isKnown ? error.message : 'something went wrong; the log says what'
        await this.#end(id, { state: 'failed', reason })
      }
    } finally {
      this.#running.delete(id)
      const next = this.#waiting.shift()
      if (next) next()
      else this.#slots++
    }
  }

  async #write(running: Running, device: Device, slices: readonly Slice[]): Promise<void> {
    const { objects, index, now, log } = this.parts
    const { job } = running
    const file = await open(this.#partPath(job.id), 'w', 0o600)
    let toldMs = performance.now()
    try {
      const result = await writeMp4({
        slices,
        range: job,
        read: async (slice, start, end) => {
          if (running.isCancelled) throw new Cancelled()
          const key = sliceObjectKey(device, slice)
          if (((await objects.size(key)) ?? 0) < end)
            throw new ExportFault('a part of the recording was deleted or lost meanwhile')
          return new Uint8Array(await new Response(objects.read(key, start, end)).arrayBuffer())
        },
        write: async (bytes, position) => {
          for (let done = 0; done < bytes.length; ) {
            const part = await file.write(bytes, done, bytes.length - done, position + done)
            done += part.bytesWritten
          }
          running.job.bytes = Math.max(running.job.bytes, position + bytes.length)
        },
        progress: (done, total) => {
          running.job.progress = done / total
          if (performance.now() - toldMs < TELL_MS) return
          toldMs = performance.now()
          const { progress, bytes } = running.job
          void index.exports
            .update(job.id, { progress, bytes, touchedMs: now() })
            .catch((error) => log.error('export not told', { reason: errorText(error) }))
        },
      })
      await file.sync()
      await file.close()
      if (running.isCancelled) throw new Cancelled()
      await rename(this.#partPath(job.id), this.path(job.id))
      const { bytes, durationMs } = result
      await this.#end(job.id, { state: 'done', progress: 1, bytes, durationMs })
      log.info('exported', { device: deviceKey(device), channel: job.channel, ...result })
    } finally {
      await file.close().catch(() => {})
    }
  }

  #partPath(id: string): string {
    return join(this.#folder, `${id}.part`)
  }

  #end(id: string, change: Partial<ExportJob>): Promise<boolean> {
    const { index, now } = this.parts
    return index.exports.update(id, { ...change, touchedMs: now(), expiresMs: now() + KEEP_MS })
  }
}
