import { INDEX_MAX_BYTES, type Piece, type SliceEnd, type SliceStart } from '../mqtt/messages.ts'
import type { Append } from '../upload/tus.ts'

/** A slice as the core's table has it; one object, filled anew by each look. Positions are byte counts of the stream. */
export type SliceRecord = {
  number: number
  start: number
  /** grows while the slice is open */
  end: number
  closed: boolean
  reason: SliceEnd['reason']
  utcA: number
  utcB: number
  ptsA: number
  ptsB: number
  seqA: number
  seqB: number
  videoFrames: number
  discontinuity: boolean
  hasAudio: boolean
  /** id of the init segment, -1 with TS */
  init: number
}

/** A GOP (TS) or a fragment (fMP4) as the core's table has it. */
export type UnitRecord = {
  start: number
  end: number
  utc: number
  pts: number
  duration: number
  slice: number
  idr: boolean
  closed: boolean
  frames: number
}

/** What the uplink needs of a channel's core. */
export type SliceStore = {
  /** stream positions of what can be read */
  readonly head: number
  readonly tail: number
  readonly firstSlice: number
  readonly nextSlice: number
  readonly firstUnit: number
  readonly nextUnit: number
  /** the record of a slice in the table */
  slice(number: number): SliceRecord
  unit(number: number): UnitRecord
  /** views on the ring, valid until released */
  span(position: number, length: number): readonly Uint8Array[]
  initSegment(id: number): Uint8Array
  release(position: number): void
  hold(from: number, to: number): void
  unhold(): void
  codecs(hasAudio: boolean): string
  readonly width: number
  readonly height: number
  readonly format: SliceStart['format']
}

/** Pieces in one append: the header has room for fewer than the 64 that the schema allows. */
const PIECES_MAX = 48
const PIECE_MAX_BYTES = 140
const END_MAX_BYTES = 200
if (PIECES_MAX * PIECE_MAX_BYTES + END_MAX_BYTES > INDEX_MAX_BYTES)
  throw new Error('an index of PIECES_MAX pieces does not fit its header')

/**
 * One upload: a slice of the core, or the rest of one from an IDR when what came before was lost. It knows what the cloud has of it and what
 * comes next.
 */
export class SliceUpload {
  readonly id: string
  readonly number: number
  readonly #store: SliceStore
  readonly #startPosition: number
  readonly #init: Uint8Array
  /** first unit whose final figures the cloud has not acknowledged */
  #unit: number
  /** the append under way: where it ends, and `#unit` once it is acknowledged */
  #sent = { to: -1, unit: 0 }
  /** where in the upload the cloud is known to stand */
  acknowledged = 0
  location: URL | undefined
  /** the cloud's offset is not known for certain: ask before the next append */
  uncertain = false
  /** set when the last append was acknowledged */
  complete = false

  constructor(store: SliceStore, id: string, slice: SliceRecord, firstUnit: number) {
    this.#store = store
    this.id = id
    this.number = slice.number
    this.#startPosition = store.unit(firstUnit).start
    this.#unit = firstUnit
    this.#init = slice.init >= 0 ? store.initSegment(slice.init) : new Uint8Array(0)
  }

  /** Stream position up to which the cloud has it. */
  get position(): number {
    return this.#startPosition + Math.max(0, this.acknowledged - this.#init.length)
  }

  /** Bytes that could be sent now. */
  get pending(): number {
    return this.#available() - this.acknowledged
  }

  /** Bytes beyond an offset. */
  pendingAfter(offset: number): number {
    return this.#available() - offset
  }

  get ended(): boolean {
    return this.#store.slice(this.number).closed
  }

  /** Whether an append makes sense: bytes, or the news that there will be no more. */
  get hasNews(): boolean {
    return this.pending > 0 || (this.ended && !this.complete)
  }

