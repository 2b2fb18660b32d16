/// <reference lib="es2024.sharedmemory" />
import { setImmediate } from 'node:timers'
import { type CaptureQueue, CORRUPT, WRITTEN } from './layout.ts'
import { QueuedFrame } from './queued-frame.ts'
import { CaptureReader } from './reader.ts'

/** Frames in a row; then timers and sockets get their turn. */
const BURST_FRAMES = 32

export type CaptureDependencies = {
  queue: CaptureQueue
  /** as Channel.push */
  push(kind: number, frame: QueuedFrame): number
  /** something was wrong with a record; how many times by now */
  onCorrupt(count: number): void
}

/** Gives a channel the frames of its queue, in order, woken by the writer. */
export class Capture {
  readonly #dependencies: CaptureDependencies
  readonly #reader: CaptureReader
  readonly #frame: QueuedFrame
  #isClosed = false
  #corrupt = 0

  constructor(dependencies: CaptureDependencies) {
    const { queue } = dependencies
    this.#dependencies = dependencies
    this.#reader = new CaptureReader(queue)
    this.#frame = new QueuedFrame(new Uint8Array(queue.memory.buffer))
    void this.#run()
  }

  get queue(): CaptureQueue {
    return this.#dependencies.queue
  }

  async #run(): Promise<void> {
    const { words } = this.#reader
    while (!this.#isClosed) {
      const written = Atomics.load(words, WRITTEN)
      if (this.#take(BURST_FRAMES)) await new Promise<void>((resolve) => setImmediate(resolve))
      else {
        // a record that was written meanwhile has moved the word: then there is nothing to wait for
        const wait = Atomics.waitAsync(words, WRITTEN, written)
        if (wait.async) await wait.value
      }
    }
  }

  /** Takes at most so many frames; whether there may be more. */
  #take(most: number): boolean {
    const reader = this.#reader
    let count = 0
    while (count < most && reader.next(this.#frame)) {
      // a refusal is the channel's to count and tell of, as with pushCsStream
      this.#dependencies.push(this.#frame.kind, this.#frame)
      reader.taken()
      count++
    }
    if (count > 0) reader.wakeWriter()
    const corrupt = Atomics.load(reader.words, CORRUPT)
    if (corrupt !== this.#corrupt) {
      this.#corrupt = corrupt
      this.#dependencies.onCorrupt(corrupt)
    }
    return count === most
  }

  /** Takes what is written by now; then the writer is told that the channel is closed. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#reader.close()
    // more than the queue can hold would be a writer that does not stop
    this.#take(this.#dependencies.queue.bytes >> 5)
    Atomics.notify(this.#reader.words, WRITTEN)
  }
}
