import type { Clock, Timer } from '../clock.ts'
import type { BudgetClass, DayBudget } from './day-budget.ts'
import { Throughput } from './throughput.ts'

/** In the order in which they go: slices while they are recorded, what the cloud is told of events, pictures, what was recorded before. */
export const LANES = ['live', 'report', 'picture', 'backfill'] as const
export type Lane = (typeof LANES)[number]

/** Leave to send once. */
export type Leave = {
  /** no more than this */
  readonly bytes: number
  /** To be called once, when it has ended: what left the device, and whether it was taken. */
  done(sentBytes: number, ok: boolean): void
}

export type LeaveRequest = {
  lane: Exclude<Lane, 'live'>
  /** how much there is to send */
  bytes: number
  /** goes before others of its lane, and on a metered line counts as an event */
  isEvent?: boolean
  signal?: AbortSignal | undefined
}

/** Live video of one channel. */
export type LiveSource = {
  /** age of the oldest frame that is not acknowledged */
  lagMs(): number
  /** an event needs what is sent now */
  isEvent(): boolean
}

export type LaneStats = { waiting: number; underWay: number; sentBytes: number; failed: number }

/** Pictures on their way at the same time. */
const PICTURES_MAX = 2
/** Live video that is older than this is behind: backfill stands back. */
export const BEHIND_MS = 2000
/** Of the time in which live video is behind, backfill has one part in so many: little, so that it harms little; not none, so that it ends. */
const BACKFILL_PARTS = 16
/** However slow the line is, backfill sends something this often. */
export const BACKFILL_PAUSE_MAX_MS = 30_000
/** A backfill request is what the line carries in this time, so that a live append that comes meanwhile waits no longer. */
const BACKFILL_SLICE_MS = 500
const BACKFILL_MIN_BYTES = 2 * 1024
const BACKFILL_MAX_BYTES = 256 * 1024
const BACKFILL_FIRST_BYTES = 32 * 1024
/** How often those that wait for a new day look at the calendar. */
const BUDGET_LOOK_MS = 60_000
/** Head of a request and its answer, about. */
const REQUEST_BYTES = 700

type Waiting = { request: LeaveRequest; grant(leave: Leave | undefined): void }

/**
 * The one queue of a device for its line. Live video goes at once; reports and pictures go before backfill; backfill has what live leaves, one request at a
 * time, and at least a sixteenth of the time. How much the line carries is measured. On a metered line the day's bytes are shared here too.
 */
