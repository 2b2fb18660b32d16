/** What is done with a frame. */
export const ADMIT_TAKE = 0
/** it is recorded already: counted, and no error */
export const ADMIT_SKIP = 1
/** the recording ends before it */
export const ADMIT_REFUSE = 2

/**
 * Which frames of a recording that events ask for are taken. Looked at for every frame, so nothing here allocates. Frames are told apart by their UTC,
 * which follows from their PTS.
 */
export class PushWindow {
  /** UTC that the first video frame stands for; NaN: the time of its arrival */
  startUtcMs = Number.NaN
  /** UTC of the newest picture taken in this recording; NaN before the first */
  lastUtcMs = Number.NaN
  /** UTC of the oldest */
  firstUtcMs = Number.NaN
  /** UTC of the newest picture that came, taken or not */
  seenUtcMs = Number.NaN
  /** frames of this channel that were recorded already */
  skipped = 0
  #previousEndMs = Number.NEGATIVE_INFINITY
  #skipping = false
  #cutoffMs = Number.POSITIVE_INFINITY
  #watchMs = Number.POSITIVE_INFINITY
  #told = false
  #onReached: () => void = () => {}

  /** A recording begins. Frames up to the end of the one before, and on to the next IDR, are skipped when it was pre-recorded. */
  begin(startUtcMs: number | undefined, nowMs: number): void {
    this.startUtcMs = startUtcMs ?? Number.NaN
    this.lastUtcMs = Number.NaN
    this.firstUtcMs = Number.NaN
    this.seenUtcMs = Number.NaN
    this.#cutoffMs = Number.POSITIVE_INFINITY
    this.#watchMs = Number.POSITIVE_INFINITY
    // an end in the future was labelled by a clock that has been set back since: not a reason to drop anything
    this.#skipping =
      startUtcMs !== undefined && startUtcMs <= this.#previousEndMs && this.#previousEndMs <= nowMs
  }

  end(): void {
    if (!Number.isNaN(this.lastUtcMs)) this.#previousEndMs = this.lastUtcMs
    this.#skipping = false
  }

  get isPreRecorded(): boolean {
    return !Number.isNaN(this.startUtcMs)
  }

  /** The first picture has not come, and it is one that the app has kept. */
  get awaitsKept(): boolean {
    return this.isPreRecorded && Number.isNaN(this.seenUtcMs)
  }

  /** Calls back, outside of push, when a picture of this time or later has come. */
  watch(utcMs: number, onReached: () => void): void {
    this.#watchMs = utcMs
    this.#onReached = onReached
    this.#told = false
  }

  /** Frames from this time on are refused; Infinity: none. */
  cutoff(utcMs: number): void {
    this.#cutoffMs = utcMs
  }

  admitVideo(utcMs: number, isIdr: boolean): number {
    this.seenUtcMs = utcMs
    if (utcMs >= this.#cutoffMs) {
      this.#reached()
      return ADMIT_REFUSE
    }
    if (!this.#skipping) return ADMIT_TAKE
    if (isIdr && utcMs > this.#previousEndMs) {
      this.#skipping = false
      return ADMIT_TAKE
    }
    this.skipped++
    return ADMIT_SKIP
  }

  admitAudio(utcMs: number): number {
    if (utcMs >= this.#cutoffMs) return ADMIT_REFUSE
    if (!this.#skipping) return ADMIT_TAKE
    this.skipped++
    return ADMIT_SKIP
  }

  /** A picture was taken. */
  taken(utcMs: number): void {
    if (Number.isNaN(this.lastUtcMs)) this.firstUtcMs = utcMs
    this.lastUtcMs = utcMs
    if (utcMs >= this.#watchMs) this.#reached()
  }

  #reached(): void {
    if (this.#told) return
    this.#told = true
    queueMicrotask(this.#onReached)
  }
}
