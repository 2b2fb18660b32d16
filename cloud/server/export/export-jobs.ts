import { randomUUID } from 'node:crypto'
import { ApiError } from '../errors.ts'
import { errorText } from '../log.ts'
import type { ExportEnd, ExportJob } from '../store/index/export-store.ts'
import type { Device, Interval } from '../store/index/types.ts'
import { StorageFullError } from '../store/objects/types.ts'
import { checkExport } from './export-range.ts'
import { ExportFault } from './sample.ts'
import { type WriteParts, writeExport } from './write-export.ts'

/** The store reads one object after the other faster than many at once. */
const RUNNING_MAX = 2
/** Jobs that run or wait, of all instances. */
const JOBS_MAX = 22
/** A file is there for this long. */
const KEEP_MS = 24 * 3_600_000
/** How often an instance says in the index that it is at a job, and how far. */
const TELL_MS = 1000
/** An instance that has not for this long is not: it was killed, and another one begins the file anew. */
const LEASE_MS = 15_000
/** What kills every process that writes it is given up. */
const ATTEMPTS_MAX = 3
/** How often it is looked for jobs that another instance could not take, or has left. */
const LOOK_MS = 5000
const SWEEP_MS = 60_000

/** The job is not to be gone on with here. */
class Stopped extends Error {}

export type ExportParts = WriteParts & {
  now: () => number
  /** name of this instance; absent: there is no other */
  instance: string | undefined
  /** bytes that are free where files lie, beyond what must stay so; undefined when the store has no such limit */
  room: () => Promise<number | undefined>
}

type Running = {
  job: ExportJob
  /** why it ends before its time: cancelled by somebody, in other hands or gone, or this server ends */
  stop: 'cancelled' | 'lost' | 'ending' | undefined
  done: Promise<void>
}

/** The exports that this instance writes, and the files of those that are done, whoever wrote them. */
export class ExportJobs {
  readonly #owner: string
  readonly #running = new Map<string, Running>()
  readonly #timers: NodeJS.Timeout[] = []
  #taking: Promise<void> = Promise.resolve()
  #isEnding = false

  constructor(private readonly parts: ExportParts) {
    this.#owner = parts.instance ?? 'alone'
  }