export class Scheduler {
  readonly #clock: Clock
  readonly #throughput: Throughput
  readonly #live = new Set<LiveSource>()
  readonly #waiting: Waiting[] = []
  readonly #lanes: Record<Lane, Omit<LaneStats, 'waiting'>>
  /** the last backfill request: when it ended and how long it took */
  #backfillEndMs = Number.NEGATIVE_INFINITY
  #backfillTookMs = 0
  /** halved by each backfill request that fails */
  #backfillScale = 1
  #timer: Timer | undefined
  /** of a metered line */
  budget: DayBudget | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#throughput = new Throughput(clock)
    const lane = () => ({ underWay: 0, sentBytes: 0, failed: 0 })
    this.#lanes = { live: lane(), report: lane(), picture: lane(), backfill: lane() }
  }

  /** What uploads get of the line, bytes per second; 0 before the first measurement. */
  get bytesPerS(): number {
    return this.#throughput.bytesPerS
  }

  stats(lane: Lane): LaneStats {
    const waiting = this.#waiting.filter(({ request }) => request.lane === lane).length
    return { waiting, ...this.#lanes[lane] }
  }

  /** Makes a channel's live video known, until the returned function is called. */
  watch(source: LiveSource): () => void {
    this.#live.add(source)
    return () => {
      this.#live.delete(source)
      this.#pump()
    }
  }

  /** Whether live video may be sent now: on a metered line with nothing left it may not. */
  allows(source: LiveSource): boolean {
    return this.budget?.allows(source.isEvent() ? 'event' : 'rest') ?? true
  }

  /** Whether a request would wait for a new day. */
  permits(request: LeaveRequest): boolean {
    return this.budget?.allows(classOf(request)) ?? true
  }

  /** Live video never waits for its turn. */
  live(bytes: number): Leave {
    return this.#begin('live', bytes)
  }

  /** Waits for its turn; undefined when the signal ended that. */
  ask(request: LeaveRequest): Promise<Leave | undefined> {
    const { signal } = request
    if (signal?.aborted) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const onAbort = (): void => waiting.grant(undefined)
      const waiting: Waiting = {
        request,
        grant: (leave) => {
          signal?.removeEventListener('abort', onAbort)
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
          resolve(leave)
        },
      }
      signal?.addEventListener('abort', onAbort)
      const rank = rankOf(request)
      const at = this.#waiting.findIndex((other) => rankOf(other.request) > rank)
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiting)
      this.#pump()
    })
  }

  /** No timer is left behind; those that wait are told that there is no leave. */
  close(): void {
    for (const { grant } of [...this.#waiting]) grant(undefined)
    this.#timer?.cancel()
    this.#timer = undefined
    this.budget?.save()
  }

  /** Gives leave to all whose turn it is. */
  #pump(): void {
    for (const waiting of [...this.#waiting]) {
      const { request, grant } = waiting
      if (!this.#isTurnOf(request)) continue
      grant(this.#begin(request.lane, Math.min(request.bytes, this.#most(request.lane))))
    }
    this.#timer?.cancel()
    this.#timer = undefined
    const [first] = this.#waiting
    if (!first) return
    const gateMs = this.#backfillGateMs() - this.#clock.monoMs()
    const waitMs = gateMs > 0 ? Math.min(gateMs, BUDGET_LOOK_MS) : BUDGET_LOOK_MS
    this.#timer = this.#clock.after(waitMs, () => this.#pump())
  }

  #isTurnOf(request: LeaveRequest): boolean {
    if (!this.permits(request)) return false
    const { picture, backfill } = this.#lanes
    if (request.lane === 'report') return true
    if (request.lane === 'picture') return picture.underWay < PICTURES_MAX
    return backfill.underWay === 0 && this.#clock.monoMs() >= this.#backfillGateMs()
  }

  /** When backfill may go on: at once, unless live video is behind or pictures are on their way. */
  #backfillGateMs(): number {
    if (!this.#isBusy) return this.#backfillEndMs
    const pauseMs = this.#backfillTookMs * (BACKFILL_PARTS - 1)
    return this.#backfillEndMs + Math.min(pauseMs, BACKFILL_PAUSE_MAX_MS)
  }

  get #isBusy(): boolean {
    if (this.#lanes.picture.underWay > 0) return true
    for (const source of this.#live) if (source.lagMs() >= BEHIND_MS) return true
    return false
  }

  /** Backfill is cut into what does not keep the line for long. */
  #most(lane: Lane): number {
    if (lane !== 'backfill') return Number.POSITIVE_INFINITY
    const measured = (this.bytesPerS * BACKFILL_SLICE_MS) / 1000
    const most = (measured > 0 ? measured : BACKFILL_FIRST_BYTES) * this.#backfillScale
    return Math.floor(Math.min(Math.max(most, BACKFILL_MIN_BYTES), BACKFILL_MAX_BYTES))
  }

  #begin(lane: Lane, bytes: number): Leave {
    const figures = this.#lanes[lane]
    const startMs = this.#clock.monoMs()
    figures.underWay++
    // reports go over another connection, and what takes their time is the cloud
    const isMeasured = lane !== 'report'
    if (isMeasured) this.#throughput.began()
    let isOver = false
    const done = (sentBytes: number, ok: boolean): void => {
      if (isOver) return
      isOver = true
      figures.underWay--
      figures.sentBytes += sentBytes
      if (!ok) figures.failed++
      if (isMeasured) this.#throughput.ended(ok ? sentBytes : 0)
      this.budget?.spend(sentBytes + REQUEST_BYTES)
      if (lane === 'backfill') this.#backfilled(startMs, ok)
      if (this.#waiting.length > 0) this.#pump()
    }
    return { bytes, done }
  }

  #backfilled(startMs: number, ok: boolean): void {
    this.#backfillEndMs = this.#clock.monoMs()
    this.#backfillTookMs = this.#backfillEndMs - startMs
    this.#backfillScale = ok
      ? Math.min(1, this.#backfillScale * 2)
      : Math.max(this.#backfillScale / 2, 1 / 256)
  }
}

const classOf = ({ lane, isEvent }: LeaveRequest): BudgetClass => {
  if (lane === 'report') return 'report'
  return lane === 'picture' || isEvent ? 'event' : 'rest'
}

const rankOf = ({ lane, isEvent }: LeaveRequest): number =>
  LANES.indexOf(lane) * 2 - (isEvent ? 1 : 0)
