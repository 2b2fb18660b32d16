import {
  CAPTURE_CLOSED,
  CAPTURE_FULL,
  CAPTURE_LENGTH,
  CAPTURE_NEED_IDR,
  CAPTURE_OK,
  CAPTURE_VIDEO,
  type CaptureKind,
  type CaptureQueue,
  CLOSED,
  DROPPED,
  dataBytes,
  FRAME_I,
  frameBytesMax,
  HEADER_BYTES,
  NEED_IDR,
  READ,
  RECORD_BYTES,
  RECORD_FRAME_TYPE,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_PTS_MS,
  RECORD_SEQ,
  recordBytes,
  SKIP,
  WRITTEN,
} from './layout.ts'

/**
 * The camera's end of a capture queue, for the Worker that owns the camera: it needs nothing but the queue. One writer at a time; another
 * may go on where one has ended, however it ended. Nothing is allocated per frame.
 */
export class CaptureWriter {
  /** all of the shared memory: frames may be written at the address that reserve() returns */
  readonly bytes: Uint8Array
  /** the largest frame that fits */
  readonly frameBytesMax: number
  readonly #words: Int32Array
  readonly #view: DataView
  /** address and size of the records */
  readonly #data: number
  readonly #size: number
  /** the reservation: position of its record, frame bytes, what it is */
  #at = -1
  #length = 0
  #kind: CaptureKind = CAPTURE_VIDEO
  #frameType = 0

  constructor(queue: CaptureQueue) {
    const { memory, offset } = queue
    this.bytes = new Uint8Array(memory.buffer)
    this.frameBytesMax = frameBytesMax(queue)
    this.#words = new Int32Array(memory.buffer, offset, HEADER_BYTES >> 2)
    this.#view = new DataView(memory.buffer)
    this.#data = offset + HEADER_BYTES
    this.#size = dataBytes(queue)
  }

  /** Takes a frame: one copy. `frameType` is a picture's eFrameType. CAPTURE_OK, or why it was not taken. */
  write(
    frame: Uint8Array,
    kind: CaptureKind,
    ptsMs: number,
    seq: number,
    frameType = FRAME_I,
  ): number {
    const address = this.reserve(frame.length, kind, frameType)
    if (address < 0) return address
    this.bytes.set(frame, address)
    return this.commit(ptsMs, seq)
  }

  /**
   * Address in `bytes` for a frame of at most `length` bytes, which commit() then hands over; negative: why there is none. Nobody else sees it
   * before. Another call replaces it.
   */
  reserve(length: number, kind: CaptureKind, frameType = FRAME_I): number {
    this.#at = -1
    if (Atomics.load(this.#words, CLOSED) !== 0) return CAPTURE_CLOSED
    if (!(length > 0 && length <= this.frameBytesMax)) return this.#drop(kind, CAPTURE_LENGTH)
    const isVideo = kind === CAPTURE_VIDEO
    if (isVideo && frameType !== FRAME_I && Atomics.load(this.#words, NEED_IDR) !== 0)
      return this.#drop(kind, CAPTURE_NEED_IDR)
    const at = this.#place(length)
    if (at < 0) return this.#drop(kind, CAPTURE_FULL)
    this.#at = at
    this.#length = length
    this.#kind = kind
    this.#frameType = frameType
    return this.#data + at + RECORD_BYTES
  }

  /** Hands the reserved frame over and wakes the channel. `length`: when it became shorter than was reserved. */
  commit(ptsMs: number, seq: number, length = this.#length): number {
    const at = this.#at
    if (at < 0 || !(length > 0 && length <= this.#length)) return CAPTURE_LENGTH
    this.#at = -1
    const written = Atomics.load(this.#words, WRITTEN)
    const view = this.#view
    if (at !== written) view.setInt32(this.#data + written + RECORD_LENGTH, SKIP, true)
    const record = this.#data + at
    view.setInt32(record + RECORD_LENGTH, length, true)
    view.setInt32(record + RECORD_KIND, this.#kind, true)
    view.setFloat64(record + RECORD_PTS_MS, ptsMs, true)
    view.setInt32(record + RECORD_SEQ, seq, true)
    view.setInt32(record + RECORD_FRAME_TYPE, this.#frameType, true)
    if (this.#kind === CAPTURE_VIDEO) Atomics.store(this.#words, NEED_IDR, 0)
    const next = at + recordBytes(length)
    Atomics.store(this.#words, WRITTEN, next === this.#size ? 0 : next)
    Atomics.notify(this.#words, WRITTEN)
    return CAPTURE_OK
  }

  /** Whether a frame of so many bytes fits now. */
  hasRoom(length: number): boolean {
    return this.#place(length) >= 0
  }

  /**
   * Blocks until a frame of so many bytes fits: for sources that can wait (a file, kept video); a live camera drops instead. False after
   * the time, when the channel is closed or when the frame can never fit.
   */
  waitForRoom(length: number, timeoutMs: number): boolean {
    if (length > this.frameBytesMax) return false
    const endMs = performance.now() + timeoutMs
    for (;;) {
      if (Atomics.load(this.#words, CLOSED) !== 0) return false
      const read = Atomics.load(this.#words, READ)
      if (this.hasRoom(length)) return true
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) return false
      Atomics.wait(this.#words, READ, read, leftMs)
    }
  }

  /** Position for a record with a frame of so many bytes, or -1. The one behind it must not become the reader's: that means empty. */
  #place(length: number): number {
    const needed = recordBytes(length)
    const written = Atomics.load(this.#words, WRITTEN)
    const read = Atomics.load(this.#words, READ)
    if (written < read) return needed < read - written ? written : -1
    const toEnd = this.#size - written
    if (needed < toEnd || (needed === toEnd && read > 0)) return written
    return needed < read ? 0 : -1
  }

  #drop(kind: CaptureKind, status: number): number {
    Atomics.add(this.#words, DROPPED, 1)
    if (kind === CAPTURE_VIDEO) Atomics.store(this.#words, NEED_IDR, 1)
    return status
  }
}
