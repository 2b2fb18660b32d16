import { permitsEvents, permitsFullTime } from '../plan/rules.ts'
import { iv_err_code_e } from '../status.ts'
import { type iv_cs_balance_info_s, iv_cs_type_e } from '../types.ts'
import type { EventParts } from './dependencies.ts'
import { CATCH_UP_MIN_MS, CloudEvent } from './event.ts'
import { checkInfo, eventIdFault } from './info.ts'
import { LatePictures } from './late-pictures.ts'
import { LateResults } from './late-results.ts'
import { Outbox } from './outbox.ts'
import { clockMoment, type EventTimes, resolveTimes, stepSince } from './times.ts'

/** A code to return, and why in words. */
export type EventVerdict = { code: iv_err_code_e; message: string }

const DONE: EventVerdict = { code: iv_err_code_e.IV_ERR_NONE, message: '' }
const outOfRange = (message: string): EventVerdict => ({
  code: iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
  message,
})
const invalid = (message: string): EventVerdict => ({
  code: iv_err_code_e.IV_ERR_CS_EVENT_IS_VALID,
  message,
})

/** The events of one channel: any number at a time with different ids, all served by one recording. */
export class Events {
  readonly #parts: EventParts
  readonly #outbox: Outbox
  readonly #late: LatePictures
  readonly #lateResults: LateResults
  /** between start and stop, by id */
  readonly #running = new Map<number, CloudEvent>()
  /** those that have no result yet, in the order of their start */
  readonly #open = new Set<CloudEvent>()
  /** callbacks come after the call that caused them has returned, in its order */
  readonly #later: (() => void)[] = []
  #plan: iv_cs_balance_info_s | undefined
  #isDemanded = false
  /** on a trial: UTC of the video up to which the cloud has counted */
  #countedMs = Number.NEGATIVE_INFINITY
  #isUsedUp = false
  /** skipped frames that were told of */
  #toldSkipped = 0
  #isClosed = false

  constructor(parts: EventParts) {
    this.#parts = parts
    this.#outbox = new Outbox(parts)
    this.#late = new LatePictures({ ...parts, put: parts.putPicture })
    this.#lateResults = new LateResults((info) => parts.callbacks.lateResult(info))
  }

  /** Every event has its result. */
  get isSettled(): boolean {
    return this.#open.size === 0
  }

  // ── called by the app ───────────────────────────────────────────────────────────────────────────

  /** startCsEvent; with times startCsEventExt. */
  start(
    id: number,
    info: unknown,
    times?: readonly [eventS: number, streamS: number],
  ): EventVerdict {
    const checked = this.#check(id, info, times)
    if ('code' in checked) return checked
    if (!this.#permitted)
      return {
        code: iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE,
        message: this.#plan ? 'the plan does not permit events' : 'the plan is not known yet',
      }
    if (this.#running.has(id)) return invalid(`event ${id} runs already; stop it first`)
    const { recording, clock, takeKey, aiOf } = this.#parts
    const isFirst = this.#running.size === 0 && !this.#isDemanded
    // one that joins a recording has no video from before it
    const firstMs = recording.window.firstUtcMs
    const videoStartMs =
      isFirst || Number.isNaN(firstMs) || this.#isFullTime
        ? checked.streamMs
        : Math.max(checked.streamMs, firstMs)
    const { generation } = this.#late
    const event = new CloudEvent(
      {
        key: takeKey(),
        id,
        info: checked.info,
        startMs: checked.eventMs,
        videoStartMs,
        ai: aiOf(id),
        moment: clockMoment(clock),
      },
      this.#parts,
      this.#outbox,
      {
        onRecordingChanged: () => this.#demand(),
        onLatePicture: (start, bytes) => {
          if (generation === this.#late.generation) this.#late.keep(start, bytes)
        },
        onOver: (over) => this.#over(over),
      },
    )
    this.#running.set(id, event)
    this.#open.add(event)
    const isPreRecorded = clock.nowMs() - checked.streamMs >= CATCH_UP_MIN_MS
    this.#defer(() => {
      // a plan that ended meanwhile has ended it
      if (event.state !== 'running') return
      event.capture()
      this.#demand(isPreRecorded ? checked.streamMs : undefined)
      event.begin()
    })
    return DONE
  }

  /** stopCsEvent; with times stopCsEventExt. Either ends an event that either began. */
  stop(
    id: number,
    info: unknown,
    times?: readonly [eventS: number, streamS: number],
  ): EventVerdict {
    const { clock, log } = this.#parts
    const event = this.#running.get(id)
    // the times of an event are those of the clock that it began by
    const stepMs = event ? stepSince(clock, event.span.moment) : 0
    const checked = this.#check(id, info, times, stepMs)
    if ('code' in checked) return checked
    if (!event) return invalid(`event ${id} does not run; start it first`)
    this.#running.delete(id)
    const { span } = event
    if (checked.info !== span.info)
      log.warn(`event ${id}: info at the stop differs from the start's, which counts`)
    const nowMs = clock.nowMs() - stepMs
    // a known caller gives the times of the start again: an event without any length is never meant
    const endOf = (endMs: number, startMs: number): number =>
      endMs > startMs ? Math.min(endMs, nowMs) : nowMs
    const endMs = Math.max(endOf(checked.eventMs, span.startMs), span.startMs)
    const videoEndMs = Math.max(endOf(checked.streamMs, span.videoStartMs), span.videoStartMs)
    this.#defer(() => event.stop(endMs, videoEndMs, stepMs))
    return DONE
  }

  #check(
    id: number,
    info: unknown,
    times: readonly [number, number] | undefined,
    stepMs = 0,
  ): EventVerdict | (EventTimes & { info: string }) {
    const idFault = eventIdFault(id)
    if (idFault !== undefined) return outOfRange(idFault)
    const checked = checkInfo(info)
    if ('fault' in checked) return outOfRange(checked.fault)
    const nowMs = this.#parts.clock.nowMs() - stepMs
    const resolved = times
      ? resolveTimes(...times, nowMs, stepMs)
      : { eventMs: nowMs, streamMs: nowMs }
    if ('fault' in resolved) return outOfRange(resolved.fault)
    return { ...resolved, ...checked }
  }

