import type { ChannelCore } from './core-store.ts'

/** What a frame needs besides its own bytes, about. */
const OVERHEAD_BYTES = 4096

/**
 * Drop policy `non-event-first` of a ring without a spool. The ring is a queue: what comes first goes first. So what belongs to no event is refused as soon as it
 * would take the place of what belongs to one.
 */
export class RoomPolicy {
  readonly #core: ChannelCore
  /** what events recorded last: [from, to) of the stream */
  #from = 0
  #to = 0
  #isSkipping = false

  constructor(core: ChannelCore) {
    this.#core = core
  }

  /** False: the frame is to be refused, and pictures up to the next IDR with it. */
  admits(bytes: number, isIdr: boolean, isEvent: boolean): boolean {
    const core = this.#core
    if (isEvent) {
      if (this.#to < core.tail) this.#from = core.head
      this.#to = core.head + bytes
      this.#isSkipping = false
      return true
    }
    if (this.#isSkipping && !isIdr) return false
    this.#isSkipping = this.displacesEvent(bytes)
    return !this.#isSkipping
  }

  /** So many bytes more would take the place of what belongs to an event. */
  displacesEvent(bytes: number): boolean {
    const { head, tail, ringBytes } = this.#core
    const lacksRoom = head - tail + bytes + OVERHEAD_BYTES > ringBytes
    return lacksRoom && tail >= this.#from && tail < Math.min(this.#to, head)
  }
}
