import { SliceRecord, UnitRecord } from '../../core-wasm/index.ts'
import type { SliceIds } from '../channel/slice-ids.ts'
import { type SliceStore, SliceUpload } from '../channel/slices.ts'
import type { Clock } from '../clock.ts'
import type { SliceStart } from '../mqtt/messages.ts'
import type { SliceResult } from '../upload/slice-work.ts'
import type { Spool, SpoolSlice } from './spool.ts'

/** One record of a file at most; the next one follows at once. */
const CHUNK_MAX_BYTES = 1024 * 1024
/** The core's tables have 64 slices and 256 units: what waits to be saved must stay well below that. */
const SLICES_MAX = 24
const UNITS_MAX = 96
/** What a frame becomes in the ring: packets or boxes around it, sound that comes with it, and the end of the ring that it may have to leave out. */
const ROOM_SHARE = 2.25
const ROOM_BYTES = 16 * 1024

export type LostBytes = { startMs: number; endMs: number; bytes: number; slice: string }

export type SpoolWriterOptions = {
  channel: number
  store: SliceStore
  ids: SliceIds
  spool: Spool
  clock: Clock
  /** bytes that are written at once */
  writeBytes: number
  /** what is not acknowledged after so long is written */
  afterMs: number
  /** an event needs what is recorded now */
  isEvent(): boolean
  /** a slice that the uplink has left is all here: it can be sent */
  onReady(slice: SpoolSlice): void
  /** the ring lets go of bytes that nobody has */
  onLost(lost: LostBytes): void
}

type Current = {
  upload: SliceUpload
  start: SliceStart
  number: number
  stored: SpoolSlice | undefined
  isEvent: boolean
}

/**
 * Saves what a channel's ring cannot hold until it is acknowledged. Follows the stream slice by slice. What the uplink brings to the cloud in time is never
 * written; what is older than `afterMs`, or has to make room, is. The writes are the kernel's when a push returns.
 */
export class SpoolWriter {
  readonly #options: SpoolWriterOptions
  readonly #slice = new SliceRecord()
  readonly #unit = new UnitRecord()
  #current: Current | undefined
  /** slice and unit to look at next */
  #number = 0
  #nextUnit = 0
  /** everything below is saved, acknowledged, or told of as lost */
  #safe = 0
  /** when what is not safe was first seen to wait */
  #waitsSinceMs = Number.NaN
  #waitsAt = 0
  /** the line does not carry what is recorded: everything is written, as soon as there is enough for a write */
  #isBehind = false
  /** bytes that were pushed since the head of the stream moved: an open fragment */
  #openBytes = 0
  #head = 0

  constructor(options: SpoolWriterOptions) {
    this.#options = options
  }

