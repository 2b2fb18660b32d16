import { type Clock, StepWatch } from './clock.ts'
import type { ClockShift } from './mqtt/messages.ts'

/** A clock that says less than this does not know the time; docs/PROTOCOL.md section 1. */
export const CLOCK_UNSET_BEFORE_MS = Date.UTC(2020, 0, 1)
/**
 * So long after the start of the program a step sets right what the clock said before it: a device starts with whatever its clock has kept. Later steps change
 * what comes, not what was, unless the clock knew no time at all.
 */
export const SETTLE_MS = 3_600_000

/** A time between two steps. Offsets are those of the wall clock from the monotonic one. */
type Epoch = { startMs: number; offsetMs: number; targetMs: number }

type Span = {
  channel: number
  kind: ClockShift['kind']
  epoch: number
  first: number
  last: number
}

/**
 * Epochs of the wall clock: a step begins one. What was labelled in an epoch whose clock turns out to have been wrong is told of with how much it is to be moved
 * by, as the monotonic clock knows how the epochs lie to each other.
 */
export class Epochs {
  readonly #clock: Clock
  readonly #watch: StepWatch
  readonly #bornMonoMs: number
  readonly #epochs: Epoch[]
  readonly #spans: Span[] = []
  /** by channel and kind: the epoch of its labels now, and the last number of those before */
  readonly #labels = new Map<string, { epoch: number; last: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#watch = new StepWatch(clock)
    this.#bornMonoMs = clock.monoMs()
    this.#epochs = [this.#begin()]
  }

  get current(): number {
    return this.#epochs.length - 1
  }

  get lastStepMs(): number {
    return this.#watch.lastStepMs
  }

  #begin(): Epoch {
    const startMs = this.#clock.nowMs()
    const offsetMs = startMs - this.#clock.monoMs()
    return { startMs, offsetMs, targetMs: offsetMs }
  }

  /** Looks at both clocks. `step`: the wall clock was stepped; `correction`: and what it said before was wrong. */
  look(): 'none' | 'step' | 'correction' {
    if (!this.#watch.look()) return 'none'
    const last = this.#epochs.at(-1)!
    const next = this.#begin()
    this.#epochs.push(next)
    const ageMs = this.#clock.monoMs() - this.#bornMonoMs
    if (last.startMs >= CLOCK_UNSET_BEFORE_MS && ageMs > SETTLE_MS) return 'step'
    // those that were set right by the last epoch are set right by this one
    const { targetMs } = last
    for (const epoch of this.#epochs)
      if (epoch.targetMs === targetMs) epoch.targetMs = next.targetMs
    return 'correction'
  }

  /** Everything up to this number was labelled before the last step; what comes has the labels of now. */
  ends(channel: number, kind: Span['kind'], last: number): void {
    const key = `${channel}/${kind}`
    const labels = this.#labels.get(key) ?? { epoch: 0, last: 0 }
    if (last > labels.last)
      this.#spans.push({ channel, kind, epoch: labels.epoch, first: labels.last + 1, last })
    this.#labels.set(key, { epoch: this.current, last: Math.max(last, labels.last) })
  }

  /** By how much what has been labelled is to be moved, in all. */
  get shifts(): ClockShift[] {
    return this.#spans.flatMap(({ epoch, ...span }) => {
      const { offsetMs, targetMs } = this.#epochs[epoch]!
      const shiftMs = Math.round(targetMs - offsetMs)
      return shiftMs === 0 ? [] : [{ ...span, shiftMs }]
    })
  }
}
