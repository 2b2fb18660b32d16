import { close, closeSync, fdatasync, ftruncateSync, openSync, writevSync } from 'node:fs'
import type { Piece, SliceEnd, SliceStart } from '../mqtt/messages.ts'
import { RECORD_BEGIN, RECORD_CHUNK, RECORD_END, recordParts } from './record.ts'
import type { Begin, Chunk, End } from './stored-slice.ts'

/** The file of a slice while it is written. */
export class SliceFile {
  readonly #fd: number
  readonly #onError: (error: unknown) => void
  bytes = 0
  #isSyncing = false
  #isDirty = false
  #isClosed = false

  /** Creates it. Throws when the disk does not let us. */
  constructor(path: string, onError: (error: unknown) => void) {
    this.#fd = openSync(path, 'w')
    this.#onError = onError
  }

  begin(channel: number, start: SliceStart, init: Uint8Array, from: number, event: boolean): void {
    const json: Begin = { version: 1, channel, start, from, event }
    this.#write(recordParts(RECORD_BEGIN, json, init.length > 0 ? [init] : []))
  }

  chunk(offset: number, pieces: Piece[], event: boolean, views: readonly Uint8Array[]): void {
    const json: Chunk = { offset, pieces, event }
    this.#write(recordParts(RECORD_CHUNK, json, views))
  }

  /** Without an end of the slice's own: it is cut here. */
  end(end: SliceEnd | undefined, event: boolean): void {
    const json: End = end ? { end, event } : { event }
    this.#write(recordParts(RECORD_END, json))
  }

  /**
   * The kernel has it when this returns, so that a kill of the process takes nothing. That the disk has it too is seen to meanwhile: a push never waits for
   * a disk to finish.
   */
  #write(parts: Uint8Array[]): void {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0)
    const written = writevSync(this.#fd, parts, this.bytes)
    if (written !== bytes) {
      ftruncateSync(this.#fd, this.bytes)
      throw new Error('ENOSPC: the disk took only a part of a write')
    }
    this.bytes += bytes
    this.#isDirty = true
    this.#sync()
  }

  #sync(): void {
    if (this.#isSyncing || !this.#isDirty) return
    this.#isSyncing = true
    this.#isDirty = false
    fdatasync(this.#fd, (error) => {
      this.#isSyncing = false
      if (error) this.#onError(error)
      else if (this.#isDirty) return this.#sync()
      if (this.#isClosed) close(this.#fd, () => {})
    })
  }

  /** Nothing more is written. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (!this.#isSyncing) closeSync(this.#fd)
  }
}
