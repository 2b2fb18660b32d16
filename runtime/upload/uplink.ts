import type { Clock, Random, Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import { Machine } from '../machine.ts'
import type { CredentialStore } from './credentials.ts'
import type { HttpTimeouts } from './http.ts'
import { backoffMs } from './retry.ts'
import { SliceWork, type SliceWorkOptions } from './slice-work.ts'
import { UPLINK_ROWS, type UplinkActions, type UplinkEvent, type UplinkState } from './states.ts'
import { type Append, type SliceClient, type TusAnswer, TusClient } from './tus.ts'

/** An append when so many bytes wait, or after this time. */
export const APPEND_BYTES = 64 * 1024
export const APPEND_INTERVAL_MS = 150
/** With a backlog appends grow; where they time out they shrink, to what 1 KB/s carries within the time-outs. */
const APPEND_MAX_BYTES = 1024 * 1024
const APPEND_START_BYTES = 256 * 1024
const APPEND_MIN_BYTES = 2 * 1024
/** What is copied out of a ring that evicts, per append. */
const COPY_BYTES = 128 * 1024
/** A misconfiguration does not mend itself within seconds. */
const CONFIG_WAIT_MS = 60_000
/** Without a plan the cloud is asked again this often, should its message about a new one get lost. */
const PLAN_WAIT_MS = 60_000

export type UplinkOptions = SliceWorkOptions & {
  credentials: CredentialStore
  ca?: string | undefined
  /** in place of the network, for tests */
  client?: SliceClient
  clock: Clock
  random: Random
  log: Logger
  times(): HttpTimeouts
  appendBytes?: number
  appendIntervalMs?: number
  onConnectFail(reason: string): void
  onConnectRecover(): void
  /** the store of the cloud is in trouble, once per outage */
  onServiceWrong(reason: string): void
  /** asks the cloud whether there is a plan after all */
  askPlan(): Promise<boolean>
}

/**
 * Sends one channel's slices while they are recorded: every 150 ms or 64 KiB an append with checksum and index, straight from the ring, whose bytes
 * are released when the cloud has acknowledged them. One request at a time; what failed goes on where the cloud stands.
 */
export class Uplink implements UplinkActions {
  readonly #options: UplinkOptions
  readonly #machine: Machine<UplinkState, UplinkEvent, UplinkActions>
  readonly #work: SliceWork
  readonly #client: SliceClient
  readonly #appendBytes: number
  /** With a ring that evicts, a dead line must not keep new frames out for as long as a request hangs. */
  readonly #copy: Uint8Array | undefined
  #answer: TusAnswer = { outcome: 'ok', status: 0, message: '' }
  /** the append under way: where it ends, and whether the slice ends with it */
  #sentTo = 0
  #sentLast = false
  #due = false
  #tick: Timer | undefined
  #wait: Timer | undefined
  #kicked = false
  #attempt = 0
  #appendMax = APPEND_START_BYTES
  #tokenRefused = false
  #failing = false
  #serviceWrong = false
  #configReported = ''
  #discarding = false
  appends = 0
  retries = 0

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#appendBytes = options.appendBytes ?? APPEND_BYTES
    this.#copy = options.leavesRest ? new Uint8Array(COPY_BYTES) : undefined
    this.#work = new SliceWork(options)
    this.#client = options.client ?? new TusClient(options.clock, options.ca)
    this.#machine = new Machine(UPLINK_ROWS, 'idle', this)
  }

  get state(): UplinkState {
    return this.#machine.state
  }

  /** Nothing of what was pushed waits any more. */
  get drained(): boolean {
    if (this.#machine.state === 'idle') this.#work.look()
    return this.#work.idle
  }

  start(): void {
    const intervalMs = this.#options.appendIntervalMs ?? APPEND_INTERVAL_MS
    this.#tick = this.#options.clock.after(intervalMs, () => {
      this.start()
      this.flush()
    })
  }

  /** Sends what there is without waiting for the next turn. */
  flush(): void {
    this.#due = true
    this.#machine.send('work')
  }

  /** Called by every push; cheap unless enough bytes have gathered. */
  pushed(): void {
    const { store } = this.#options
    if (this.#kicked || store.head - store.tail < this.#appendBytes) return
    if (this.#machine.state !== 'idle') return
    this.#kicked = true
    queueMicrotask(this.#kick)
  }

  readonly #kick = (): void => {
    this.#kicked = false
    this.#machine.send('work')
  }

  /** The device is online again: no reason to wait longer. */
  online(): void {
    if (this.#machine.state !== 'wait') return
    this.#wait?.cancel()
    this.#attempt = 0
    this.#machine.send('timer')
  }

  /** The plan permits uploads again. */
  planned(): void {
    this.#machine.send('planned')
  }

  /** Throws away what waits, once the request under way has ended; the recording must have ended. Its token is void. */
  discard(): void {
    this.#discarding = true
    this.#options.credentials.drop()
    this.#machine.send('discard')
  }

  /** Stops for good. What was not acknowledged stays unacknowledged. */
  close(): void {
    this.#tick?.cancel()
    this.#machine.send('close')
    this.#client.close()
    for (this.#work.look(); !this.#work.idle; this.#work.look()) this.#work.end(false)
  }

  // ── guards ──────────────────────────────────────────────────────────────────────────────────────

  isDiscarding(): boolean {
    return this.#discarding
  }

  lacksToken(): boolean {
    this.#work.look()
    return this.#isUrgent() && this.#options.credentials.current === undefined
  }

  lacksSlice(): boolean {
    return this.#isUrgent() && this.#work.upload?.location === undefined
  }

  lacksOffset(): boolean {
    return this.#isUrgent() && this.#work.upload?.uncertain === true
  }

  hasBytes(): boolean {
    return this.#isUrgent()
  }

  tokenIsFresh(): boolean {
    return !this.#tokenRefused
  }

  isFirstTry(): boolean {
    return this.#attempt === 0
  }

  canShrink(): boolean {
    return this.#appendMax > APPEND_MIN_BYTES
  }

  endsWhereSent(): boolean {
    return this.#answer.offset === this.#sentTo
  }

  // ── actions ─────────────────────────────────────────────────────────────────────────────────────

  discardAll(): void {
    this.#wait?.cancel()
    this.#discarding = false
    for (this.#work.look(); !this.#work.idle; this.#work.look()) this.#work.end(false)
  }

  fetchToken(): void {
    void this.#options.credentials.get().then((got) => {
      if ('token' in got) return this.#machine.send('granted')
      this.#answer = { outcome: 'retry', status: 0, message: got.message }
      if (got.denied === 'plan') return this.#machine.send('denied-plan')
      if (got.denied === 'offline') this.#transport(false)
      else this.#options.log.warn(`no upload token: ${got.message}`)
      this.#machine.send('denied')
    })
  }

  create(): void {
    const { credentials, times } = this.#options
    const { token, url } = credentials.current!
    this.#take(this.#client.create(new URL(url), token, this.#work.upload!.start(), times()))
  }

  ask(): void {
    const { credentials, times } = this.#options
    const token = credentials.current?.token ?? ''
    this.#take(this.#client.ask(this.#work.upload!.location!, token, times()))
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

  askAtOnce(): void {
    this.#attempt++
    this.ask()
  }

  append(): void {
    const { credentials, times, store } = this.#options
    const upload = this.#work.upload!
    const append = this.#own(
      upload.next(Math.min(this.#appendMax, this.#copy?.length ?? this.#appendMax)),
    )
    const { token } = credentials.current!
    this.#sentTo = append.offset
    for (const view of append.views) this.#sentTo += view.length
    this.#sentLast = append.total !== undefined
    this.#due = false
    this.appends++
    // bytes of a request under way stay where they are until the socket has let go of them
    if (!this.#copy) store.hold(upload.positionOf(append.offset), upload.positionOf(this.#sentTo))
    const answer = this.#client.append(upload.location!, token, append, times())
    this.#take(answer.finally(() => store.unhold()))
  }

  created(): void {
    const upload = this.#work.upload!
    upload.location = this.#answer.location
    // 200: it exists already, from a POST whose answer got lost
    if (this.#answer.status === 200) this.#resume()
    this.again()
  }

  appended(): void {
    this.#progress()
    this.#appendMax = Math.min(this.#appendMax * 2, APPEND_MAX_BYTES)
    this.#work.acknowledge(this.#sentTo, this.#sentLast)
    this.again()
  }

  asked(): void {
    this.#resume()
    this.again()
  }

  again(): void {
    this.#machine.send('work')
  }

  renewToken(): void {
    this.#tokenRefused = true
    this.#options.credentials.drop()
    if (this.#work.upload?.location) this.#work.upload.uncertain = true
    this.again()
  }

  backOff(): void {
    this.retries++
    if (this.#answer.status === 503) this.#tellWrong()
    const { clock, random, log } = this.#options
    const waitMs = this.#answer.waitMs ?? backoffMs(this.#attempt++, random)
    log.debug(`uplink waits ${Math.round(waitMs)} ms: ${this.#answer.message}`)
    this.#pause(clock, waitMs)
  }

  backOffSmaller(): void {
    this.#appendMax = Math.max(this.#appendMax >> 1, APPEND_MIN_BYTES)
    this.backOff()
  }

  backOffWrong(): void {
    this.#tellWrong()
    // a refused token is asked for anew after the wait
    this.#options.credentials.drop()
    this.backOff()
  }

  backOffConfig(): void {
    if (this.#configReported !== this.#answer.message) {
      this.#configReported = this.#answer.message
      this.#options.log.error(`the cloud does not speak this protocol: ${this.#answer.message}`)
    }
    this.#pause(this.#options.clock, CONFIG_WAIT_MS)
  }

  shrink(): void {
    this.#appendMax = Math.max(this.#appendMax >> 1, APPEND_MIN_BYTES)
    this.again()
  }

  awaitPlan(): void {
    const { clock, credentials, random, askPlan } = this.#options
    credentials.drop()
    this.#pause(clock, PLAN_WAIT_MS)
    void askPlan().then((isValid) => {
      if (isValid && this.#machine.state === 'plan')
        this.#pause(clock, backoffMs(this.#attempt++, random))
    })
  }

  recreate(): void {
    this.#attempt++
    this.#forget()
    this.again()
  }

  recreateLater(): void {
    this.#forget()
    this.backOff()
  }

  /** The cloud does not know the slice: it begins anew, or at the next IDR when what the cloud had is no longer here. */
  #forget(): void {
    const upload = this.#work.upload!
    upload.location = undefined
    upload.uncertain = false
    if (!upload.canResumeAt(0)) this.#work.restart()
    else upload.advance(0)
  }

  giveUp(): void {
    this.#options.log.error(`slice ${this.#work.upload!.id} was refused: ${this.#answer.message}`)
    this.dropSlice()
  }

  dropSlice(): void {
    // after a 410 the token is void as well
    this.#options.credentials.drop()
    this.#work.discard()
    this.again()
  }

  stopTimer(): void {
    this.#wait?.cancel()
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #take(request: Promise<TusAnswer>): void {
    void request.then((answer) => {
      this.#answer = answer
      if (this.#machine.state === 'closed') return
      this.#transport(!(answer.outcome === 'retry' && answer.status < 400))
      this.#machine.send(answer.outcome)
    })
  }

  /** Tells of a store in trouble, once per outage. */
  #tellWrong(): void {
    if (this.#serviceWrong) return
    this.#serviceWrong = true
    this.#options.log.warn(`the cloud cannot take uploads: ${this.#answer.message}`)
    this.#options.onServiceWrong(this.#answer.message)
  }

  /** Tells of outages of the line, once each. */
  #transport(up: boolean): void {
    if (up === !this.#failing) return
    this.#failing = !up
    if (up) this.#options.onConnectRecover()
    else this.#options.onConnectFail(this.#answer.message)
  }

  #pause(clock: Clock, waitMs: number): void {
    if (this.#work.upload?.location) this.#work.upload.uncertain = true
    this.#wait?.cancel()
    this.#wait = clock.after(waitMs, () => this.#machine.send('timer'))
  }

  /** Bytes were acknowledged: whatever failed before is over. An answer to HEAD or POST alone is no progress. */
  #progress(): void {
    this.#attempt = 0
    this.#tokenRefused = false
    this.#serviceWrong = false
    this.#configReported = ''
  }

  /** Goes on at the cloud's offset, or anew at the next IDR when the bytes from there on are gone. */
  #resume(): void {
    const upload = this.#work.upload!
    const { offset, length } = this.#answer
    upload.uncertain = false
    if (offset === undefined || !upload.canResumeAt(offset)) {
      this.#options.log.warn(`slice ${upload.id}: cannot go on at ${offset ?? 'an unknown offset'}`)
      this.#work.restart()
      return
    }
    const closed = length !== undefined && offset === length
    const whole = upload.ended && upload.bytesAfter(offset) === 0
    this.#work.acknowledge(offset, closed && whole)
    // the cloud closed it during a long silence
    if (closed && !whole) this.#work.restart()
  }

  /** Whether something is to be sent now rather than at the next turn. */
  #isUrgent(): boolean {
    const { upload } = this.#work
    if (!upload?.hasNews) return false
    return this.#due || upload.ended || upload.bytesAfter(upload.acknowledged) >= this.#appendBytes
  }
}
