import type { Clock, Random, Timer } from '../clock.ts'
import { type EventStop, eventStopSchema } from '../mqtt/event-messages.ts'
import { backoffMs } from '../upload/retry.ts'
import type { Answer, EventCloud } from './dependencies.ts'
import type { MailStore } from './mail-store.ts'

/** One attempt; the session asks again by itself every few seconds and waits for the connection. */
const ATTEMPT_MS = 60_000
/** Ends of events that wait for the line; with more of them the oldest is given up. */
export const OUTBOX_MAX = 64
/** What is answered sooner is not written to the disk. */
const KEEP_AFTER_MS = 5000

type StopAnswer = Answer<{ trialSec?: number | undefined }>
type Letter = {
  params: EventStop
  done(answer: StopAnswer | undefined): void
  timer: Timer | undefined
  keeping: Timer | undefined
}

export type OutboxParts = {
  cloud: Pick<EventCloud, 'stop'>
  clock: Clock
  random: Random
  channel: number
  /** keeps what is not answered, over a restart */
  mail?: MailStore | undefined
}

/** Tells the cloud of the ends of events, for as long as it takes: an event whose result came too late for the app still counts in the cloud. */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #letters = new Set<Letter>()
  readonly #prefix: string

  constructor(parts: OutboxParts) {
    this.#parts = parts
    this.#prefix = `stop-${parts.channel}-`
    this.#restore()
  }

  /** Ends of events that the cloud has not answered. */
  get waiting(): number {
    return this.#letters.size
  }

  /** The cloud's answer, or undefined when it was given up. */
  deliver(params: EventStop): Promise<StopAnswer | undefined> {
    return new Promise((done) => {
      const { clock, mail } = this.#parts
      const letter: Letter = { params, done, timer: undefined, keeping: undefined }
      if (mail) letter.keeping = clock.after(KEEP_AFTER_MS, () => this.#keep(letter))
      this.#letters.add(letter)
      const [oldest] = this.#letters
      if (this.#letters.size > OUTBOX_MAX && oldest) this.#give(oldest, undefined)
      this.#send(letter, 0)
    })
  }

  /** The module is left: what waits is kept for the next time, where there is a disk for it. */
  close(): void {
    for (const letter of [...this.#letters]) {
      this.#keep(letter)
      this.#end(letter, undefined)
    }
  }

  /** What was recorded is destroyed: nothing of it is told of any more. */
  discard(): void {
    for (const letter of [...this.#letters]) this.#give(letter, undefined)
  }

  #send(letter: Letter, attempt: number): void {
    const { cloud, clock, random } = this.#parts
    void cloud.stop(letter.params, ATTEMPT_MS).then((answer) => {
      if (!this.#letters.has(letter)) return
      // the cloud is in trouble: later; everything else it says is final
      if (answer && answer.code < 500) this.#give(letter, answer)
      else
        letter.timer = clock.after(backoffMs(attempt, random), () =>
          this.#send(letter, attempt + 1),
        )
    })
  }

  #restore(): void {
    const { mail } = this.#parts
    for (const name of mail?.names(this.#prefix).slice(-OUTBOX_MAX) ?? []) {
      const params = eventStopSchema.shape.params.safeParse(mail!.look(name))
      if (!params.success) {
        mail!.drop(name)
        continue
      }
      const letter = { params: params.data, done() {}, timer: undefined, keeping: undefined }
      this.#letters.add(letter)
      this.#send(letter, 0)
    }
  }

  #keep({ params }: Letter): void {
    this.#parts.mail?.keep(this.#prefix + params.key, params)
  }

  /** Answered, or given up for good. */
  #give(letter: Letter, answer: StopAnswer | undefined): void {
    this.#parts.mail?.drop(this.#prefix + letter.params.key)
    this.#end(letter, answer)
  }

  #end(letter: Letter, answer: StopAnswer | undefined): void {
    this.#letters.delete(letter)
    letter.timer?.cancel()
    letter.keeping?.cancel()
    letter.done(answer)
  }
}
