import { createHash } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import type { Piece, SliceEnd, SliceStart } from '../mqtt/messages.ts'
import type { Append } from '../upload/tus.ts'
import { readData } from './record.ts'
import { cutToPieces, endOfRest, readStored, type StoredSlice } from './stored-slice.ts'

/** What an index has room for. */
const PIECES_MAX = 48

/**
 * Name of what is left of a slice whose beginning nobody has any more: it follows from the slice and the place, so that it is the same however often it
 * is sent.
 */
const restId = (id: string, from: number): string => {
  const boot = createHash('sha256').update(`${id}:${from}`).digest('hex').slice(0, 16)
  return `${boot}-${id.slice(17)}`
}

/** A slice of the spool as an upload: what it is, and its bytes as they are wanted. */
export class StoredUpload {
  readonly #fd: number
  #slice: StoredSlice
  /** offset in the slice's file of what has the offset `start.initBytes` here; differs in the rest of a slice */
  #shift = 0
  #init: Buffer | undefined
  #cached: { at: number; data: Buffer } | undefined
  start: SliceStart
  /** bytes that were kept but can not be sent: parts of a piece, or damaged */
  lostBytes = 0

  private constructor(fd: number, slice: StoredSlice) {
    this.#fd = fd
    this.#slice = slice
    this.start = slice.start
  }

  /** Undefined when the file can not be read. */
  static open(path: string): StoredUpload | undefined {
    const fd = openSync(path, 'r')
    const stored = readStored(fd)
    if (!stored) {
      closeSync(fd)
      return undefined
    }
    const slice = stored.end ? stored : cutToPieces(stored)
    const upload = new StoredUpload(fd, slice)
    upload.lostBytes = stored.to - slice.to
    return upload
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Where what is here begins and ends. */
  get from(): number {
    return this.#shift === 0 ? this.#slice.from : 0
  }

  get to(): number {
    return this.#slice.to - this.#shift
  }

  /** The cloud does not have what comes before: what is here goes on by itself, from the first IDR. False when there is none. */
  becomeRest(): boolean {
    const { pieces, from, to, start } = this.#slice
    const first = pieces.find((piece) => piece.k === 1 && piece.o >= from && piece.o < to)
    if (!first) return false
    this.#init = readData(this.#fd, this.#slice.init)
    if (!this.#init || this.#init.length !== start.initBytes) return false
    this.#shift = first.o - start.initBytes
    this.lostBytes += first.o - from
    this.start = {
      ...start,
      id: restId(start.id, first.o),
      startUtcMs: first.t,
      startPtsMs: start.startPtsMs + Math.max(0, first.t - start.startUtcMs),
      discontinuity: true,
    }
    return true
  }

  /** Pieces with offsets as they are in the upload. */
  get #pieces(): Piece[] {
    const { initBytes } = this.start
    const { pieces, end } = this.#slice
    return pieces
      .map(({ open, ...piece }) => ({
        ...piece,
        o: piece.o - this.#shift,
        // nothing grows in a slice that has ended
        ...(open === 1 && !end && { open }),
      }))
      .filter((piece) => piece.o >= initBytes)
  }

  #end(): SliceEnd {
    return this.#slice.end ?? endOfRest(this.#slice)
  }

  /** What comes next when the cloud has everything up to `offset`. */
  append(offset: number, maxBytes: number): Append {
    const data = offset < this.to ? this.#read(offset, maxBytes) : new Uint8Array(0)
    // damaged data ends the slice here
    if (!data) return this.append(offset, maxBytes)
    let end = offset + data.length
    const all = this.#pieces
    // a rest may be shorter than what the uplink told the cloud: where it ends is told even when that lies before the cloud's end
    const last = this.#slice.end ? undefined : all.at(-1)
    const pieces = all.filter(
      (piece) => piece.o < end && (piece.o + piece.b >= offset || piece === last),
    )
    const named = pieces.slice(0, PIECES_MAX)
    // no further than what the index names
    if (named.length < pieces.length) end = Math.max(pieces[PIECES_MAX]!.o, offset)
    const isLast = end >= this.to
    return {
      offset,
      views: [data.subarray(0, end - offset)],
      index: isLast ? { pieces: named, end: this.#end() } : { pieces: named },
      ...(isLast ? { total: end } : {}),
    }
  }

  #read(offset: number, maxBytes: number): Uint8Array | undefined {
    const { initBytes } = this.start
    if (this.#init && offset < initBytes) return this.#init.subarray(offset, offset + maxBytes)
    const at = offset + this.#shift
    const chunk = this.#slice.chunks.find(
      (other) => other.offset <= at && at < other.offset + other.dataBytes,
    )!
    if (this.#cached?.at !== chunk.offset) {
      const data = readData(this.#fd, chunk)
      if (!data) {
        this.#cutAt(chunk.offset)
        return undefined
      }
      this.#cached = { at: chunk.offset, data }
    }
    const from = at - chunk.offset
    const most = Math.min(chunk.dataBytes, this.#slice.to - chunk.offset)
    return this.#cached.data.subarray(from, Math.min(from + maxBytes, most))
  }

  #cutAt(position: number): void {
    const { to } = this.#slice
    this.#slice = { ...cutToPieces({ ...this.#slice, to: position }), end: undefined }
    this.lostBytes += to - this.#slice.to
  }
}