  // ── told by the plan, the uplink and the clock ──────────────────────────────────────────────────

  plan(plan: iv_cs_balance_info_s): void {
    this.#plan = plan
    this.#isUsedUp = false
    const { lastUtcMs } = this.#parts.recording.window
    if (!Number.isNaN(lastUtcMs)) this.#countedMs = lastUtcMs
    if (permitsEvents(plan)) this.#demand()
    else this.#revoke('the plan ended')
  }

  /** The cloud has [from, to) of the stream. */
  acknowledged(from: number, to: number): void {
    for (const event of [...this.#open]) event.acknowledged(from, to)
  }

  /** Called about once a second: a trial ends when its seconds are used up, before the cloud says so. */
  tick(): void {
    this.#lateResults.tick()
    if (this.#isUsedUp || this.#running.size === 0) return
    if (this.#plan?.cs_type !== iv_cs_type_e.CS_TYPE_FREE_TRIAL) return
    const { firstUtcMs, lastUtcMs } = this.#parts.recording.window
    const usedMs = lastUtcMs - Math.max(firstUtcMs, this.#countedMs)
    if (!(usedMs >= this.#plan.free_trial_remaining_sec * 1000)) return
    this.#isUsedUp = true
    this.#revoke('the free trial is used up')
  }

  /** The module is being left: what runs ends now, results are still waited for. */
  finish(): void {
    this.#flushLater()
    this.#isClosed = true
    this.#running.clear()
    for (const event of [...this.#open]) event.revoke()
  }

  /** Nothing is waited for any more: every picture and every result that is due is given. */
  close(): void {
    this.#isClosed = true
    this.#endAll()
    const { waiting } = this.#outbox
    if (waiting > 0)
      this.#parts.log.warn(
        `${waiting} ends of events were not told to the cloud${this.#parts.mail ? ' and are kept for the next start' : ''}`,
      )
    this.#outbox.close()
    this.#late.close()
    this.#lateResults.clear()
  }

  /** What was recorded is destroyed: events end with a failure, and the cloud is not told of them any more. */
  discard(): void {
    this.#late.discard()
    this.#endAll()
    this.#outbox.discard()
    this.#lateResults.clear()
  }

  #endAll(): void {
    this.#flushLater()
    this.#running.clear()
    for (const event of [...this.#open]) event.close()
    this.#demand()
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  get #permitted(): boolean {
    return (
      this.#plan !== undefined && permitsEvents(this.#plan) && !this.#isUsedUp && !this.#isClosed
    )
  }

  get #isFullTime(): boolean {
    return this.#plan !== undefined && permitsFullTime(this.#plan)
  }

  #revoke(reason: string): void {
    if (this.#running.size > 0)
      this.#parts.log.warn(`events ${[...this.#running.keys()].join(', ')} end: ${reason}`)
    this.#running.clear()
    for (const event of [...this.#open]) event.revoke()
    this.#demand()
  }

  #over(event: CloudEvent): void {
    this.#open.delete(event)
    if (this.#running.get(event.span.id) === event) this.#running.delete(event.span.id)
    this.#lateResults.keep(event)
  }

  /** Frames are wanted while an event needs the recording; once all that do were stopped, up to the last of their stops. */
  #demand(startUtcMs?: number): void {
    const { recording } = this.#parts
    const needing = [...this.#open].filter((event) => event.needsRecording)
    const isNeeded = needing.length > 0
    if (isNeeded !== this.#isDemanded) {
      this.#isDemanded = isNeeded
      this.#tellSkipped()
      if (startUtcMs === undefined) recording.demand(isNeeded)
      else recording.demand(isNeeded, startUtcMs)
    }
    const ends = needing.map((event) => event.videoEndMs)
    recording.window.cutoff(
      isNeeded && !this.#isFullTime ? Math.max(...ends) : Number.POSITIVE_INFINITY,
    )
    recording.window.watch(Math.min(...ends), this.#onReached)
  }

  #tellSkipped(): void {
    const { skipped } = this.#parts.recording.window
    if (skipped > this.#toldSkipped)
      this.#parts.log.warn(
        `${skipped - this.#toldSkipped} kept frames were skipped: the recording before has their time, or no IDR came between it and them`,
      )
    this.#toldSkipped = skipped
  }

  readonly #onReached = (): void => {
    const { seenUtcMs } = this.#parts.recording.window
    for (const event of [...this.#open]) event.seen(seenUtcMs)
    this.#demand()
  }

  #defer(action: () => void): void {
    this.#later.push(action)
    queueMicrotask(() => this.#later.shift()?.())
  }

  #flushLater(): void {
    for (let action = this.#later.shift(); action; action = this.#later.shift()) action()
  }
}
