import type { Clock, Random, Timer } from '../clock.ts'
import type { EventStop } from '../mqtt/event-messages.ts'
import { backoffMs } from '../upload/retry.ts'
import type { Answer, EventCloud } from './dependencies.ts'

/** One attempt; the session asks again by itself every few seconds and waits for the connection. */
const ATTEMPT_MS = 60_000
/** Ends of events that wait for the line; with more of them the oldest is given up. */
export const OUTBOX_MAX = 64

type StopAnswer = Answer<{ trialSec?: number | undefined }>
type Letter = { done(answer: StopAnswer | undefined): void; timer: Timer | undefined }

/** Tells the cloud of the ends of events, for as long as it takes: an event whose result came too late for the app still counts in the cloud. */
export class Outbox {
  readonly #cloud: EventCloud
  readonly #clock: Clock
  readonly #random: Random
  readonly #letters = new Set<Letter>()

  constructor(cloud: EventCloud, clock: Clock, random: Random) {
    this.#cloud = cloud
    this.#clock = clock
    this.#random = random
  }

  /** Ends of events that the cloud has not answered. */
  get waiting(): number {
    return this.#letters.size
  }

  /** The cloud's answer, or undefined when it was given up. */
  deliver(params: EventStop): Promise<StopAnswer | undefined> {
    return new Promise((done) => {
      const letter: Letter = { done, timer: undefined }
      this.#letters.add(letter)
      const [oldest] = this.#letters
      if (this.#letters.size > OUTBOX_MAX && oldest) this.#settle(oldest, undefined)
      this.#send(letter, params, 0)
    })
  }

  close(): void {
    for (const letter of [...this.#letters]) this.#settle(letter, undefined)
  }

  #send(letter: Letter, params: EventStop, attempt: number): void {
    void this.#cloud.stop(params, ATTEMPT_MS).then((answer) => {
      if (!this.#letters.has(letter)) return
      // the cloud is in trouble: later; everything else it says is final
      if (answer && answer.code < 500) this.#settle(letter, answer)
      else
        letter.timer = this.#clock.after(backoffMs(attempt, this.#random), () =>
          this.#send(letter, params, attempt + 1),
        )
    })
  }

  #settle(letter: Letter, answer: StopAnswer | undefined): void {
    this.#letters.delete(letter)
    letter.timer?.cancel()
    letter.done(answer)
  }
}
