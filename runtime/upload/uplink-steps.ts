import { RetryWait } from './retry-wait.ts'
import { SliceWork } from './slice-work.ts'
import type { UplinkActions, UplinkEvent, UplinkState } from './states.ts'
import { causeOf, isAnswered } from './tus.ts'
import { type UplinkOptions, UplinkRequests } from './uplink-requests.ts'

/** An append when so many bytes wait, or after this time. */
export const APPEND_BYTES = 64 * 1024
export const APPEND_INTERVAL_MS = 150
/** A misconfiguration does not mend itself within seconds. */
const CONFIG_WAIT_BASE_MS = 1000
const CONFIG_WAIT_CAP_MS = 60_000
/** Without a plan the cloud is asked again this often, should its message about a new one get lost. */
const PLAN_WAIT_MS = 60_000

/** What the table of the uplink's states calls: its guards, its requests, and what their answers lead to. */
export class UplinkSteps implements UplinkActions {
  readonly #options: UplinkOptions
  readonly #send: (event: UplinkEvent) => void
  readonly #state: () => UplinkState
  readonly #appendBytes: number
  readonly work: SliceWork
  readonly requests: UplinkRequests
  readonly #wait: RetryWait
  #tokenRefused = false
  #discarding = false
  #isBudgetTold = false
  /** what has gathered is to be sent, however little it is */
  due = false

  constructor(
    options: UplinkOptions,
    send: (event: UplinkEvent) => void,
    state: () => UplinkState,
  ) {
    this.#options = options
    this.#send = send
    this.#state = state
    this.#appendBytes = options.appendBytes ?? APPEND_BYTES
    this.work = new SliceWork(options)
    this.requests = new UplinkRequests(options, send)
    this.#wait = new RetryWait(options.clock, options.random, () => send('timer'))
  }

  /** Waits before another try. */
  get retries(): number {
    return this.#wait.retries
  }

  /** Looks whether bytes wait for too long. */
  look(): void {
    const { outage, answer } = this.requests
    const state = this.#state()
    // what waits by intention is no outage
    if (state === 'idle' || state === 'plan' || state === 'budget') outage.rest()
    else outage.look(isAnswered(answer), answer.message)
  }

