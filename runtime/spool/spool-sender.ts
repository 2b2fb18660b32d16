import type { Clock, Random, Timer } from '../clock.ts'
import { errorText, type Logger } from '../log.ts'
import type { CredentialStore } from '../upload/credentials.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import { backoffMs } from '../upload/retry.ts'
import type { Scheduler } from '../upload/scheduler.ts'
import type { SliceClient, TusAnswer } from '../upload/tus.ts'
import type { Spool, SpoolSlice } from './spool.ts'
import { StoredUpload } from './stored-upload.ts'

/** Backfill never gives up, and never hurries: what it sends has waited already. */
const BACKOFF_CAP_MS = 30_000
const PLAN_WAIT_MS = 60_000
const APPEND_MAX_BYTES = 256 * 1024
const APPEND_MIN_BYTES = 2 * 1024

export type SpoolSenderOptions = {
  channel: number
  spool: Spool
  clock: Clock
  random: Random
  log: Logger
  client: SliceClient
  credentials: CredentialStore
  scheduler: Scheduler
  times(): HttpTimeouts
  /** the cloud has all of it that there is; `lostBytes` were kept but could not be sent */
  onSent(slice: SpoolSlice, lostBytes: number): void
  /** it can never be sent */
  onRefused(slice: SpoolSlice, reason: string): void
}

/** How a slice's turn ended. `later`: it stays where it is. */
type Verdict = 'sent' | 'refused' | 'later'

/** What the cloud is known to have of a slice, and what to ask it next. */
type Progress = {
  upload: StoredUpload
  location: URL | undefined
  offset: number | undefined
  isLast: boolean
  attempt: number
  maxBytes: number
}

/**
 * Sends what is in the spool of one channel whenever the line has room for it: recordings of events first, then the oldest. What the cloud has is skipped. Live
 * video goes before it and it never stops; that is the scheduler's business.
 */
export class SpoolSender {
  readonly #options: SpoolSenderOptions
  readonly #abort = new AbortController()
  #isRunning = false
  #isAwake = false
  #wait: { timer: Timer; end(): void } | undefined

  constructor(options: SpoolSenderOptions) {
    this.#options = options
  }

  /** There may be something to send. */
  wake(): void {
    this.#isAwake = true
    if (!this.#isRunning) void this.#run()
  }

  /** The line is back: no reason to wait longer. */
  online(): void {
    this.#wait?.end()
    this.wake()
  }

  close(): void {
    this.#abort.abort()
    this.#wait?.end()
    this.#options.client.close()
  }

  get #isClosed(): boolean {
    return this.#abort.signal.aborted
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#isAwake && !this.#isClosed) {
      this.#isAwake = false
      for (let slice = this.#next(); slice && !this.#isClosed; slice = this.#next())
        await this.#turn(slice)
    }
    this.#isRunning = false
  }

  #next(): SpoolSlice | undefined {
    let next: SpoolSlice | undefined
    for (const slice of this.#options.spool.slices) {
      if (slice.channel !== this.#options.channel || !slice.isLeft || !slice.isEnded) continue
      const isBefore =
        next && (slice.isEvent === next.isEvent ? slice.startMs < next.startMs : slice.isEvent)
      if (!next || isBefore) next = slice
    }
    return next
  }