  /** Goes on with what waits and with what a killed process left behind, and keeps house. */
  async start(): Promise<void> {
    const { index, instance, log } = this.parts
    // nobody else can be at them
    if (instance === undefined) await index.exports.releaseAll()
    const every = (ms: number, work: () => void) => {
      const timer = setInterval(work, ms)
      timer.unref()
      this.#timers.push(timer)
    }
    every(LOOK_MS, () => this.#lookSoon())
    every(SWEEP_MS, () =>
      this.sweep().catch((error) => log.error('exports not swept', { reason: errorText(error) })),
    )
    await this.#look()
  }

  /** What is being written is left to other instances, or to the next start. */
  async stop(): Promise<void> {
    this.#isEnding = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#taking.catch(() => {})
    for (const running of this.#running.values()) running.stop ??= 'ending'
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  /** Has a range written into a file, by whichever instance takes it first. */
  async create(
    device: Device,
    channel: number,
    range: Interval,
    createdBy: string,
  ): Promise<ExportJob> {
    const { index, now } = this.parts
    const bytes = checkExport(await this.#slices(device.id, channel, range), range)
    await this.#checkRoom(bytes)
    const jobs = (await index.exports.list()).filter(({ state }) => state === 'running')
    if (jobs.length >= JOBS_MAX)
      throw new ApiError(
        503,
        'unavailable',
        `${jobs.length} exports run or wait, and no more than ${JOBS_MAX} may; try again later`,
        { 'Retry-After': '30' },
      )
    const job: ExportJob = {
      id: randomUUID(),
      deviceId: device.id,
      channel,
      ...range,
      state: 'running',
      progress: 0,
      bytes: 0,
      durationMs: 0,
      reason: '',
      createdMs: now(),
      createdBy,
      expiresMs: 0,
    }
    await index.exports.put(job)
    this.#lookSoon()
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

  /** Cancels a job that runs, wherever it does; forgets one that does not, with its file. */
  async delete(id: string): Promise<void> {
    const { index, files } = this.parts
    const running = this.#running.get(id)
    if (running) {
      running.stop ??= 'cancelled'
      await running.done
      return
    }
    if (await index.exports.end(id, this.#over({ state: 'cancelled' }))) {
      // also of an instance that is at it: it learns so, and gives up
      await files.discard(id)
      return
    }
    await files.delete(id)
    await index.exports.delete(id)
  }

  /** Nothing of what a device recorded stays, not in files either. */
  async destroy(deviceId: number): Promise<void> {
    for (const job of await this.list(deviceId)) {
      if (job.state === 'running') await this.delete(job.id)
      await this.delete(job.id)
    }
    // in hand here, with a row that went with its device
    for (const { job } of [...this.#running.values()])
      if (job.deviceId === deviceId) await this.delete(job.id)
  }

  /** Deletes what has expired. */
  async sweep(): Promise<void> {
    const { index, now } = this.parts
    for (const job of await index.exports.list())
      if (job.state !== 'running' && job.expiresMs <= now()) await this.delete(job.id)
  }

  #slices(deviceId: number, channel: number, { startMs, endMs }: Interval) {
    return this.parts.catalog.slices({ deviceId, channel, fromMs: startMs, toMs: endMs })
  }

  async #checkRoom(bytes: number): Promise<void> {
    const room = await this.parts.room()
    if (room !== undefined && room < bytes)
      throw new StorageFullError(
        `no room for a file of ${bytes} bytes: ${Math.max(0, room)} bytes may be written`,
      )
  }

  /** Takes jobs for as long as there are some and hands are free; one look at a time. */
  #look(): Promise<void> {
    this.#taking = this.#taking.catch(() => {}).then(() => this.#take())
    return this.#taking
  }

  /** Nobody waits for this look: what fails is tried again with the next one. */
  #lookSoon(): void {
    this.#look().catch((error) =>
      this.parts.log.error('exports not taken', { reason: errorText(error) }),
    )
  }

  async #take(): Promise<void> {
    const { index, files } = this.parts
    while (!this.#isEnding && this.#running.size < RUNNING_MAX) {
      const taken = await index.exports.take(this.#owner, LEASE_MS)
      if (!taken) return
      const { job, attempts } = taken
      if (attempts > ATTEMPTS_MAX) {
        const reason = `the server stopped ${ATTEMPTS_MAX} times while it was written`
        await index.exports.end(job.id, this.#over({ state: 'failed', reason }), this.#owner)
        await files.discard(job.id)
        continue
      }
      const running: Running = { job, stop: undefined, done: Promise.resolve() }
      this.#running.set(job.id, running)
      running.done = this.#run(running)
    }
  }

  async #run(running: Running): Promise<void> {
    const { log } = this.parts
    const { id } = running.job
    const timer = setInterval(() => void this.#hold(running), TELL_MS)
    try {
      await this.#write(running)
    } catch (error) {
      await this.#fail(running, error).catch((reason) =>
        log.error('export not ended', { id, reason: errorText(reason) }),
      )
    } finally {
      clearInterval(timer)
      this.#running.delete(id)
      this.#lookSoon()
    }
  }

  async #hold(running: Running): Promise<void> {
    const { id, progress, bytes } = running.job
    try {
      const isHeld = await this.parts.index.exports.hold(id, this.#owner, LEASE_MS, {
        progress,
        bytes,
      })
      if (!isHeld) running.stop ??= 'lost'
    } catch (error) {
      this.parts.log.error('export not told', { id, reason: errorText(error) })
    }
  }

  async #fail(running: Running, error: unknown): Promise<void> {
    const { index, log } = this.parts
    const { id } = running.job
    if (running.stop === 'lost') return
    if (running.stop === 'ending') return index.exports.giveBack(id, this.#owner)
    if (running.stop === 'cancelled') {
      await this.#end(id, { state: 'cancelled' })
      return
    }
    const isKnown =
      error instanceof ExportFault || error instanceof ApiError || error instanceof StorageFullError
    if (!isKnown) log.error('export failed', { id, reason: errorText(error) })
    const reason = isKnown ? error.message : 'something went wrong; the log says what'
    await this.#end(id, { state: 'failed', reason })
  }

  async #write(running: Running): Promise<void> {
    const { job } = running
    const { device, ...result } = await writeExport(this.parts, job, () => {
      if (running.stop) throw new Stopped()
    })
    const { bytes, durationMs } = result
    if (await this.#end(job.id, { state: 'done', progress: 1, bytes, durationMs }))
      this.parts.log.info('exported', { device, channel: job.channel, ...result })
    else await this.#yield(job.id)
  }

  /** It was not this instance's any more when its file was whole: the file goes, unless another one writes or wrote it. */
  async #yield(id: string): Promise<void> {
    const state = (await this.parts.index.exports.job(id))?.state
    if (state !== 'running' && state !== 'done') await this.parts.files.delete(id)
  }

  #over(end: Omit<ExportEnd, 'expiresMs'>): ExportEnd {
    return { ...end, expiresMs: this.parts.now() + KEEP_MS }
  }

  #end(id: string, end: Omit<ExportEnd, 'expiresMs'>): Promise<boolean> {
    return this.parts.index.exports.end(id, this.#over(end), this.#owner)
  }
}
