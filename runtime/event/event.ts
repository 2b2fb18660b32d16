import type { Timer } from '../clock.ts'
import { Machine } from '../machine.ts'
import type { EventStart } from '../mqtt/event-messages.ts'
import { ReplyCode } from '../mqtt/messages.ts'
import type { iv_cs_event_result_info } from '../types.ts'
import { backoffMs } from '../upload/retry.ts'
import type { EventParts } from './dependencies.ts'
import type { Outbox } from './outbox.ts'
import { Picture } from './picture.ts'
import { isComplete, VideoProgress } from './rules.ts'
import { EVENT_ROWS, type EventActions, type EventEvent, type EventState } from './states.ts'
import { type ClockMoment, stepSince } from './times.ts'

/** After a stop, pre-recorded video has so long to catch up. */
export const CATCH_UP_MAX_MS = 10_000
/** Video that is less behind than this is live. */
export const CATCH_UP_MIN_MS = 1000
/** Events should be shorter than this (specification, note 9). */
export const LONG_EVENT_MS = 3_600_000
const ANNOUNCE_TIMEOUT_MS = 60_000

export type EventSpan = {
  key: string
  id: number
  info: string
  startMs: number
  videoStartMs: number
  ai: number
  /** its times are those of the clock as it was then */
  moment: ClockMoment
}

/** What one event tells those around it. */
export type EventHooks = {
  /** it needs the recording no longer, or in another way */
  onRecordingChanged(): void
  /** its picture was not there in time */
  onLatePicture(start: EventStart, bytes: Uint8Array): void
  onOver(event: CloudEvent): void
}

/** One event from its start to its result. */
export class CloudEvent implements EventActions {
  readonly span: EventSpan
  readonly #parts: EventParts
  readonly #outbox: Outbox
  readonly #hooks: EventHooks
  readonly #machine: Machine<EventState, EventEvent, EventActions>
  readonly #picture: Picture
  #video = new VideoProgress(Number.POSITIVE_INFINITY, false)
  #endMs = 0
  /** by how much the clock was stepped between its start and its stop */
  #stepMs = 0
  /** up to where the event's video goes, once it was stopped, by the clock of now: so are the times of the frames that come */
  videoEndMs = Number.POSITIVE_INFINITY
  #isReported = false
  #isComplete = false
  #timer: Timer | undefined
  #longTimer: Timer | undefined
  #announceTimer: Timer | undefined
  #attempt = 0

