import { type Clock, StreamClock } from '../clock.ts'
import type { PushWindow } from '../event/window.ts'

/** Timestamps that step back, or forward by more than this, belong to another stream: its start is its arrival. */
const PTS_JUMP_MS = 10_000
/** A hole that a step of the clock makes in the labels is told of when it is longer than a GOP. */
const STEP_SHOWN_MS = 2000

export type LabelHooks = {
  /** what comes has labels of another epoch: a slice must not have both */
  onEpoch(): void
  /** there is no video of the time between */
  onJump(fromMs: number, toMs: number): void
}

/** UTC of a channel's frames: by their PTS, from a start that is their arrival or what the app said. A step of the clock moves it at the next IDR. */
export class Labels {
  readonly #clock: Clock
  readonly #window: PushWindow
  readonly #hooks: LabelHooks
  readonly #stream = new StreamClock()
  #lastPtsMs = 0
  #isStepped = false
  /** the step set right what was labelled before it: no time is missing between */
  #isCorrected = false

  constructor(clock: Clock, window: PushWindow, hooks: LabelHooks) {
    this.#clock = clock
    this.#window = window
    this.#hooks = hooks
  }

  /** Takes up the timestamps of a picture; its UTC. */
  video(ptsMs: number, isIdr: boolean): number {
    const step = ptsMs - this.#lastPtsMs
    const restarts = !this.#stream.started || !(step > 0 && step <= PTS_JUMP_MS)
    if (this.#isStepped && isIdr) this.#begin(ptsMs)
    else if (restarts) this.#stream.start(this.#originMs(), ptsMs)
    this.#lastPtsMs = ptsMs
    return this.#stream.utcMs(ptsMs)
  }

  utcMs(ptsMs: number): number {
    return this.#stream.started ? this.#stream.utcMs(ptsMs) : this.#originMs()
  }

  /** The wall clock was stepped. */
  stepped(isCorrected: boolean): void {
    this.#isCorrected = isCorrected
    this.#isStepped = this.#stream.started
    if (!this.#isStepped) this.#hooks.onEpoch()
  }

  /** The recording has ended; the next one has a start of its own. */
  stop(): void {
    this.#stream.stop()
  }

  #begin(ptsMs: number): void {
    this.#isStepped = false
    this.#hooks.onEpoch()
    const lastMs = this.utcMs(this.#lastPtsMs)
    this.#stream.start(this.#clock.nowMs(), ptsMs)
    const nowMs = this.#stream.utcMs(ptsMs)
    if (nowMs - lastMs > STEP_SHOWN_MS && !this.#isCorrected) this.#hooks.onJump(lastMs, nowMs)
  }

  /** UTC of what is pushed while the stream has no clock. */
  #originMs(): number {
    return this.#window.awaitsKept ? this.#window.startUtcMs : this.#clock.nowMs()
  }
}
