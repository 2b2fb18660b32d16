import {
  CLOSED_AUDIO,
  CLOSED_CLOCK,
  CLOSED_FORMAT,
  CLOSED_IDR,
  CLOSED_NO_IDR,
  CLOSED_PAUSE,
  CLOSED_STOP,
  CLOSED_TIME,
  SliceRecord,
  TRACK_AUDIO,
  UnitRecord,
} from '../../core-wasm/index.ts'
import {
  INDEX_MAX_BYTES,
  type Piece,
  type SliceEncryption,
  type SliceEnd,
  type SliceStart,
} from '../mqtt/messages.ts'
import type { Append } from '../upload/tus.ts'
import type { DumpedSlice } from './dump.ts'

/** What the uplink needs of a channel's core. Positions count the stream's bytes since it was opened. */
export type SliceStore = {
  /** what can be read: [tail, head) */
  readonly head: number
  readonly tail: number
  readonly nextSlice: number
  readonly firstUnit: number
  readonly nextUnit: number
  /** false when the record is not in the table */
  readSlice(number: number, record: SliceRecord): boolean
  readUnit(number: number, record: UnitRecord): boolean
  /** views on the ring, valid until released */
  span(position: number, length: number): readonly Uint8Array[]
  initSegment(id: number): Uint8Array
  release(position: number): void
  hold(from: number, to: number): void
  unhold(): void
  /** RFC 6381 */
  codecs(hasAudio: boolean): string
  readonly width: number
  readonly height: number
  readonly format: SliceStart['format']
  /** how the units of a slice are encrypted, from one of them on; absent when they are not */
  encryption?(slice: number, unit: number): SliceEncryption
}