  #available(): number {
    return this.#init.length + this.#store.slice(this.number).end - this.#startPosition
  }

  start(): SliceStart {
    const slice = this.#store.slice(this.number)
    const unit = this.#store.unit(this.#unit)
    const whole = unit.start === slice.start
    return {
      id: this.id,
      format: this.#store.format,
      codecs: this.#store.codecs(slice.hasAudio),
      width: this.#store.width,
      height: this.#store.height,
      startUtcMs: Math.round(unit.utc),
      startPtsMs: unit.pts,
      startSeq: slice.seqA,
      discontinuity: whole ? slice.discontinuity : true,
      initBytes: this.#init.length,
    }
  }

  /** What to send next, at most about `maxBytes`; its figures hold until `advance` or the next call. */
  next(maxBytes: number): Append {
    const from = this.acknowledged
    let to = Math.min(this.#available(), from + maxBytes)
    const pieces: Piece[] = []
    const store = this.#store
    let number = this.#unit
    let final = number
    for (; number < store.nextUnit; number++) {
      const unit = store.unit(number)
      if (unit.slice !== this.number) break
      const offset = this.#offsetOf(unit.start)
      if (offset >= to && offset > from) break
      if (pieces.length === PIECES_MAX) {
        to = offset
        break
      }
      // figures of an open unit go up to the last picture: they hold only when that is sent too
      if (!unit.closed && this.#offsetOf(unit.end) > to) break
      pieces.push({
        o: offset,
        b: unit.end - unit.start,
        t: Math.round(unit.utc),
        d: unit.duration,
        n: unit.frames,
        k: unit.idr ? 1 : 0,
        ...(unit.closed ? {} : { open: 1 }),
      })
      if (unit.closed && this.#offsetOf(unit.end) <= to) final = number + 1
    }
    this.#sent = { to, unit: final }
    const last = this.ended && to === this.#available()
    return {
      offset: from,
      views: this.#views(from, to),
      index: last ? { pieces, end: this.#end() } : { pieces },
      ...(last ? { total: to } : {}),
    }
  }

  /** The cloud has everything up to `offset`. An index counts with its bytes: it came with the append that ended there. */
  advance(offset: number): void {
    this.acknowledged = offset
    if (offset === this.#sent.to) this.#unit = this.#sent.unit
  }

  /**
   * Stream position up to which the ring may be reused. The last byte of a unit stays until its final figures have
   * arrived, so that its record and its slice's do.
   */
  get releasable(): number {
    if (this.complete || this.#unit >= this.#store.nextUnit) return this.position
    return Math.min(this.position, this.#store.unit(this.#unit).end - 1)
  }

  /** Whether the bytes from an offset on are still there to be sent. */
  canResumeAt(offset: number): boolean {
    if (offset > this.#available()) return false
    return Math.max(offset - this.#init.length, 0) + this.#startPosition >= this.#store.tail
  }

  /** Ring positions of a part of the upload, for hold. */
  positionOf(offset: number): number {
    return this.#startPosition + Math.max(0, offset - this.#init.length)
  }

  #offsetOf(position: number): number {
    return this.#init.length + position - this.#startPosition
  }

  #views(from: number, to: number): Uint8Array[] {
    const views: Uint8Array[] = []
    const initBytes = this.#init.length
    if (from < initBytes) views.push(this.#init.subarray(from, Math.min(to, initBytes)))
    const ringFrom = Math.max(from, initBytes)
    if (to > ringFrom) views.push(...this.#store.span(this.positionOf(ringFrom), to - ringFrom))
    return views
  }

  #end(): SliceEnd {
    const slice = this.#store.slice(this.number)
    return {
      endUtcMs: Math.round(slice.utcB),
      endPtsMs: slice.ptsB,
      endSeq: slice.seqB,
      frames: slice.videoFrames,
      reason: slice.reason,
    }
  }
}

/** Hands out uploads in stream order and numbers them: `{boot id}-{8 digits}`, unique per channel and boot. */
export class SliceQueue {
  readonly #store: SliceStore
  readonly #bootId: string
  readonly #takeNumber: () => number
  /** slice of the core that comes next */
  #slice = 0
  /** first unit to look at for it */
  #unit = 0

  constructor(store: SliceStore, bootId: string, takeNumber: () => number) {
    this.#store = store
    this.#bootId = bootId
    this.#takeNumber = takeNumber
  }

  /** The next slice with readable bytes, or undefined while there is none. */
  take(): SliceUpload | undefined {
    const store = this.#store
    this.#unit = Math.max(this.#unit, store.firstUnit)
    for (; this.#unit < store.nextUnit; this.#unit++) {
      const unit = store.unit(this.#unit)
      if (unit.slice < this.#slice || !unit.idr || unit.start < store.tail) continue
      if (unit.end <= unit.start || unit.start >= store.head) return undefined
      const number = String(this.#takeNumber() % 100_000_000).padStart(8, '0')
      const first = this.#unit
      this.#slice = unit.slice
      const slice = store.slice(unit.slice)
      return new SliceUpload(store, `${this.#bootId}-${number}`, slice, first)
    }
    return undefined
  }

  /** The upload is over: goes on with the slice after it. */
  finished(upload: SliceUpload): void {
    this.#slice = upload.number + 1
  }

  /** Bytes of the upload are gone: goes on within the same slice at the first IDR that is still there. */
  broken(upload: SliceUpload, position: number): void {
    this.#slice = upload.number
    const store = this.#store
    while (this.#unit < store.nextUnit && store.unit(this.#unit).start < position) this.#unit++
  }
}
