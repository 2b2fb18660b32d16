import { SliceRecord } from '../../core-wasm/index.ts'
import type { SliceIds } from '../channel/slice-ids.ts'
import { SliceQueue } from '../channel/slice-queue.ts'
import type { SliceStore, SliceUpload } from '../channel/slices.ts'

/** What became of one slice of the core. */
export type SliceResult = {
  slice: SliceRecord
  /** of its file: init segment and bytes */
  totalBytes: number
  uploadedBytes: number
  /** everything that was muxed into it is at the cloud */
  whole: boolean
}

export type SliceWorkOptions = {
  store: SliceStore
  ids: SliceIds
  /** the app has every byte and sends what is lost later: the rest of a slice that lost bytes is left to it */
  leavesRest: boolean
  /** the ring evicts: a request under way must not keep its bytes in it */
  copies?: boolean
  /** everything up to this position of the stream is acknowledged, and it was sent from `from` on */
  onAcknowledged(position: number, from: number): void
  /** the ring has more room */
  onReleased(): void
  /** called once per slice when it is over */
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
  /** slice that lost bytes, and what its uploads brought home */
  #broken: { upload: SliceUpload; bytes: number } | undefined
  /** the slice was refused: its bytes are thrown away as they come */
  #discarding = false

  constructor(options: SliceWorkOptions) {
    this.#options = options
    this.#queue = new SliceQueue(options.store, options.ids, options.leavesRest)
  }

  /** What to send of; undefined while there is nothing. */
  get upload(): SliceUpload | undefined {
    return this.#discarding ? undefined : this.#upload
  }

  /** Neither bytes nor news of an end wait to be sent. */
  get idle(): boolean {
    return this.#upload === undefined
  }

  /** Start of a slice of which something is lost that is not told of yet: it is when the slice is over. */
  get untoldSinceMs(): number | undefined {
    const upload = this.#broken?.upload ?? this.#upload
    if (!upload) return undefined
    const { start, utcMsA } = upload.slice
    return this.#broken || upload.startPosition !== start ? utcMsA : undefined
  }

  /** Finds what to work on. */
  look(): void {
    const { store } = this.#options
    const upload = this.#upload
    if (upload && this.#discarding) {
      if (upload.ended) this.end(false)
      else this.#release(upload.slice.end)
    } else if (upload && store.tail > upload.position && this.#isKnown(upload)) this.restart()
    if (this.#upload) return
    const expected = Math.min(
      this.#queue.next,
      this.#broken?.upload.number ?? Number.POSITIVE_INFINITY,
    )
    this.#upload = this.#queue.take()
    if (this.#upload) {
      // what lies before it is the rest of slices that were given up
      if (store.tail < this.#upload.position) this.#release(this.#upload.position)
      this.#reportSkipped(expected, this.#upload.number)
    } else this.#reportSkipped(expected, this.#endOfClosed(expected))
  }

  /**
   * Whether it is known from where on nothing of the upload is at the cloud. What was evicted may be there, and pictures behind it with it: these would be
   * in the rest once more. The cloud is asked first, unless the rest is left to somebody who asks as well.
   */
  #isKnown(upload: SliceUpload): boolean {
    const { leavesRest, store } = this.#options
    return leavesRest || !upload.mayHaveBeyond(store.tail)
  }

  /** Nothing can be sent: of the slices from this one on that have ended, nothing more will come. */
  #endOfClosed(from: number): number {
    const { store } = this.#options
    const slice = new SliceRecord()
    let number = from
    while (number < store.nextSlice && store.readSlice(number, slice) && slice.closed !== 0) {
      this.#queue.skip(++number)
      this.#release(slice.end)
    }
    return number
  }

  /** The cloud has the upload up to `offset`; `last` when that is all there will be. */
  acknowledge(offset: number, last: boolean): void {
    const upload = this.#upload!
    const from = upload.position
    upload.advance(offset)
    upload.complete = last
    this.#options.onAcknowledged(upload.position, from)
    if (last) this.end(true)
    else this.#release(upload.position)
  }

  /** Bytes are gone, here or there: what comes next of the slice goes into another upload. */
  restart(): void {
    const upload = this.#upload!
    this.#broken = { upload, bytes: this.#uploadedBefore(upload) + upload.acknowledged }
    this.#upload = undefined
    if (this.#options.leavesRest) this.#queue.finished(upload)
    else this.#queue.broken(Math.max(upload.position, this.#options.store.tail))
  }

  /** The cloud will not have the slice. */
  discard(): void {
    this.#discarding = true
  }

  /** The slice is over: told of, and its bytes released. */
  end(complete: boolean): void {
    const upload = this.#upload
    if (!upload) return
    const wasBroken = this.#broken?.upload.number === upload.number
    // its beginning may have been evicted before its turn came
    const isWhole = complete && !wasBroken && upload.startPosition === upload.slice.start
    // released first: what is not at the cloud is kept elsewhere then, before its slice is told of
    this.#release(upload.slice.end)
    this.#report(upload, this.#uploadedBefore(upload) + upload.acknowledged, isWhole)
    this.#queue.finished(upload)
    this.#upload = undefined
    this.#discarding = false
  }

  #release(position: number): void {
    const { store, onReleased } = this.#options
    store.release(Math.max(store.tail, Math.min(position, store.head)))
    onReleased()
  }

  #uploadedBefore(upload: SliceUpload): number {
    return this.#broken?.upload.number === upload.number ? this.#broken.bytes : 0
  }

  /** Slices that left the ring, whole or in their rest, before they could be sent. */
  #reportSkipped(from: number, to: number): void {
    for (let number = from; number < to; number++) {
      if (this.#broken?.upload.number === number) {
        this.#report(this.#broken.upload, this.#broken.bytes, false)
        continue
      }
      const slice = new SliceRecord()
      if (this.#options.store.readSlice(number, slice))
        this.#options.onSlice({
          slice,
          totalBytes: slice.end - slice.start,
          uploadedBytes: 0,
          whole: false,
        })
    }
  }

  #report(upload: SliceUpload, uploadedBytes: number, whole: boolean): void {
    if (this.#broken?.upload.number === upload.number) this.#broken = undefined
    const { slice, initBytes } = upload
    const totalBytes = slice.end - slice.start + initBytes
    this.#options.onSlice({ slice, totalBytes, uploadedBytes, whole })
  }
}