/** Wire name of the core's reason for a slice's end. */
const REASONS: Record<number, SliceEnd['reason']> = {
  [CLOSED_IDR]: 'idr',
  [CLOSED_STOP]: 'stop',
  [CLOSED_PAUSE]: 'pause',
  [CLOSED_CLOCK]: 'clock',
  [CLOSED_FORMAT]: 'format',
  [CLOSED_AUDIO]: 'format',
  [CLOSED_NO_IDR]: 'limit',
  [CLOSED_TIME]: 'discontinuity',
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
  readonly #record = new SliceRecord()
  readonly #unitRecord = new UnitRecord()
  readonly #firstUnit: number
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

  constructor(store: SliceStore, id: string, first: UnitRecord, firstUnit: number) {
    this.#store = store
    this.id = id
    this.number = first.slice
    this.#firstUnit = firstUnit
    this.#unit = firstUnit
    this.#startPosition = first.start
    const { init } = this.slice
    this.#init = init >= 0 ? store.initSegment(init) : new Uint8Array(0)
  }

  /** The slice as it is now; as it last was when its record is gone. */
  get slice(): SliceRecord {
    this.#store.readSlice(this.number, this.#record)
    return this.#record
  }

  /** How it ended, once it has. */
  end(): SliceEnd {
    return endOf(this.slice)
  }

  /** The first unit of which news are due. */
  get nextUnit(): number {
    return this.#unit
  }

  /** Stream position of its first byte behind the init segment. */
  get startPosition(): number {
    return this.#startPosition
  }

  get initBytes(): number {
    return this.#init.length
  }

  get init(): Uint8Array {
    return this.#init
  }

  /** All that is to be known of a slice that has ended. */
  describe(): DumpedSlice {
    const pieces: Piece[] = []
    const unit = this.#unitRecord
    for (let number = this.#firstUnit; number < this.#store.nextUnit; number++) {
      if (!this.#store.readUnit(number, unit) || unit.slice !== this.number) break
      pieces.push(pieceOf(unit, this.offsetOf(unit.start)))
    }
    return { start: this.start(), pieces, end: endOf(this.slice), bytes: this.#available() }
  }

  /** Stream position up to which the cloud has it. */
  get position(): number {
    return this.positionOf(this.acknowledged)
  }

  /** Bytes beyond an offset. */
  bytesAfter(offset: number): number {
    return this.#available() - offset
  }

  get ended(): boolean {
    return this.slice.closed !== 0
  }

  /** Whether an append makes sense: bytes, or the news that there will be no more. */
  get hasNews(): boolean {
    return this.bytesAfter(this.acknowledged) > 0 || (this.ended && !this.complete)
  }

  #available(): number {
    return this.#init.length + this.slice.end - this.#startPosition
  }

  start(): SliceStart {
    const { slice } = this
    const first = this.#unitRecord
    this.#store.readUnit(this.#firstUnit, first)
    const whole = this.#startPosition === slice.start
    const hasAudio = (slice.tracks & TRACK_AUDIO) !== 0
    return {
      id: this.id,
      format: this.#store.format,
      codecs: this.#store.codecs(hasAudio),
      width: this.#store.width,
      height: this.#store.height,
      startUtcMs: Math.round(first.utcMs),
      startPtsMs: first.ptsMs,
      startSeq: slice.seqA,
      discontinuity: whole ? slice.discontinuity : true,
      initBytes: this.#init.length,
      ...(this.#store.encryption && {
        encryption: this.#store.encryption(this.number, this.#firstUnit),
      }),
    }
  }

  /** Pieces whose final figures the cloud has not acknowledged, as they are now. */
  pending(): Piece[] {
    const pieces: Piece[] = []
    const unit = this.#unitRecord
    for (let number = this.#unit; number < this.#store.nextUnit; number++) {
      if (!this.#store.readUnit(number, unit) || unit.slice !== this.number) break
      pieces.push(pieceOf(unit, this.offsetOf(unit.start)))
    }
    return pieces
  }

  /** What to send next, at most about `maxBytes`; its figures hold until `advance` or the next call. */
  next(maxBytes: number): Append {
    const from = this.acknowledged
    let to = Math.min(this.#available(), from + maxBytes)
    const pieces: Piece[] = []
    const store = this.#store
    const unit = this.#unitRecord
    let final = this.#unit
    for (let number = this.#unit; number < store.nextUnit; number++) {
      if (!store.readUnit(number, unit) || unit.slice !== this.number) break
      const offset = this.offsetOf(unit.start)
      if (offset >= to && offset > from) break
      if (pieces.length === PIECES_MAX) {
        to = offset
        break
      }
      // figures of an open unit go up to the last picture: they hold only when that is sent too
      if (!unit.closed && this.offsetOf(unit.end) > to) break
      pieces.push(pieceOf(unit, offset))
      if (unit.closed && this.offsetOf(unit.end) <= to) final = number + 1
    }
    this.#sent = { to, unit: final }
    const last = this.ended && to === this.#available()
    return {
      offset: from,
      views: this.#views(from, to),
      index: last ? { pieces, end: endOf(this.slice) } : { pieces },
      ...(last ? { total: to } : {}),
    }
  }

  /** The cloud has everything up to `offset`. An index counts with its bytes: it came with the append that ended there. */
  advance(offset: number): void {
    this.acknowledged = offset
    if (offset === this.#sent.to) this.#unit = this.#sent.unit
  }

  /** Goes on from an offset: what lies before it is somebody else's. Pieces are named from the one on that reaches it. */
  skipTo(offset: number): void {
    this.acknowledged = offset
    const store = this.#store
    const unit = this.#unitRecord
    this.#unit = Math.max(this.#unit, store.firstUnit)
    for (; this.#unit < store.nextUnit; this.#unit++) {
      if (!store.readUnit(this.#unit, unit)) continue
      if (unit.slice > this.number || !unit.closed) return
      if (unit.slice === this.number && this.offsetOf(unit.end) >= offset) return
    }
  }

  /** The cloud may have bytes from beyond a position that it has not acknowledged: their append was not answered. */
  mayHaveBeyond(position: number): boolean {
    return this.uncertain && this.positionOf(this.#sent.to) > position
  }

  /** Whether the bytes from an offset on are still there to be sent. */
  canResumeAt(offset: number): boolean {
    if (offset > this.#available()) return false
    return this.positionOf(offset) >= this.#store.tail
  }

  /** Stream position of an offset; the init segment lies in front of the stream's bytes. */
  positionOf(offset: number): number {
    return this.#startPosition + Math.max(0, offset - this.#init.length)
  }

  offsetOf(position: number): number {
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
}

const pieceOf = (unit: UnitRecord, offset: number): Piece => ({
  o: offset,
  b: unit.end - unit.start,
  t: Math.round(unit.utcMs),
  // a fraction below a microsecond is noise of the arithmetic
  d: Math.round(unit.durationMs * 1000) / 1000,
  n: unit.videoFrames,
  k: unit.idr ? 1 : 0,
  ...(unit.closed ? {} : { open: 1 }),
})

const endOf = (slice: SliceRecord): SliceEnd => ({
  endUtcMs: Math.round(slice.utcMsB),
  endPtsMs: slice.ptsMsB,
  endSeq: slice.seqB,
  frames: slice.videoFrames,
  reason: REASONS[slice.closed] ?? 'stop',
})
