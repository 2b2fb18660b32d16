import { SliceRecord, UnitRecord } from '../../core-wasm/index.ts'
import type { Piece, SliceEnd, SliceStart } from '../mqtt/messages.ts'
import { type iv_cs_init_func_cb_s, iv_cs_up_bk_state_e } from '../types.ts'
import type { SliceIds } from './slice-ids.ts'
import { type SliceStore, SliceUpload } from './slices.ts'

/** What is known of a slice that was handed out whole: enough to send its file later. */
export type DumpedSlice = {
  start: SliceStart
  pieces: Piece[]
  end: SliceEnd
  /** of its file: init segment and bytes */
  bytes: number
}

export type DumpOptions = {
  channel: number
  store: SliceStore
  ids: SliceIds
  callback: NonNullable<iv_cs_init_func_cb_s['onDumpFile']>
  /** a slice has been handed out */
  onDumped(slice: DumpedSlice): void
  onError(error: unknown): void
}

/**
 * Hands every muxed byte to the app, slice by slice, inside the push that made it: before anything can be evicted, and whatever the uplink does. The
 * views are the app's during the callback only.
 */
export class Dump {
  readonly #options: DumpOptions
  readonly #slice = new SliceRecord()
  readonly #unit = new UnitRecord()
  /** slice of the core that comes next, or is being handed out */
  #number = 0
  #upload: SliceUpload | undefined
  #position = 0
  /** unit to look for the slice's first one from */
  #nextUnit = 0
  #startMs = 0

  constructor(options: DumpOptions) {
    this.#options = options
  }

  /** Hands out what is new. */
  run(): void {
    const { store } = this.#options
    for (;;) {
      if (!this.#upload && !this.#begin()) return
      store.readSlice(this.#number, this.#slice)
      const { end, closed } = this.#slice
      if (end > this.#position) {
        for (const view of store.span(this.#position, end - this.#position)) this.#running(view)
        this.#position = end
      }
      if (closed === 0) return
      this.#finish()
    }
  }

  /** Begins with the next slice, when some of it can be read. */
  #begin(): boolean {
    const { store, ids } = this.#options
    const unit = this.#unit
    for (; this.#nextUnit < store.nextUnit; this.#nextUnit++) {
      if (!store.readUnit(this.#nextUnit, unit) || unit.slice < this.#number) continue
      if (unit.end <= unit.start || unit.start >= store.head) return false
      this.#number = unit.slice
      this.#upload = new SliceUpload(store, ids.of(unit.slice), unit, this.#nextUnit)
      this.#position = unit.start
      this.#startMs = Math.round(unit.utcMs)
      this.#call(iv_cs_up_bk_state_e.CS_UP_BK_START, 0, null, null)
      if (this.#upload.initBytes > 0) this.#running(this.#upload.init)
      return true
    }
    return false
  }

  #running(view: Uint8Array): void {
    this.#call(iv_cs_up_bk_state_e.CS_UP_BK_RUNNING, 0, null, view)
  }

  #finish(): void {
    const upload = this.#upload!
    const slice = upload.describe()
    this.#upload = undefined
    this.#number++
    this.#options.onDumped(slice)
    this.#call(iv_cs_up_bk_state_e.CS_UP_BK_END, slice.end.endUtcMs, upload.id, null)
  }

  /** Zero saved bytes are no error: firmware that works returns 0 throughout. */
  #call(
    state: iv_cs_up_bk_state_e,
    endMs: number,
    name: string | null,
    view: Uint8Array | null,
  ): void {
    const { callback, channel, onError } = this.#options
    try {
      callback(channel, state, this.#startMs, endMs, name, view, view?.length ?? 0)
    } catch (error) {
      onError(error)
    }
  }
}