  /** Bytes that can be read and are neither saved nor acknowledged. */
  get unsafeBytes(): number {
    return Math.max(0, this.#options.store.head - this.#safe)
  }

  /** Before a push: what would have to make room for the frame is saved first. `free`: room in the ring beside what can be read. */
  before(frameBytes: number, free: number): void {
    this.#openBytes += frameBytes
    this.makeRoom(0, free)
  }

  /** `bytes` more are to be reserved in the ring: what would have to go for them is written first. */
  makeRoom(bytes: number, free: number): void {
    const needed = (this.#openBytes + bytes) * ROOM_SHARE + ROOM_BYTES
    if (needed > free && this.unsafeBytes > 0 && needed > free + this.#evictable()) this.#save()
  }

  /** After a push, and once a second. */
  after(): void {
    const { store, clock, afterMs, writeBytes } = this.#options
    if (store.head !== this.#head) {
      this.#head = store.head
      this.#openBytes = 0
    }
    this.#skipEvicted()
    this.#advance()
    const upload = this.#current?.upload
    if (upload && this.#safe > upload.position) upload.skipTo(upload.offsetOf(this.#safe))
    if (this.unsafeBytes <= 0) {
      this.#waitsSinceMs = Number.NaN
      this.#isBehind = false
      return
    }
    const nowMs = clock.monoMs()
    // the wait is that of the oldest byte: it begins anew when that one is safe
    if (Number.isNaN(this.#waitsSinceMs) || this.#safe >= this.#waitsAt) {
      this.#waitsSinceMs = nowMs
      this.#waitsAt = store.head
    }
    const isLate = nowMs - this.#waitsSinceMs >= afterMs
    this.#isBehind ||= isLate
    const isMany =
      store.nextSlice - this.#number > SLICES_MAX ||
      store.nextUnit - (upload?.nextUnit ?? store.nextUnit) > UNITS_MAX
    if (isLate || isMany || (this.#isBehind && this.unsafeBytes >= writeBytes)) this.#save()
  }

  /** The cloud has everything up to here. */
  acknowledged(position: number): void {
    if (position > this.#safe) this.#safe = position
  }

  /** The ring is about to let go of what lies below. */
  beforeRelease(position: number): void {
    if (position > this.#safe) this.#save()
    if (position > this.#safe) this.#lose(position)
  }

  /** The uplink is done with a slice. */
  settle(result: SliceResult): void {
    const { channel, ids, spool, onReady } = this.#options
    const id = ids.of(result.slice.number)
    spool.settleDropped(channel, id, result.uploadedBytes)
    const stored = spool.get(channel, id)
    if (!stored) return
    if (result.whole) {
      spool.remove(stored)
      return
    }
    stored.isLeft = true
    if (stored.isEnded) onReady(stored)
  }

  /** Everything that can be read is saved now: the module is being left. */
  flush(): void {
    this.#save()
  }

  /** Recordings were destroyed: nothing of what is here now is saved. Bytes that go with it. */
  discard(): number {
    const { store, spool } = this.#options
    let bytes = this.unsafeBytes
    const stored = this.#current?.stored
    if (stored) {
      bytes += Math.max(0, stored.to - stored.acked)
      spool.remove(stored)
    }
    this.#current = undefined
    this.#number = store.nextSlice
    this.#safe = store.head
    return bytes
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  /** Bytes of whole GOPs that are safe: they make room without a loss. */
  #evictable(): number {
    const { store } = this.#options
    const unit = this.#unit
    let end = store.tail
    for (let number = store.firstUnit; number < store.nextUnit; number++) {
      if (!store.readUnit(number, unit) || unit.start <= end) continue
      if (unit.start > this.#safe) break
      if (unit.idr) end = unit.start
    }
    return end - store.tail
  }

  /** Evicted bytes that were not safe: only when the spool could not take them. */
  #skipEvicted(): void {
    const { tail } = this.#options.store
    if (tail > this.#safe) this.#lose(tail)
  }

  /** Goes on to the slice in which the first byte lies that is not safe; false while there is nothing to save. */
  #advance(): boolean {
    const { store } = this.#options
    for (;;) {
      if (!this.#current && !this.#begin()) return false
      const { number } = this.#current!
      store.readSlice(number, this.#slice)
      const { closed, end } = this.#slice
      if (closed === 0 || this.#safe < end) return true
      this.#finish()
    }
  }

  #begin(): boolean {
    const { store, ids } = this.#options
    const unit = this.#unit
    this.#nextUnit = Math.max(this.#nextUnit, store.firstUnit)
    for (; this.#nextUnit < store.nextUnit; this.#nextUnit++) {
      if (!store.readUnit(this.#nextUnit, unit) || unit.slice < this.#number) continue
      if (unit.end <= unit.start || unit.start >= store.head) return false
      const number = unit.slice
      const upload = new SliceUpload(store, ids.of(number), unit, this.#nextUnit)
      this.#number = number
      this.#current = { upload, number, start: upload.start(), stored: undefined, isEvent: false }
      return true
    }
    return false
  }

  /** The slice has ended and is safe. */
  #finish(): void {
    const { spool, onReady } = this.#options
    const { stored, upload, isEvent } = this.#current!
    if (stored && !stored.isEnded) {
      // the figures of its last piece may have become final without a byte more
      const pieces = upload.pending()
      if (pieces.length > 0) spool.append(stored, pieces, [], isEvent)
      spool.end(stored, upload.end())
      if (stored.isLeft) onReady(stored)
    }
    this.#current = undefined
    this.#number++
  }

  /** Writes what can be read and is not safe. */
  #save(): void {
    this.#skipEvicted()
    while (this.#advance() && this.unsafeBytes > 0) if (!this.#saveSome()) return
    this.#waitsSinceMs = Number.NaN
  }

  #saveSome(): boolean {
    const { spool, channel, isEvent } = this.#options
    const current = this.#current!
    const { upload } = current
    const offset = upload.offsetOf(Math.max(this.#safe, upload.startPosition))
    // the slice's beginning is its init segment, which lies in front of the stream's bytes
    const from = this.#safe <= upload.startPosition ? 0 : offset
    current.isEvent ||= isEvent()
    if (upload.acknowledged !== from) upload.skipTo(from)
    const append = upload.next(CHUNK_MAX_BYTES)
    const bytes = append.views.reduce((sum, view) => sum + view.length, 0)
    if (bytes === 0) return false
    if (current.stored && !current.stored.isEnded && current.stored.to !== from) {
      // the cloud has all that was kept of it by now
      spool.remove(current.stored)
      current.stored = undefined
    }
    current.stored ??= spool.begin(channel, current.start, upload.init, from, current.isEvent)
    const { stored } = current
    const isKept = stored !== undefined && !stored.isEnded
    if (!isKept || !spool.append(stored, append.index.pieces, append.views, current.isEvent)) {
      this.#refused(current)
      return false
    }
    upload.advance(from + bytes)
    this.#safe = upload.positionOf(from + bytes)
    return true
  }

  /** The spool takes no more of this slice: it ends with what is there of it. */
  #refused({ stored }: Current): void {
    const { spool, onReady } = this.#options
    if (!stored || stored.isEnded) return
    spool.end(stored, undefined)
    if (stored.isLeft) onReady(stored)
  }

  /** Bytes up to a position go, and nobody has them. */
  #lose(position: number): void {
    const { store, onLost } = this.#options
    while (this.#safe < position && this.#advance()) {
      const { upload, number } = this.#current!
      store.readSlice(number, this.#slice)
      const end = Math.min(position, this.#slice.end)
      if (end <= this.#safe) break
      this.#refused(this.#current!)
      onLost({ ...this.#spanOf(this.#safe, end), bytes: end - this.#safe, slice: upload.id })
      this.#safe = end
    }
    this.#safe = Math.max(this.#safe, position)
  }

  /** Times of the pictures that lie between two positions, as far as the tables still know. */
  #spanOf(from: number, to: number): { startMs: number; endMs: number } {
    const { store } = this.#options
    const unit = this.#unit
    let startMs = Number.NaN
    let endMs = Number.NaN
    for (let number = store.firstUnit; number < store.nextUnit; number++) {
      if (!store.readUnit(number, unit) || unit.end <= from) continue
      if (unit.start >= to) break
      if (Number.isNaN(startMs)) startMs = unit.utcMs
      endMs = unit.utcMs + unit.durationMs
    }
    const { utcMsA, utcMsB } = this.#slice
    return {
      startMs: Math.round(Number.isNaN(startMs) ? utcMsA : startMs),
      endMs: Math.round(Number.isNaN(endMs) ? utcMsB : endMs),
    }
  }
}
