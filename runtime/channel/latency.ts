/** Frames on their way at once: 20 s at 25 pictures and 16 sound frames a second. What is more is not measured. */
const PENDING_MAX = 1024
/** Newest measurements that the median is taken of. */
const SAMPLES = 512
/** Upper bounds of the histogram's classes; above the last is one more. */
export const LATENCY_BOUNDS_MS = [
  50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000,
] as const

/** Time from the push of a frame to the acknowledgement of its last byte, in fixed memory. */
export class Latency {
  readonly #positions = new Float64Array(PENDING_MAX)
  readonly #times = new Float64Array(PENDING_MAX)
  #first = 0
  #pending = 0
  /** frames for which there was no room: when the first was pushed, and where the last ends */
  #skippedMs = Number.POSITIVE_INFINITY
  #skippedTo = 0
  readonly #samples = new Float64Array(SAMPLES)
  #count = 0
  /** how many measurements were in each class since the start, and their sum */
  readonly counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1)
  sumMs = 0

  /** A frame was pushed; it ends at this position of the stream. */
  pushed(position: number, nowMs: number): void {
    if (this.#pending === PENDING_MAX) {
      this.#skippedMs = Math.min(this.#skippedMs, nowMs)
      this.#skippedTo = position
      return
    }
    const at = (this.#first + this.#pending++) % PENDING_MAX
    this.#positions[at] = position
    this.#times[at] = nowMs
  }

  /** Everything up to this position is acknowledged. */
  acknowledged(position: number, nowMs: number): void {
    if (position >= this.#skippedTo) this.#skippedMs = Number.POSITIVE_INFINITY
    while (this.#pending > 0 && this.#positions[this.#first]! <= position) {
      const ms = nowMs - this.#times[this.#first]!
      this.#samples[this.#count++ % SAMPLES] = ms
      this.counts[classOf(ms)]!++
      this.sumMs += ms
      this.#first = (this.#first + 1) % PENDING_MAX
      this.#pending--
    }
  }

  /** Age of the oldest frame that is not acknowledged; 0 when all are. */
  lagMs(nowMs: number): number {
    const firstMs = this.#pending === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#first]!
    return Math.max(0, nowMs - Math.min(firstMs, this.#skippedMs))
  }

  /** Median of the newest measurements; 0 before the first. */
  medianMs(): number {
    const used = Math.min(this.#count, SAMPLES)
    if (used === 0) return 0
    return this.#samples.slice(0, used).sort()[used >> 1]!
  }
}

const classOf = (ms: number): number => {
  let at = 0
  while (at < LATENCY_BOUNDS_MS.length && ms > LATENCY_BOUNDS_MS[at]!) at++
  return at
}
