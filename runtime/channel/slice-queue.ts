import { SliceRecord, UnitRecord } from '../../core-wasm/index.ts'
import type { SliceIds } from './slice-ids.ts'
import { type SliceStore, SliceUpload } from './slices.ts'

/** Hands out uploads in stream order. */
export class SliceQueue {
  readonly #store: SliceStore
  readonly #ids: SliceIds
  readonly #record = new UnitRecord()
  /** slice of the core that comes next */
  #slice = 0
  /** first unit to look at for it */
  #unit = 0
  /** bytes of the slice that comes next were lost: what is left of it is a slice by itself */
  #isRest = false
  /** what is left of a slice that lost its beginning is not handed out */
  readonly #onlyWhole: boolean
  readonly #sliceRecord = new SliceRecord()

  constructor(store: SliceStore, ids: SliceIds, onlyWhole: boolean) {
    this.#store = store
    this.#ids = ids
    this.#onlyWhole = onlyWhole
  }

  /** Number of the slice that comes next. */
  get next(): number {
    return this.#slice
  }

  /** The next slice with readable bytes, or undefined while there is none. */
  take(): SliceUpload | undefined {
    const store = this.#store
    const unit = this.#record
    this.#unit = Math.max(this.#unit, store.firstUnit)
    for (; this.#unit < store.nextUnit; this.#unit++) {
      if (!store.readUnit(this.#unit, unit)) continue
      if (unit.slice < this.#slice || !unit.idr || unit.start < store.tail) continue
      if (unit.end <= unit.start || unit.start >= store.head) return undefined
      if (this.#onlyWhole && !this.#isFirst(unit)) continue
      const isRest = this.#isRest && unit.slice === this.#slice
      this.#slice = unit.slice
      this.#isRest = false
      const id = isRest ? this.#ids.fresh() : this.#ids.of(unit.slice)
      return new SliceUpload(store, id, unit, this.#unit)
    }
    return undefined
  }

  #isFirst(unit: UnitRecord): boolean {
    const slice = this.#sliceRecord
    return this.#store.readSlice(unit.slice, slice) && unit.start === slice.start
  }

  /** The upload is over: goes on with the slice after it. */
  finished(upload: SliceUpload): void {
    this.#slice = upload.number + 1
    this.#isRest = false
  }

  /** Nothing comes of the slices before this one. */
  skip(slice: number): void {
    this.#slice = Math.max(this.#slice, slice)
    this.#isRest = false
  }

  /** Bytes of the upload are gone: goes on at the first IDR behind `position`, in the same slice if there is one. */
  broken(position: number): void {
    this.#isRest = true
    const store = this.#store
    const unit = this.#record
    for (; this.#unit < store.nextUnit; this.#unit++)
      if (store.readUnit(this.#unit, unit) && unit.start >= position) return
  }
}
