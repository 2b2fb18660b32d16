import type { SliceUpload } from '../channel/slices.ts'
import type { Clock, Random } from '../clock.ts'
import type { Logger } from '../log.ts'
import { AppendSize } from './append-size.ts'
import type { CredentialStore, Credentials } from './credentials.ts'
import { type FailureCause, FailureCounts } from './failure.ts'
import type { HttpTimeouts } from './http.ts'
import { Outage, type OutageOptions } from './outage.ts'
import type { LiveSource, Scheduler } from './scheduler.ts'
import type { SliceWorkOptions } from './slice-work.ts'
import type { UplinkEvent } from './states.ts'
import {
  type Append,
  causeOf,
  isAnswered,
  type SliceClient,
  type TusAnswer,
  TusClient,
} from './tus.ts'

/** What is copied out of a ring that evicts, per append. */
const COPY_BYTES = 128 * 1024

export type UplinkOptions = SliceWorkOptions &
  OutageOptions & {
    credentials: CredentialStore
    scheduler: Scheduler
    /** the channel's live video, for the scheduler */
    source: LiveSource
    ca?: string | undefined
    /** in place of the network, for tests */
    client?: SliceClient | undefined
    clock: Clock
    random: Random
    log: Logger
    times(): HttpTimeouts
    appendBytes?: number
    appendIntervalMs?: number
    /** asks the cloud whether there is a plan after all */
    askPlan(): Promise<boolean>
  }

/** The requests of an uplink, one at a time, and what is known of the last one. */
export class UplinkRequests {
  readonly #options: UplinkOptions
  readonly #send: (event: UplinkEvent) => void
  readonly #client: SliceClient
  readonly appendSize = new AppendSize()
  readonly outage: Outage
  readonly failures = new FailureCounts()
  /** With a ring that evicts, a dead line must not keep new frames out for as long as a request hangs. */
  readonly #copy: Uint8Array | undefined
  #isStopped = false
  answer: TusAnswer = { outcome: 'ok', status: 0, message: '' }
  /** what the request under way is permitted by */
  credentials: Credentials | undefined
  /** the append under way: where it began and ends, and whether the slice ends with it */
  sent = { from: 0, to: 0, isLast: false, atMs: 0 }
  appends = 0

  constructor(options: UplinkOptions, send: (event: UplinkEvent) => void) {
    this.#options = options
    this.#send = send
    this.#copy = options.leavesRest || options.copies ? new Uint8Array(COPY_BYTES) : undefined
    this.outage = new Outage(options)
    this.#client = options.client ?? new TusClient(options.clock, options.ca)
  }

  /** Answers that still come are nobody's. */
  stop(): void {
    this.#isStopped = true
  }

  close(): void {
    this.#client.close()
  }

  fetchToken(): void {
    void this.#options.credentials.get().then((got) => {
      if (this.#isStopped) return
      if ('token' in got) return this.#send('granted')
      this.answer = { outcome: 'retry', status: 0, message: got.message }
      this.failures.count(got.denied === 'plan' ? 'plan' : 'denied')
      if (got.denied === 'plan') return this.#send('denied-plan')
      if (got.denied === 'offline') this.outage.unanswered(got.message)
      else this.#options.log.warn(`no upload token: ${got.message}`)
      this.#send('denied')
    })
  }

  create(upload: SliceUpload): void {
    const { token, url } = this.credentials!
    this.#take(this.#client.create(new URL(url), token, upload.start(), this.#options.times()))
  }

  ask(upload: SliceUpload): void {
    const token = this.credentials?.token ?? ''
    this.#take(this.#client.ask(upload.location!, token, this.#options.times()))
  }

  append(upload: SliceUpload): void {
    const { clock, scheduler, store, times } = this.#options
    const most = this.appendSize.bytes
    const append = this.#own(upload.next(Math.min(most, this.#copy?.length ?? most)))
    const from = append.offset
    let to = from
    for (const view of append.views) to += view.length
    this.sent = { from, to, isLast: append.total !== undefined, atMs: clock.monoMs() }
    this.appends++
    // bytes of a request under way stay where they are until the socket has let go of them
    if (!this.#copy) store.hold(upload.positionOf(from), upload.positionOf(to))
    const leave = scheduler.live(to - from)
    const request = this.#client.append(upload.location!, this.credentials!.token, append, times())
    this.#take(
      request
        .then((answer) => {
          leave.done(to - from, answer.outcome === 'ok')
          return answer
        })
        .finally(() => store.unhold()),
    )
  }

  /** The append that was under way is acknowledged. */
  appended(): void {
    const { from, to, atMs } = this.sent
    const { clock, times } = this.#options
    this.outage.progress()
    this.appendSize.taken(to - from, clock.monoMs() - atMs, times().replyMs)
  }

  /** Where the ring must not wait for a request, its bytes are copied out. */
  #own(append: Append): Append {
    const copy = this.#copy
    if (!copy) return append
    let length = 0
    for (const view of append.views) {
      copy.set(view, length)
      length += view.length
    }
    return { ...append, views: [copy.subarray(0, length)] }
  }

  #take(request: Promise<TusAnswer>): void {
    void request.then((answer) => {
      if (this.#isStopped) return
      this.answer = answer
      const cause: FailureCause | undefined = causeOf(answer)
      if (cause !== undefined) this.failures.count(cause)
      if (isAnswered(answer)) this.outage.answered()
      else this.outage.unanswered(answer.message)
      this.#send(answer.outcome)
    })
  }
}
