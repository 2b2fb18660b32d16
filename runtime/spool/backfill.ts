import type { DumpedSlice } from '../channel/dump.ts'
import type { Clock, Random } from '../clock.ts'
import type { Piece } from '../mqtt/messages.ts'
import { iv_err_code_e } from '../status.ts'
import { iv_cs_up_bk_state_e } from '../types.ts'
import type { CredentialStore } from '../upload/credentials.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import { backoffMs } from '../upload/retry.ts'
import type { Scheduler } from '../upload/scheduler.ts'
import { type Append, type SliceClient, type TusAnswer, TusClient } from '../upload/tus.ts'

/** One append; larger buffers of the app are cut. */
const APPEND_MAX_BYTES = 256 * 1024
const PIECES_MAX = 48
/** What fails for longer is the app's to try again. */
const TRIES = 5

const {
  IV_ERR_NONE: OK,
  IV_ERR_CS_INIT_PRM_NULL: NULL,
  IV_ERR_CS_INIT_PRM_RANGE: RANGE,
  IV_ERR_CS_UPLOAD_AUTH_NOT_AVAILABLE: NO_AUTH,
  IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL: NO_FILE,
  IV_ERR_CS_PRM_NOT_AVAILABLE: NOT_AVAILABLE,
  IV_ERR_CS_APPLY_NO_SERVICE: NO_SERVICE,
  IV_ERR_CS_HTTP_DATA_FAIL: HTTP_FAIL,
} = iv_err_code_e

export type BackfillVerdict = { code: iv_err_code_e; message: string }

export type BackfillOptions = {
  clock: Clock
  random: Random
  ca?: string | undefined
  /** in place of the network, for tests */
  client?: SliceClient | undefined
  credentials: CredentialStore
  scheduler: Scheduler
  times(): HttpTimeouts
  /** what is known of a dumped file */
  find(name: string): DumpedSlice | undefined
  /** the uplink still has the slice, or has all of it at the cloud */
  state(name: string): 'open' | 'whole' | 'broken'
  /** all of it is at the cloud */
  onWhole?(name: string): void
}

type Job = {
  slice: DumpedSlice
  location: URL | undefined
  /** how much the cloud has, and how much the app has given */
  cloud: number
  given: number
  /** the cloud has all of it */
  whole: boolean
}

const done: BackfillVerdict = { code: OK, message: '' }
const refused = (code: iv_err_code_e, message: string): BackfillVerdict => ({ code, message })

/**
 * Sends dumped files of one channel, in the order START, RUNNING …, END, one at a time. What the cloud has of the slice is skipped, so a file that was
 * half sent, by the uplink or by an earlier try, goes on where it stopped.
 */
export class Backfill {
  readonly #options: BackfillOptions
  readonly #client: SliceClient
  #job: Job | undefined
  #busy = false
  readonly #closing = new AbortController()

  constructor(options: BackfillOptions) {
    this.#options = options
    this.#client = options.client ?? new TusClient(options.clock, options.ca)
  }

  close(): void {
    this.#job = undefined
    this.#closing.abort()
    this.#client.close()
  }