  constructor(span: EventSpan, parts: EventParts, outbox: Outbox, hooks: EventHooks) {
    this.span = span
    this.#parts = parts
    this.#outbox = outbox
    this.#hooks = hooks
    this.#machine = new Machine(EVENT_ROWS, 'running', this)
    this.#picture = new Picture({
      clock: parts.clock,
      random: parts.random,
      log: parts.log,
      put: parts.putPicture,
      renewGrant: () => this.#announce(),
      keep: (bytes) => this.#hooks.onLatePicture(this.#startParams(), bytes),
      handBack: (bytes, code) => parts.callbacks.pictureResult(bytes, code),
      onSettled: () => this.#look(),
    })
  }

  get state(): EventState {
    return this.#machine.state
  }

  get needsRecording(): boolean {
    return this.state === 'running' || this.state === 'catching'
  }

  /** Whether it was told of as a success. */
  get isSuccess(): boolean {
    return this.#isComplete && this.#isReported
  }

  get result(): iv_cs_event_result_info {
    return {
      result_code: this.isSuccess ? 1 : 0,
      event_id: this.span.id,
      start_time_s: Math.floor(this.span.startMs / 1000),
      end_time_s: Math.floor(this.#endMs / 1000),
    }
  }

  /** Its video is all that it may lack: it had some, and was not cut off by the module's end. */
  get mayComplete(): boolean {
    const { rule } = this.#parts
    return (
      this.#video.isBounded &&
      this.#video.bytes > 0 &&
      isComplete(rule, true, this.#picture.state === 'done')
    )
  }

  /** The ring has let go of its video, none of it waits elsewhere or is lost, and the cloud knows of the event. */
  get isCompleteByNow(): boolean {
    const { recording } = this.#parts
    return (
      this.#isReported &&
      recording.hasReleased(this.#video.endPosition) &&
      !recording.isMissing(this.span.videoStartMs + this.#stepMs, this.videoEndMs)
    )
  }

  /** Asks the app for the picture: the first thing that it hears of an event. */
  capture(): void {
    this.#picture.take(this.#parts.callbacks.capture(this.span.id))
  }

  /** The recording is on: from here on bytes count, and the cloud is told. */
  begin(): void {
    const { recording, clock, log } = this.#parts
    const { position, released } = recording.from(this.span.videoStartMs)
    this.#video = new VideoProgress(position, released)
    this.#longTimer = clock.after(LONG_EVENT_MS, () =>
      log.warn(
        `event ${this.span.id} has lasted for an hour; shorter events are easier to find and to lose less of`,
      ),
    )
    this.#announce()
  }

  /** Times by the clock of its start, which was stepped by `stepMs` since. */
  stop(endMs: number, videoEndMs: number, stepMs: number): void {
    this.#endMs = endMs
    this.#stepMs = stepMs
    this.videoEndMs = videoEndMs + stepMs
    this.#machine.send('stop')
  }

  revoke(): void {
    this.#machine.send('revoke')
  }

  /** A picture of this time has come. */
  seen(utcMs: number): void {
    if (utcMs >= this.videoEndMs) this.#machine.send('reached')
  }

  acknowledged(from: number, to: number): void {
    this.#video.acknowledge(from, to)
    this.#look()
  }

  close(): void {
    this.#machine.send('close')
  }

  // ── guards and actions ──────────────────────────────────────────────────────────────────────────

  isBehind(): boolean {
    const { isPreRecorded, lastUtcMs } = this.#parts.recording.window
    if (!isPreRecorded) return false
    return Number.isNaN(lastUtcMs) || this.videoEndMs - lastUtcMs > CATCH_UP_MIN_MS
  }

  awaitVideo(): void {
    this.#after(CATCH_UP_MAX_MS)
    this.#hooks.onRecordingChanged()
  }

  leaveRecording(): void {
    this.#longTimer?.cancel()
    this.#after(this.#parts.times().sendMs)
    this.#hooks.onRecordingChanged()
    this.#video.end(this.#parts.recording.to(this.videoEndMs))
    this.#look()
  }

  cutShort(): void {
    const nowMs = this.#parts.clock.nowMs()
    this.#stepMs = stepSince(this.#parts.clock, this.span.moment)
    this.#endMs = Math.max(nowMs - this.#stepMs, this.span.startMs)
    this.videoEndMs = Math.max(nowMs, this.span.videoStartMs + this.#stepMs)
    this.leaveRecording()
  }

  report(): void {
    const { rule, times, log, onTrialLeft } = this.#parts
    const { id } = this.span
    this.#announceTimer?.cancel()
    this.#after(times().replyMs)
    this.#picture.abandon()
    this.#isComplete = isComplete(rule, this.#video.counts, this.#picture.state === 'done')
    const params = {
      ...this.#startParams(),
      endMs: Math.round(this.#endMs),
      videoEndMs: Math.round(this.videoEndMs - this.#stepMs),
      video: this.#video.extent,
      picture: this.#picture.state,
    }
    void this.#outbox.deliver(params).then((answer) => {
      if (!answer) return
      this.#isReported = answer.code === ReplyCode.ok
      if (!this.#isReported)
        log.warn(`the cloud did not take event ${id}: ${answer.code} ${answer.status}`)
      if (answer.data?.trialSec !== undefined) onTrialLeft(answer.data.trialSec)
      this.#machine.send('reported')
    })
  }

  finish(): void {
    this.#timer?.cancel()
    this.#hooks.onOver(this)
    this.#parts.callbacks.result(this.result)
  }

  abandon(): void {
    this.#longTimer?.cancel()
    this.#announceTimer?.cancel()
    if (this.#endMs === 0) this.#endMs = Math.max(this.#parts.clock.nowMs(), this.span.startMs)
    this.#picture.abandon()
    this.#isComplete = false
    this.finish()
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #after(delayMs: number): void {
    this.#timer?.cancel()
    this.#timer = this.#parts.clock.after(delayMs, () => this.#machine.send('timeout'))
  }

  /** Nothing more is to be waited for? */
  #look(): void {
    if (this.state === 'uploading' && this.#video.isSettled && this.#picture.isSettled)
      this.#machine.send('settled')
  }

  #startParams(): EventStart {
    const { key, id, info, startMs, videoStartMs, ai } = this.span
    return {
      channel: this.#parts.channel,
      key,
      eventId: id,
      info,
      startMs: Math.round(startMs),
      videoStartMs: Math.round(videoStartMs),
      ai,
    }
  }

  #announce(): void {
    const { cloud, log, askPlan, clock, random } = this.#parts
    const { id } = this.span
    void cloud.start(this.#startParams(), ANNOUNCE_TIMEOUT_MS).then((answer) => {
      if (this.state === 'reporting' || this.state === 'over') return
      if (answer?.code === ReplyCode.ok && answer.data) {
        this.#picture.grant(answer.data.picture)
        return
      }
      if (answer)
        log.warn(`the cloud did not take the start of event ${id}: ${answer.code} ${answer.status}`)
      if (answer?.code === ReplyCode.noPlan) askPlan()
      this.#announceTimer?.cancel()
      this.#announceTimer = clock.after(backoffMs(this.#attempt++, random), () => this.#announce())
    })
  }
}
