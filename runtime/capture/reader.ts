import {
  CAPTURE_AUDIO,
  CAPTURE_VIDEO,
  type CaptureQueue,
  CLOSED,
  CORRUPT,
  dataBytes,
  FRAME_I,
  HEADER_BYTES,
  READ,
  RECORD_BYTES,
  RECORD_FRAME_TYPE,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_PTS_MS,
  RECORD_SEQ,
  recordBytes,
  SKIP,
  SKIPPED,
  TAKEN,
  WRITTEN,
} from './layout.ts'
import type { QueuedFrame } from './queued-frame.ts'

/**
 * The channel's end of a capture queue. It believes nothing of what it finds: a record is read once, checked, and only then used. After one
 * that is wrong everything written so far is passed over, and pictures up to the next I frame: what they refer to may be gone.
 */
export class CaptureReader {
  /** header of the queue */
  readonly words: Int32Array
  readonly #view: DataView
  readonly #data: number
  readonly #size: number
  /** the truth about READ, which the writer could overwrite */
  #read = 0
  #next = 0
  #needsIdr = false

  constructor(queue: CaptureQueue) {
    const { memory, offset } = queue
    this.words = new Int32Array(memory.buffer, offset, HEADER_BYTES >> 2)
    this.#view = new DataView(memory.buffer)
    this.#data = offset + HEADER_BYTES
    this.#size = dataBytes(queue)
  }

  /** Fills in `frame` from the next record; false when there is none. Its bytes stay until taken(). */
  next(frame: QueuedFrame): boolean {
    for (;;) {
      const written = Atomics.load(this.words, WRITTEN)
      if (written === this.#read) return false
      if (written < 0 || written >= this.#size || (written & 7) !== 0) {
        // the next record is written where this one would have been
        Atomics.compareExchange(this.words, WRITTEN, written, this.#read)
        this.#corrupt()
      } else if (this.#isSkip(written)) this.#moveTo(0)
      else if (!this.#readRecord(frame, written)) {
        this.#corrupt()
        this.#moveTo(written)
      } else if (this.#isWanted(frame)) return true
      else {
        Atomics.add(this.words, SKIPPED, 1)
        this.#moveTo(this.#next)
      }
    }
  }

  /** The frame's bytes are not needed any more. */
  taken(): void {
    Atomics.add(this.words, TAKEN, 1)
    this.#moveTo(this.#next)
  }

  /** Tells a writer that waits for room. */
  wakeWriter(): void {
    Atomics.notify(this.words, READ)
  }

  /** The writer is told so from now on. */
  close(): void {
    Atomics.store(this.words, CLOSED, 1)
    Atomics.notify(this.words, READ)
  }

  #isSkip(written: number): boolean {
    return (
      written < this.#read &&
      this.#view.getInt32(this.#data + this.#read + RECORD_LENGTH, true) === SKIP
    )
  }

  #readRecord(frame: QueuedFrame, written: number): boolean {
    const available = (written > this.#read ? written : this.#size) - this.#read
    if (available < RECORD_BYTES) return false
    const record = this.#data + this.#read
    const view = this.#view
    const length = view.getInt32(record + RECORD_LENGTH, true)
    const kind = view.getInt32(record + RECORD_KIND, true)
    const ptsMs = view.getFloat64(record + RECORD_PTS_MS, true)
    if (length <= 0 || length > available - RECORD_BYTES || recordBytes(length) > available)
      return false
    if (kind !== CAPTURE_AUDIO && kind !== CAPTURE_VIDEO) return false
    if (!(ptsMs >= 0 && ptsMs <= Number.MAX_SAFE_INTEGER)) return false
    frame.address = record + RECORD_BYTES
    frame.u32Len = length
    frame.u64PTS = ptsMs
    frame.u32Seq = view.getInt32(record + RECORD_SEQ, true) >>> 0
    frame.eFrameType = view.getInt32(record + RECORD_FRAME_TYPE, true)
    frame.kind = kind
    const next = this.#read + recordBytes(length)
    this.#next = next === this.#size ? 0 : next
    return true
  }

  #isWanted({ kind, eFrameType }: QueuedFrame): boolean {
    if (kind !== CAPTURE_VIDEO) return true
    if (eFrameType === FRAME_I) this.#needsIdr = false
    return !this.#needsIdr
  }

  #corrupt(): void {
    Atomics.add(this.words, CORRUPT, 1)
    this.#needsIdr = true
  }

  #moveTo(position: number): void {
    this.#read = position
    Atomics.store(this.words, READ, position)
  }
}