  /** One step. After an error the file is to be sent again from START. */
  async step(
    state: iv_cs_up_bk_state_e,
    name: string | null | undefined,
    bytes: Uint8Array | null | undefined,
  ): Promise<BackfillVerdict> {
    if (this.#busy) return refused(NOT_AVAILABLE, 'a call of uploadCsBackupVideo is under way')
    if (typeof name !== 'string') return refused(NULL, 'no file name given')
    this.#busy = true
    const verdict = await this.#run(state, name, bytes).finally(() => {
      this.#busy = false
    })
    if (verdict.code !== OK) this.#job = undefined
    return verdict
  }

  #run(
    state: iv_cs_up_bk_state_e,
    name: string,
    bytes: Uint8Array | null | undefined,
  ): Promise<BackfillVerdict> {
    if (state === iv_cs_up_bk_state_e.CS_UP_BK_START) return this.#start(name)
    const job = this.#job
    if (job?.slice.start.id !== name)
      return Promise.resolve(refused(RANGE, `${name} was not begun with CS_UP_BK_START`))
    if (state === iv_cs_up_bk_state_e.CS_UP_BK_RUNNING) return this.#running(job, bytes)
    if (state === iv_cs_up_bk_state_e.CS_UP_BK_END) return this.#end(job)
    return Promise.resolve(
      refused(RANGE, `state must be START (0), RUNNING (1) or END (2), not ${state}`),
    )
  }

  async #start(name: string): Promise<BackfillVerdict> {
    if (this.#job)
      return refused(RANGE, `${this.#job.slice.start.id} was not ended; it is given up`)
    const slice = this.#options.find(name)
    if (!slice)
      return refused(NO_FILE, `${name} is not a file that was dumped within the last 30 minutes`)
    const state = this.#options.state(name)
    if (state === 'open') return refused(NOT_AVAILABLE, `${name} is still being uploaded`)
    const job: Job = { slice, location: undefined, cloud: 0, given: 0, whole: state === 'whole' }
    if (!job.whole) {
      const created = await this.#ask((token, url) =>
        this.#client.create(new URL(url), token, slice.start, this.#options.times()),
      )
      if ('code' in created) return created
      job.location = created.location
      const position =
        created.status === 200 ? await this.#position(job) : { ...created, offset: 0 }
      if ('code' in position) return position
      job.cloud = position.offset!
      job.whole = position.length === slice.bytes && job.cloud === slice.bytes
    }
    this.#job = job
    return done
  }

  async #running(job: Job, bytes: Uint8Array | null | undefined): Promise<BackfillVerdict> {
    if (!(bytes instanceof Uint8Array)) return refused(NULL, 'no data given')
    const { slice } = job
    if (job.given + bytes.length > slice.bytes)
      return refused(
        RANGE,
        `the file has ${slice.bytes} bytes; ${job.given + bytes.length} were given`,
      )
    const from = job.given
    job.given += bytes.length
    while (!job.whole && job.cloud < job.given) {
      if (job.cloud < from) return refused(HTTP_FAIL, 'the cloud lost what it had; begin again')
      const view = bytes.subarray(job.cloud - from, job.cloud - from + APPEND_MAX_BYTES)
      const verdict = await this.#append(job, view, false)
      if (verdict.code !== OK) return verdict
    }
    return done
  }

  async #end(job: Job): Promise<BackfillVerdict> {
    const { slice } = job
    if (job.given !== slice.bytes)
      return refused(RANGE, `the file has ${slice.bytes} bytes; ${job.given} were given`)
    if (!job.whole) {
      const verdict = await this.#append(job, new Uint8Array(0), true)
      if (verdict.code !== OK) return verdict
    }
    this.#job = undefined
    this.#options.onWhole?.(slice.start.id)
    return done
  }

  /** Sends some of it, as much as the line's other users leave room for. */
  async #append(job: Job, view: Uint8Array, last: boolean): Promise<BackfillVerdict> {
    const { scheduler } = this.#options
    const request = { lane: 'backfill', bytes: view.length, signal: this.#closing.signal } as const
    if (!scheduler.permits(request))
      return refused(HTTP_FAIL, "the line's bytes of the day are used up")
    const leave = await scheduler.ask(request)
    if (!leave) return refused(NOT_AVAILABLE, 'cloud storage was left')
    const before = job.cloud
    const verdict = await this.#appendNow(job, view.subarray(0, leave.bytes), last)
    leave.done(job.cloud - before, verdict.code === OK)
    return verdict
  }

  async #appendNow(job: Job, view: Uint8Array, last: boolean): Promise<BackfillVerdict> {
    const { slice } = job
    const pieces = slice.pieces.filter((piece) =>
      overlaps(piece, job.cloud, job.cloud + view.length),
    )
    const named = pieces.slice(0, PIECES_MAX)
    // no further than what the index names
    const end = named.length < pieces.length ? pieces[PIECES_MAX]!.o : job.cloud + view.length
    const append: Append = {
      offset: job.cloud,
      views: [view.subarray(0, end - job.cloud)],
      index: last ? { pieces: [], end: slice.end } : { pieces: named },
      ...(last ? { total: slice.bytes } : {}),
    }
    const answer = await this.#ask(async (token) => {
      const sent = await this.#client.append(job.location!, token, append, this.#options.times())
      if (sent.outcome !== 'retry' && sent.outcome !== 'offset') return sent
      // it may have arrived although its answer did not
      const position = await this.#client.ask(job.location!, token, this.#options.times())
      if (position.outcome !== 'ok' || position.offset !== end)
        return sent.outcome === 'offset' ? position : sent
      return last && position.length !== slice.bytes ? sent : position
    })
    if ('code' in answer) return answer
    if (answer.offset === undefined || answer.offset < job.cloud)
      return refused(HTTP_FAIL, 'the cloud lost what it had; begin again')
    job.cloud = answer.offset
    return done
  }

  #position(job: Job): Promise<TusAnswer | BackfillVerdict> {
    return this.#ask((token) => this.#client.ask(job.location!, token, this.#options.times()))
  }

  /** A request with what mends it: another token, another try. */
  async #ask(
    request: (token: string, url: string) => Promise<TusAnswer>,
  ): Promise<TusAnswer | BackfillVerdict> {
    const { clock, credentials, random } = this.#options
    let message = ''
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const granted = await credentials.get()
      if ('denied' in granted)
        return refused(granted.denied === 'plan' ? NO_SERVICE : NO_AUTH, granted.message)
      const answer = await request(granted.token, granted.url)
      if (answer.outcome === 'ok') return answer
      message = answer.message
      if (answer.outcome === 'plan') return refused(NO_SERVICE, message)
      if (answer.outcome === 'reject' || answer.outcome === 'gone' || answer.outcome === 'config')
        return refused(HTTP_FAIL, message)
      if (answer.outcome === 'token' || answer.outcome === 'forbidden') credentials.drop()
      const waitMs = answer.waitMs ?? backoffMs(attempt, random)
      await new Promise<void>((resolve) => clock.after(waitMs, resolve))
    }
    return refused(HTTP_FAIL, message)
  }
}

const overlaps = (piece: Piece, from: number, to: number): boolean =>
  piece.o < to && piece.o + piece.b > from