  /** The device is online again: no reason to wait longer, unless the server has asked for it. */
  online(): void {
    if (this.#state() === 'wait' && this.#wait.cutShort()) this.#send('timer')
  }

  /** What waits is to be thrown away once the request under way has ended. Its token is void. */
  discard(): void {
    this.#discarding = true
    this.#options.credentials.drop()
  }

  close(): void {
    this.requests.close()
    this.#endAll()
  }

  // ── guards ──────────────────────────────────────────────────────────────────────────────────────

  isDiscarding(): boolean {
    return this.#discarding
  }

  lacksBudget(): boolean {
    this.work.look()
    return this.#isUrgent() && !this.hasBudget()
  }

  hasBudget(): boolean {
    return this.#discarding || this.#options.scheduler.allows(this.#options.source)
  }

  lacksToken(): boolean {
    if (!this.#isUrgent()) return false
    this.requests.credentials = this.#options.credentials.use()
    return this.requests.credentials === undefined
  }

  lacksSlice(): boolean {
    return this.#isUrgent() && this.work.upload?.location === undefined
  }

  lacksOffset(): boolean {
    return this.#isUrgent() && this.work.upload?.uncertain === true
  }

  hasBytes(): boolean {
    return this.#isUrgent()
  }

  tokenIsFresh(): boolean {
    return !this.#tokenRefused
  }

  isFirstTry(): boolean {
    return this.#wait.isFirstTry
  }

  canShrink(): boolean {
    return this.requests.appendSize.canShrink
  }

  endsWhereSent(): boolean {
    return this.requests.answer.offset === this.requests.sent.to
  }

  // ── requests ────────────────────────────────────────────────────────────────────────────────────

  fetchToken(): void {
    this.requests.fetchToken()
  }

  create(): void {
    this.requests.create(this.work.upload!)
  }

  ask(): void {
    this.requests.ask(this.work.upload!)
  }

  askAtOnce(): void {
    this.#wait.tried()
    this.ask()
  }

  append(): void {
    this.due = false
    this.requests.append(this.work.upload!)
  }

  // ── what an answer leads to ─────────────────────────────────────────────────────────────────────

  created(): void {
    const upload = this.work.upload!
    upload.location = this.requests.answer.location
    // 200: it exists already, from a POST whose answer got lost or because a 404 was wrong
    if (this.requests.answer.status === 200) this.#resume()
    else {
      upload.uncertain = false
      if (upload.acknowledged > 0) this.#beginAnew()
    }
    this.again()
  }

  appended(): void {
    this.#wait.succeeded()
    this.#tokenRefused = false
    this.requests.appended()
    this.work.acknowledge(this.requests.sent.to, this.requests.sent.isLast)
    this.again()
  }

  asked(): void {
    this.#resume()
    this.again()
  }

  again(): void {
    this.#isBudgetTold = false
    this.#send('work')
  }

  renewToken(): void {
    this.#tokenRefused = true
    this.#options.credentials.drop(this.requests.credentials)
    this.#doubt()
    this.again()
  }

  backOff(): void {
    const { status, message, waitMs: askedMs } = this.requests.answer
    if (status === 503) this.requests.outage.wrong(message)
    this.#doubt()
    const waitMs = this.#wait.backOff(askedMs)
    this.#options.log.debug(`uplink waits ${Math.round(waitMs)} ms: ${message}`)
  }

  /** A line that is too slow ends in a time-out, here or in a box on the way that resets it; one that is away says nothing about its speed. */
  backOffSmaller(): void {
    const cause = causeOf(this.requests.answer)
    if (cause === 'timeout') this.requests.appendSize.lost()
    else if (cause === 'reset') this.requests.appendSize.refused()
    this.backOff()
  }

  backOffWrong(): void {
    this.requests.outage.wrong(this.requests.answer.message)
    // a refused token is asked for anew after the wait
    this.#options.credentials.drop(this.requests.credentials)
    this.backOff()
  }

  backOffConfig(): void {
    this.requests.outage.misconfigured(this.requests.answer.message)
    this.#doubt()
    this.#wait.backOffLong(CONFIG_WAIT_BASE_MS, CONFIG_WAIT_CAP_MS)
  }

  shrink(): void {
    this.requests.appendSize.refused()
    this.again()
  }

  awaitBudget(): void {
    if (this.#isBudgetTold) return
    this.#isBudgetTold = true
    this.#options.log.warn(
      "the line's bytes of the day are used up: video that no event needs waits for the next day",
    )
  }

  awaitPlan(): void {
    const { credentials, askPlan } = this.#options
    credentials.drop()
    this.#doubt()
    this.#wait.pause(PLAN_WAIT_MS)
    void askPlan().then((isValid) => {
      if (isValid && this.#state() === 'plan') this.#wait.backOff()
    })
  }

  recreate(): void {
    this.#wait.tried()
    this.#forget()
    this.again()
  }

  recreateLater(): void {
    this.#forget()
    this.backOff()
  }

  giveUp(): void {
    this.#options.log.error(
      `slice ${this.work.upload!.id} was refused: ${this.requests.answer.message}`,
    )
    this.dropSlice()
  }

  dropSlice(): void {
    // after a 410 the token is void as well
    this.#options.credentials.drop()
    this.work.discard()
    this.again()
  }

  discardAll(): void {
    this.#wait.cancel()
    this.#discarding = false
    this.#endAll()
  }

  stop(): void {
    this.requests.stop()
    this.#wait.cancel()
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #endAll(): void {
    for (this.work.look(); !this.work.idle; this.work.look()) this.work.end(false)
  }

  /** After a wait the cloud is asked where it stands. */
  #doubt(): void {
    const { upload } = this.work
    if (upload?.location) upload.uncertain = true
  }

  /** The cloud says that it does not know the slice: whether that is so the answer to its creation tells. */
  #forget(): void {
    const upload = this.work.upload!
    upload.location = undefined
    upload.uncertain = true
  }

  /** The cloud has nothing of a slice that it once took: all of it again, or from the next IDR on when its beginning is no longer here. */
  #beginAnew(): void {
    const upload = this.work.upload!
    if (upload.canResumeAt(0)) upload.advance(0)
    else this.work.restart()
  }

  /** Goes on at the cloud's offset, or anew at the next IDR when the bytes from there on are gone. */
  #resume(): void {
    const upload = this.work.upload!
    const { offset, length } = this.requests.answer
    upload.uncertain = false
    if (offset === undefined || !upload.canResumeAt(offset)) {
      this.#options.log.warn(`slice ${upload.id}: cannot go on at ${offset ?? 'an unknown offset'}`)
      this.work.restart()
      return
    }
    const closed = length !== undefined && offset === length
    const whole = upload.ended && upload.bytesAfter(offset) === 0
    this.work.acknowledge(offset, closed && whole)
    // the cloud closed it during a long silence
    if (closed && !whole) this.work.restart()
  }

  /** Whether something is to be sent now rather than at the next turn. */
  #isUrgent(): boolean {
    const { upload } = this.work
    if (!upload?.hasNews) return false
    return this.due || upload.ended || upload.bytesAfter(upload.acknowledged) >= this.#appendBytes
  }
}
