import { close, fsync, mkdirSync, openSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { errorText, type Logger } from '../log.ts'
import type { Piece, SliceEnd, SliceStart } from '../mqtt/messages.ts'
import { type DropPolicy, victimOf } from './drop-policy.ts'
import { SliceFile } from './slice-file.ts'
import { endMsOf, recoverStored } from './stored-slice.ts'

const SUFFIX = '.slice'
/** A disk that refused a write is asked again after so long. */
const FAULT_MS = 30_000
/** What a record costs beside its video, about. */
const RECORD_BYTES = 1024

/** One slice in the spool, or the rest of one: what has to be known of it without reading its file. */
export type SpoolSlice = {
  readonly channel: number
  readonly id: string
  readonly path: string
  readonly startMs: number
  endMs: number
  /** bytes [from, to) of the slice's file are here; the cloud has what comes before */
  readonly from: number
  to: number
  /** the cloud is known to have it up to here */
  acked: number
  fileBytes: number
  isEvent: boolean
  /** nothing more is written */
  isEnded: boolean
  /** the spool took no more of it while it grew */
  isCut: boolean
  /** the uplink is done with it: what is here is the spool's to send */
  isLeft: boolean
  /** being sent now: not the next one to go when room is needed */
  isSending: boolean
}

export type SpoolOptions = {
  folder: string
  maxBytes: number
  policy: DropPolicy
  clock: Clock
  log: Logger
  /** bytes that were kept are lost now */
  onDropped(slice: SpoolSlice, bytes: number): void
}

export type SpoolStatus = {
  slices: number
  bytes: number
  maxBytes: number
  /** why nothing can be written; empty when it can */
  fault: string
}

type Writing = { slice: SpoolSlice; file: SliceFile }

/**
 * What the cloud does not have yet, on disk: one file per slice, which is its own journal (`record.ts`). Everything is written behind the ring and outside of
 * it, so that recording goes on when the disk does not.
 */
export class Spool {
  readonly #options: SpoolOptions
  readonly #slices = new Map<string, SpoolSlice>()
  readonly #writing = new Map<string, SliceFile>()
  /** dropped while the uplink had not done with them */
  readonly #gone = new Map<string, SpoolSlice>()
  #bytes = 0
  #fault = ''
  #faultAtMs = 0

  constructor(options: SpoolOptions) {
    this.#options = options
    try {
      mkdirSync(options.folder, { recursive: true })
      for (const name of readdirSync(options.folder).sort())
        if (name.endsWith(SUFFIX)) this.#recover(name)
    } catch (error) {
      this.#failed(error)
    }
  }

  get status(): SpoolStatus {
    const { maxBytes } = this.#options
    return { slices: this.#slices.size, bytes: this.#bytes, maxBytes, fault: this.#fault }
  }

  /** What an earlier start of the program left, or this one has not sent. */
  get slices(): Iterable<SpoolSlice> {
    return this.#slices.values()
  }

  get(channel: number, id: string): SpoolSlice | undefined {
    return this.#slices.get(keyOf(channel, id))
  }

  #recover(name: string): void {
    const path = join(this.#options.folder, name)
    const stored = recoverStored(path)
    if (!stored) {
      unlinkSync(path)
      return
    }
    const slice: SpoolSlice = {
      channel: stored.channel,
      id: stored.start.id,
      path,
      startMs: stored.start.startUtcMs,
      endMs: stored.end?.endUtcMs ?? endMsOf(stored),
      from: stored.from,
      to: stored.to,
      acked: stored.from,
      fileBytes: stored.fileBytes,
      isEvent: stored.isEvent,
      isCut: stored.isCut,
      isEnded: true,
      isLeft: true,
      isSending: false,
    }
    this.#slices.set(keyOf(slice.channel, slice.id), slice)
    this.#bytes += slice.fileBytes
  }

  /** Begins to keep a slice, from an offset on. Undefined when the disk does not let us. */
  begin(
    channel: number,
    start: SliceStart,
    init: Uint8Array,
    from: number,
    isEvent: boolean,
  ): SpoolSlice | undefined {
    if (!this.#isUsable() || !this.#makeRoom(init.length + RECORD_BYTES, isEvent)) return undefined
    const { id } = start
    const path = join(this.#options.folder, `${channel}-${id}${SUFFIX}`)
    const slice: SpoolSlice = {
      channel,
      id,
      path,
      startMs: start.startUtcMs,
      endMs: start.startUtcMs,
      from,
      to: from,
      acked: from,
      fileBytes: 0,
      isEvent,
      isCut: false,
      isEnded: false,
      isLeft: false,
      isSending: false,
    }
    return this.#try(() => {
      const file = new SliceFile(path, (error) => this.#failed(error))
      this.#writing.set(keyOf(channel, id), file)
      this.#slices.set(keyOf(channel, id), slice)
      file.begin(channel, start, init, from, isEvent)
      this.#grown({ slice, file })
      this.#syncFolder()
    })
      ? slice
      : this.#giveUp(slice)
  }

  /** Keeps the bytes that come next. False: they are not kept, and neither is what comes after them. */
  append(
    slice: SpoolSlice,
    pieces: Piece[],
    views: readonly Uint8Array[],
    isEvent: boolean,
  ): boolean {
    const file = this.#writing.get(keyOf(slice.channel, slice.id))
    const bytes = views.reduce((sum, view) => sum + view.length, 0)
    slice.isEvent ||= isEvent
    if (!file || !this.#isUsable() || !this.#makeRoom(bytes + RECORD_BYTES, slice.isEvent, slice))
      return false
    return this.#try(() => {
      file.chunk(slice.to, pieces, slice.isEvent, views)
      slice.to += bytes
      const last = pieces.at(-1)
      if (last) slice.endMs = Math.max(slice.endMs, Math.round(last.t + last.d))
      this.#grown({ slice, file })
    })
  }

  /** Nothing more comes of a slice; without an end of its own it is cut: it ends with what is here. */
  end(slice: SpoolSlice, end: SliceEnd | undefined): void {
    const key = keyOf(slice.channel, slice.id)
    const file = this.#writing.get(key)
    slice.isEnded = true
    slice.isCut = end === undefined
    if (!file) return
    this.#writing.delete(key)
    if (end) slice.endMs = end.endUtcMs
    // a disk that takes no video is not tried with the few bytes of a cut
    if (end || this.#fault === '')
      this.#try(() => {
        file.end(end, slice.isEvent)
        this.#grown({ slice, file })
      })
    file.close()
  }

  /** The cloud has it, or nobody will. */
  remove(slice: SpoolSlice): void {
    const key = keyOf(slice.channel, slice.id)
    if (!this.#slices.delete(key)) return
    this.#bytes -= slice.fileBytes
    slice.isEnded = true
    this.#writing.get(key)?.close()
    this.#writing.delete(key)
    try {
      unlinkSync(slice.path)
    } catch (error) {
      this.#failed(error)
    }
  }

  /** The uplink is done with a slice of which bytes were dropped before: it tells how many it brought home. */
  settleDropped(channel: number, id: string, uploadedBytes: number): void {
    const slice = this.#gone.get(keyOf(channel, id))
    if (!slice || !this.#gone.delete(keyOf(channel, id))) return
    const bytes = slice.to - Math.max(slice.acked, uploadedBytes)
    if (bytes > 0) this.#options.onDropped(slice, bytes)
  }

  /** The recordings were destroyed. */
  clear(): void {
    for (const slice of [...this.#slices.values()]) this.remove(slice)
  }

  /** Files are closed; what is in them stays. */
  close(): void {
    for (const file of this.#writing.values()) file.close()
    this.#writing.clear()
    for (const slice of this.#slices.values()) slice.isEnded = true
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #grown({ slice, file }: Writing): void {
    this.#bytes += file.bytes - slice.fileBytes
    slice.fileBytes = file.bytes
  }

  /** Drops what the policy says until there is room. False: what is new is to be refused. */
  #makeRoom(bytes: number, isEvent: boolean, forSlice?: SpoolSlice): boolean {
    const { maxBytes, policy, onDropped } = this.#options
    while (this.#bytes + bytes > maxBytes) {
      const kept = [...this.#slices.values()].filter(
        (slice) => slice !== forSlice && !slice.isSending,
      )
      const victim = victimOf(policy, kept, isEvent)
      if (!victim) return false
      this.remove(victim)
      // what is still in a ring may arrive all the same
      if (victim.isLeft) onDropped(victim, Math.max(0, victim.to - victim.acked))
      else this.#gone.set(keyOf(victim.channel, victim.id), victim)
    }
    return true
  }

  #giveUp(slice: SpoolSlice): undefined {
    this.remove(slice)
    return undefined
  }

  #isUsable(): boolean {
    if (this.#fault === '') return true
    return this.#options.clock.monoMs() - this.#faultAtMs >= FAULT_MS
  }

  #try(run: () => void): boolean {
    try {
      run()
    } catch (error) {
      this.#failed(error)
      return false
    }
    if (this.#fault !== '') this.#options.log.info('spool: the disk takes writes again')
    this.#fault = ''
    return true
  }

  /** Told of once per outage: recording goes on without the spool. */
  #failed(error: unknown): void {
    this.#faultAtMs = this.#options.clock.monoMs()
    if (this.#fault === '')
      this.#options.log.error(
        `spool: ${errorText(error)}; what the line does not carry is lost until the disk takes writes again`,
      )
    this.#fault = errorText(error)
  }

  /** A new file has a name only once its folder is on the disk. */
  #syncFolder(): void {
    const fd = openSync(this.#options.folder, 'r')
    fsync(fd, () => close(fd, () => {}))
  }
}

const keyOf = (channel: number, id: string): string => `${channel}/${id}`
