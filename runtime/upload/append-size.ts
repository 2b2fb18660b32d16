/** With a backlog appends grow; where they time out they shrink, to what 1 KB/s carries within the time-outs. */
export const APPEND_MAX_BYTES = 1024 * 1024
export const APPEND_MIN_BYTES = 2 * 1024
const APPEND_START_BYTES = 256 * 1024
/** A full append may take this share of the time in which it must be answered. */
const REPLY_SHARE = 1 / 2

/** How many bytes an append may have: what the line has shown to carry well within the time-out, found from either side. */
export class AppendSize {
  #bytes = APPEND_START_BYTES

  get bytes(): number {
    return this.#bytes
  }

  get canShrink(): boolean {
    return this.#bytes > APPEND_MIN_BYTES
  }

  /** An append was acknowledged. Those that are far from full say nothing about the line. */
  taken(sentBytes: number, tookMs: number, replyMs: number): void {
    if (sentBytes * 2 < this.#bytes) return
    const fits = (sentBytes / Math.max(tookMs, 1)) * replyMs * REPLY_SHARE
    this.#set(Math.min(this.#bytes * 2, fits))
  }

  /** The cloud takes no more at once (413), or the line was reset. */
  refused(): void {
    this.#set(this.#bytes / 2)
  }

  /** No answer: too slow for so many bytes, perhaps. From 256 KiB it takes three of them to come down to what 1 KB/s carries. */
  lost(): void {
    this.#set(this.#bytes / 4)
  }

  #set(bytes: number): void {
    this.#bytes = Math.floor(Math.min(Math.max(bytes, APPEND_MIN_BYTES), APPEND_MAX_BYTES))
  }
}
