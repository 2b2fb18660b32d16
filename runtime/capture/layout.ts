/**
 * The capture queue: frames of one Worker (the only writer) for one channel (the only reader), a ring of records in shared memory.
 *
 * From its address on: one cache line that never changes, one that only the writer writes, one that only the reader writes, then the
 * records. Positions are offsets into the records, multiples of 8; the queue is empty when they are equal, so it is never filled whole.
 * A record lies in one piece: RECORD_BYTES and the frame, filled up to a multiple of 8. Where none fits before the end, SKIP is put in
 * the place of its length and the record lies at the start. A record can be seen once WRITTEN has moved past it: a writer that dies
 * before leaves nothing behind.
 */

/** What a Worker is given; can be sent as workerData. */
export type CaptureQueue = {
  readonly memory: WebAssembly.Memory
  /** address of the queue in `memory` */
  readonly offset: number
  readonly bytes: number
}

export type CaptureKind = typeof CAPTURE_AUDIO | typeof CAPTURE_VIDEO
/** As in iv_cm_stream_type_e. */
export const CAPTURE_AUDIO = 0
export const CAPTURE_VIDEO = 1

/** What the writer is told. */
export const CAPTURE_OK = 0
/** no room: the frame is dropped and counted */
export const CAPTURE_FULL = -1
/** a picture was dropped: those up to the next I frame are dropped and counted too */
export const CAPTURE_NEED_IDR = -2
/** the frame is empty, or larger than frameBytesMax() */
export const CAPTURE_LENGTH = -3
/** the channel was closed */
export const CAPTURE_CLOSED = -4

/** eFrameType of an IDR: a picture that needs none before it. */
export const FRAME_I = 0

// 32-bit words from the queue's address on
/** the writer's: end of what may be read */
export const WRITTEN = 16
/** the writer's: a picture was dropped */
export const NEED_IDR = 17
/** the writer's: frames that were dropped */
export const DROPPED = 18
/** the reader's: start of what has not been read */
export const READ = 32
export const CLOSED = 33
/** the reader's: records taken, and times that something was wrong with one */
export const TAKEN = 34
export const CORRUPT = 35
/** the reader's: pictures that were left out after a corrupt record */
export const SKIPPED = 36
export const HEADER_BYTES = 192

// bytes from a record's start on
export const RECORD_LENGTH = 0
export const RECORD_KIND = 4
export const RECORD_PTS_MS = 8
export const RECORD_SEQ = 16
export const RECORD_FRAME_TYPE = 20
export const RECORD_BYTES = 24
/** in the place of a length: the next record is at the start */
export const SKIP = -1

export const recordBytes = (frameBytes: number): number => RECORD_BYTES + ((frameBytes + 7) & ~7)

export const dataBytes = ({ bytes }: CaptureQueue): number => bytes - HEADER_BYTES

/** The largest frame that fits whenever the queue is empty, wherever its positions then are: half of it. */
export const frameBytesMax = (queue: CaptureQueue): number =>
  ((dataBytes(queue) / 2 - 8) & ~7) - RECORD_BYTES

export type CaptureCounters = {
  /** given to the channel */
  taken: number
  /** not written for want of room, or because one before was not */
  dropped: number
  corrupt: number
  /** pictures left out after a corrupt record, up to the next I frame */
  skipped: number
}

/** Counters of a queue, for either side. */
export const captureCounters = ({ memory, offset }: CaptureQueue): CaptureCounters => {
  const words = new Int32Array(memory.buffer, offset, HEADER_BYTES >> 2)
  return {
    taken: Atomics.load(words, TAKEN) >>> 0,
    dropped: Atomics.load(words, DROPPED) >>> 0,
    corrupt: Atomics.load(words, CORRUPT) >>> 0,
    skipped: Atomics.load(words, SKIPPED) >>> 0,
  }
}