  async #turn(slice: SpoolSlice): Promise<void> {
    const { spool, log, onRefused, onSent } = this.#options
    let upload: StoredUpload | undefined
    slice.isSending = true
    try {
      upload = StoredUpload.open(slice.path)
      if (!upload) {
        onRefused(slice, 'its file can not be read')
        spool.remove(slice)
        return
      }
      const progress = { upload, location: undefined, offset: undefined, isLast: false, attempt: 0 }
      const verdict = await this.#send(slice, { ...progress, maxBytes: APPEND_MAX_BYTES })
      if (verdict === 'later') return
      if (verdict === 'sent') onSent(slice, upload.lostBytes)
      spool.remove(slice)
    } catch (error) {
      log.error(`spool: ${slice.id} can not be sent: ${errorText(error)}`)
      await this.#pause(BACKOFF_CAP_MS)
    } finally {
      slice.isSending = false
      upload?.close()
    }
  }

  async #send(slice: SpoolSlice, progress: Progress): Promise<Verdict> {
    const { spool } = this.#options
    // what was destroyed meanwhile is not sent on
    while (!this.#isClosed && spool.get(slice.channel, slice.id) === slice) {
      const answer = await this.#step(slice, progress)
      if (!answer) return 'later'
      const verdict = await this.#took(slice, progress, answer)
      if (verdict) return verdict
    }
    return 'later'
  }

  /** The request that is due; undefined when there is to be none any more. */
  async #step(slice: SpoolSlice, progress: Progress): Promise<TusAnswer | undefined> {
    const { client, credentials, scheduler, times } = this.#options
    const granted = await credentials.get()
    if ('denied' in granted)
      return {
        outcome: granted.denied === 'plan' ? 'plan' : 'retry',
        status: 0,
        message: granted.message,
      }
    const { upload, location, offset, maxBytes } = progress
    const left = Math.max(1, upload.to - (offset ?? 0))
    const leave = await scheduler.ask({
      lane: 'backfill',
      bytes: offset === undefined ? 1 : Math.min(left, maxBytes),
      isEvent: slice.isEvent,
      signal: this.#abort.signal,
    })
    if (!leave || this.#isClosed) {
      leave?.done(0, true)
      return undefined
    }
    let bytes = 0
    let answer: TusAnswer | undefined
    try {
      if (!location)
        answer = await client.create(new URL(granted.url), granted.token, upload.start, times())
      else if (offset === undefined) answer = await client.ask(location, granted.token, times())
      else {
        const append = upload.append(offset, Math.max(1, leave.bytes))
        bytes = append.views.reduce((sum, view) => sum + view.length, 0)
        progress.isLast = append.total !== undefined
        answer = await client.append(location, granted.token, append, times())
      }
      return answer
    } finally {
      leave.done(bytes, answer?.outcome === 'ok')
    }
  }

  /** What an answer leads to; undefined: go on. */
  async #took(
    slice: SpoolSlice,
    progress: Progress,
    answer: TusAnswer,
  ): Promise<Verdict | undefined> {
    const { credentials, log, onRefused } = this.#options
    const wasAppend = progress.offset !== undefined
    switch (answer.outcome) {
      case 'ok':
        return this.#done(slice, progress, answer, wasAppend)
      case 'gone':
      case 'reject':
        onRefused(slice, answer.message)
        return 'refused'
      case 'unknown':
        if (!progress.location) credentials.drop()
        progress.location = undefined
        break
      case 'smaller':
        progress.maxBytes = Math.max(progress.maxBytes >> 1, APPEND_MIN_BYTES)
        break
      case 'token':
      case 'forbidden':
        credentials.drop()
        break
      case 'plan':
        credentials.drop()
        progress.offset = undefined
        await this.#pause(PLAN_WAIT_MS)
        return undefined
    }
    progress.offset = undefined
    log.debug(`spool: ${slice.id} waits: ${answer.message}`)
    const { random } = this.#options
    await this.#pause(answer.waitMs ?? backoffMs(progress.attempt++, random, 250, BACKOFF_CAP_MS))
    return undefined
  }

  #done(
    slice: SpoolSlice,
    progress: Progress,
    answer: TusAnswer,
    wasAppend: boolean,
  ): Verdict | undefined {
    const { onRefused } = this.#options
    const { upload } = progress
    if (!progress.location) {
      progress.location = answer.location
      // 200: it exists already, and how much of it is to be asked
      if (answer.status === 200) return undefined
      progress.offset = 0
    } else {
      progress.offset = answer.offset
      if (upload.start.id === slice.id) slice.acked = Math.max(slice.acked, answer.offset ?? 0)
      if (wasAppend) progress.attempt = 0
      if (wasAppend && progress.isLast) return 'sent'
      if (answer.length !== undefined && answer.length === answer.offset) {
        // closed by the cloud before it had everything
        upload.lostBytes += Math.max(0, upload.to - answer.length)
        return 'sent'
      }
    }
    const { offset } = progress
    if (offset === undefined || offset >= upload.from) return undefined
    // what comes before it was lost, there or here
    if (!upload.becomeRest()) {
      onRefused(slice, 'the cloud does not have its beginning, and no IDR follows')
      return 'refused'
    }
    progress.location = undefined
    progress.offset = undefined
    return undefined
  }

  #pause(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => {
      const end = (): void => {
        this.#wait?.timer.cancel()
        this.#wait = undefined
        resolve()
      }
      this.#wait = { timer: this.#options.clock.after(ms, end), end }
    })
  }
}
