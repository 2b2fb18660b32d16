import { SliceQueue, type SliceStore, type SliceUpload } from '../channel/slices.ts'

/** What became of one slice of the core. */
export type SliceResult = {
  number: number
  uploadedBytes: number
  /** everything that was muxed into it is at the cloud */
  whole: boolean
}

export type SliceWorkOptions = {
  store: SliceStore
  bootId: string
  takeNumber(): number
  /** everything up to this position of the stream is acknowledged */
  onAcknowledged(position: number): void
  /** called once per slice when it has ended, before its record goes */
  onSlice(result: SliceResult): void
}

/**
 * The slice being uploaded and what is known of it. Usually one upload per slice; when bytes of it were lost its rest goes into another,
 * from an IDR on, and the slice counts as broken.
 */
export class SliceWork {
  readonly #options: SliceWorkOptions
  readonly #queue: SliceQueue
  #upload: SliceUpload | undefined
  /** slice that lost bytes, and what its earlier uploads brought home */
  #broken: { number: number; bytes: number } | undefined
  /** the slice was refused: its bytes are thrown away as they come */
  #discarding = false

  constructor(options: SliceWorkOptions) {
    this.#options = options
    this.#queue = new SliceQueue(options.store, options.bootId, options.takeNumber)
  }

  /** What to send of; undefined while there is nothing. */
  get upload(): SliceUpload | undefined {
    return this.#discarding ? undefined : this.#upload
  }

  /** Neither bytes nor news of an end wait to be sent. */
  get idle(): boolean {
    return this.#upload === undefined
  }

  /** Finds what to work on. */
  look(): void {
    const { store } = this.#options
    const upload = this.#upload
    if (upload && this.#discarding) {
      const slice = store.slice(upload.number)
      if (slice.closed) this.end(false)
      else store.release(Math.max(store.tail, slice.end - 1))
    } else if (upload && store.tail > upload.position) this.restart()
    if (this.#upload) return
    this.#upload = this.#queue.take()
    const broken = this.#broken
    if (this.#upload && broken && broken.number !== this.#upload.number) {
      // nothing more came of the broken slice
      this.#report(broken.number, broken.bytes, false)
    }
  }

  /** The cloud has the upload up to `offset`; `last` when that is all there will be. */
  acknowledge(offset: number, last: boolean): void {
    const upload = this.#upload!
    upload.advance(offset)
    upload.complete = last
    this.#options.onAcknowledged(upload.position)
    if (last) this.end(true)
    else this.#options.store.release(upload.releasable)
  }

  /** Bytes are gone, here or there: what comes next of the slice goes into another upload. */
  restart(): void {
    const upload = this.#upload!
    const before = this.#broken?.number === upload.number ? this.#broken.bytes : 0
    this.#broken = { number: upload.number, bytes: before + upload.acknowledged }
    this.#upload = undefined
    this.#queue.broken(upload, upload.position)
  }

  /** The cloud will not have the slice. */
  discard(): void {
    this.#discarding = true
  }

  /** The slice is over: told of, and its bytes released. */
  end(complete: boolean): void {
    const upload = this.#upload
    if (!upload) return
    const { store } = this.#options
    const before = this.#broken?.number === upload.number ? this.#broken.bytes : undefined
    const end = store.slice(upload.number).end
    this.#report(
      upload.number,
      (before ?? 0) + upload.acknowledged,
      complete && before === undefined,
    )
    store.release(Math.max(store.tail, Math.min(end, store.head)))
    this.#queue.finished(upload)
    this.#upload = undefined
    this.#discarding = false
  }

  #report(number: number, uploadedBytes: number, whole: boolean): void {
    if (this.#broken?.number === number) this.#broken = undefined
    this.#options.onSlice({ number, uploadedBytes, whole })
  }
}
