import { UnitRecord } from '../../core-wasm/index.ts'
import type { SliceStore } from '../channel/slices.ts'
import { cipherLength, wholeBlocks } from './aes-cbc.ts'

/** One GOP or fragment: where it lies in the stream of the core, and where encrypted. */
export type Unit = {
  number: number
  slice: number
  plain: number
  plainEnd: number
  cipher: number
  closed: boolean
}

/** Where the encrypted bytes of a unit end that can be had now: the last block of one that grows is not full yet. */
export const cipherEnd = (unit: Unit): number => {
  const length = unit.plainEnd - unit.plain
  return unit.cipher + (unit.closed ? cipherLength(length) : wholeBlocks(length))
}

type Span = { start: number; end: number }

/** Units whose bytes were released are asked for no more; a few stay for records that are read late. */
const KEPT = 512
/** The core's table has 64 slices. */
const SLICES_KEPT = 128

/** Follows the core's units and says where each lies in the encrypted stream, which is longer by the padding of each. */
export class Units {
  readonly #store: SliceStore
  readonly #record = new UnitRecord()
  #units: Unit[] = []
  readonly #slices = new Map<number, Span>()
  #next = 0

  constructor(store: SliceStore) {
    this.#store = store
  }

  /** Takes in what the core has added. */
  follow(): void {
    const store = this.#store
    const last = this.#units.at(-1)
    if (last && !last.closed) this.#grow(last)
    this.#next = Math.max(this.#next, store.firstUnit)
    for (; this.#next < store.nextUnit; this.#next++) this.#add(this.#next)
    if (this.#units.length > 2 * KEPT) this.#units = this.#units.slice(-KEPT)
  }

  #grow(unit: Unit): void {
    const record = this.#record
    if (!this.#store.readUnit(unit.number, record)) return
    unit.plainEnd = record.end
    unit.closed = record.closed
    this.#extendSlice(unit)
  }

  #add(number: number): void {
    const record = this.#record
    if (!this.#store.readUnit(number, record)) return
    const before = this.#units.at(-1)
    if (before && !before.closed) {
      // its record went before it was seen closed; the next one tells where it ended
      before.plainEnd = record.start
      before.closed = true
      this.#extendSlice(before)
    }
    // what was never seen cannot be asked for; positions only have to grow
    const skipped = before ? record.start - before.plainEnd : 0
    const unit: Unit = {
      number,
      slice: record.slice,
      plain: record.start,
      plainEnd: record.end,
      cipher: before ? cipherEnd(before) + cipherLength(skipped) : wholeBlocks(record.start),
      closed: record.closed,
    }
    this.#units.push(unit)
    this.#extendSlice(unit)
  }

  #extendSlice(unit: Unit): void {
    const span = this.#slices.get(unit.slice)
    if (span) span.end = cipherEnd(unit)
    else {
      this.#slices.set(unit.slice, { start: unit.cipher, end: cipherEnd(unit) })
      this.#slices.delete(unit.slice - SLICES_KEPT)
    }
  }

  get(number: number): Unit | undefined {
    const first = this.#units[0]
    if (!first) return undefined
    const near = this.#units[number - first.number]
    return near?.number === number ? near : this.#units.find((unit) => unit.number === number)
  }

  slice(number: number): Span | undefined {
    return this.#slices.get(number)
  }

  /** The unit that an encrypted position lies in or ends. */
  at(position: number): Unit | undefined {
    return this.#units.findLast((unit) => unit.cipher <= position)
  }

  /** Units with encrypted bytes from one position to another. */
  between(from: number, to: number): Unit[] {
    return this.#units.filter((unit) => unit.cipher < to && cipherEnd(unit) > from)
  }

  /** Where in the encrypted stream a position of the core lies; within a unit, the block that it is in. */
  toCipher(position: number): number {
    const unit = this.#units.findLast(({ plain }) => plain <= position)
    if (!unit) return this.#units[0]?.cipher ?? 0
    if (position >= unit.plainEnd) return cipherEnd(unit)
    return unit.cipher + wholeBlocks(position - unit.plain)
  }

  /** What of the core's stream the encrypted bytes up to a position stand for, in whole blocks. */
  toPlain(position: number): number {
    const unit = this.at(position)
    if (!unit) return this.#store.tail
    const length = unit.plainEnd - unit.plain
    const into = position - unit.cipher
    if (unit.closed && into >= cipherLength(length)) return unit.plainEnd
    return unit.plain + Math.min(wholeBlocks(into), wholeBlocks(length))
  }
}
