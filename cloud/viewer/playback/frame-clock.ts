/** Until pictures have been seen: that of most cameras. */
const DEFAULT_FRAME_S = 1 / 25
const FRAME_MIN_S = 1 / 121
const FRAME_MAX_S = 1

/** Knows which picture is shown and how long one lasts, so that a step moves by exactly one. */
export class FrameClock {
  #shownS: number | undefined
  #frameS = DEFAULT_FRAME_S

  constructor(private readonly video: HTMLVideoElement) {
    if ('requestVideoFrameCallback' in video) this.#watch()
  }

  #watch(): void {
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      const stepS = mediaTime - (this.#shownS ?? mediaTime)
      // a slower machine leaves out pictures: the shortest distance between two is that of neighbours
      const isNeighbour = stepS > FRAME_MIN_S && stepS < FRAME_MAX_S
      if (isNeighbour && !this.video.paused) this.#frameS = Math.min(stepS, this.#frameS * 1.02)
      this.#shownS = mediaTime
      this.#watch()
    })
  }

  /** Stops and shows the next picture, or the one before. Aims at the middle of it, where no rounding can miss it. */
  step(way: 1 | -1): void {
    this.video.pause()
    const shownS = this.#shownS ?? this.video.currentTime
    const near = Math.abs(shownS - this.video.currentTime) < 2 * this.#frameS
    const fromS = near ? shownS : this.video.currentTime
    this.video.currentTime = Math.max(0, fromS + (way + 0.5) * this.#frameS)
  }
}
