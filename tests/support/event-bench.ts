import { EventCallbacks } from '../../runtime/event/callbacks.ts'
import type { EventParts } from '../../runtime/event/dependencies.ts'
import { Events } from '../../runtime/event/events.ts'
import type { PictureOutcome } from '../../runtime/event/picture.ts'
import { ADMIT_TAKE, PushWindow } from '../../runtime/event/window.ts'
import type { Logger } from '../../runtime/log.ts'
import type { EventStart, EventStop } from '../../runtime/mqtt/event-messages.ts'
import {
  type iv_cs_balance_info_s,
  iv_cs_event_report_opt_e,
  type iv_cs_event_result_info,
  iv_cs_type_e,
} from '../../runtime/types.ts'
import { FakeClock, settle } from './fake-clock.ts'

export const FRAME_BYTES = 100

/** A log that remembers its lines. */
export const memoryLog = (): Logger & { lines: string[] } => {
  const lines: string[] = []
  const at = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  return { lines, error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

export const planOf = (type: iv_cs_type_e, free_trial_remaining_sec = 0): iv_cs_balance_info_s => ({
  cs_switch: type === iv_cs_type_e.CS_TYPE_NONE ? 0 : 1,
  cs_days: 7,
  cs_type: type,
  free_trial_remaining_sec,
})
export const EVENT_PLAN = planOf(iv_cs_type_e.CS_TYPE_EVENT)
export const FULL_PLAN = planOf(iv_cs_type_e.CS_TYPE_FULL_TIME)
export const NO_PLAN = planOf(iv_cs_type_e.CS_TYPE_NONE)

/** A channel as events see it: every frame is 100 bytes, and the app's callbacks are noted down. */
class BenchRecording {
  readonly window = new PushWindow()
  isFullTime = false
  isOn = false
  readonly frames: { utcMs: number; position: number }[] = []
  head = 0
  tail = 0
  /** some of the video waits in the spool, or is lost */
  isHeld = false
  #demanded = false

  constructor(
    readonly clock: FakeClock,
    readonly log: string[],
  ) {}

  demand(on: boolean, startUtcMs?: number): void {
    this.#demanded = on
    this.want(startUtcMs)
  }

  want(startUtcMs?: number): void {
    const on = this.isFullTime || this.#demanded
    if (on === this.isOn) return
    this.isOn = on
    if (on) this.window.begin(startUtcMs, this.clock.nowMs())
    else this.window.end()
    this.log.push(on ? 'start' : 'stop')
  }

  from(utcMs: number) {
    const frame = this.frames.find((one) => one.utcMs >= utcMs)
    return { position: frame?.position ?? this.head, released: false }
  }

  to(utcMs: number): number {
    return this.frames.find((one) => one.utcMs > utcMs)?.position ?? this.head
  }

  hasReleased(position: number): boolean {
    return this.tail >= position
  }

  isMissing(): boolean {
    return this.isHeld
  }

  /** False when the frame was not recorded. */
  push(utcMs: number, isIdr = false): boolean {
    if (!this.isOn || this.window.admitVideo(utcMs, isIdr) !== ADMIT_TAKE) return false
    this.frames.push({ utcMs, position: this.head })
    this.head += FRAME_BYTES
    this.window.taken(utcMs)
    return true
  }
}

export type BenchOptions = {
  rule?: iv_cs_event_report_opt_e
  plan?: iv_cs_balance_info_s
  /** the capture callback gives this */
  picture?: Uint8Array
  onCapture?(eventId: number): void
  onResult?(): void
}

/** Everything that events need, on a fake clock: nothing happens unless the test makes it happen. */
export class EventBench {
  readonly clock = new FakeClock()
  /** callbacks of the app, in order */
  readonly told: string[] = []
  readonly log = memoryLog()
  readonly recording: BenchRecording
  readonly events: Events
  readonly results: iv_cs_event_result_info[] = []
  readonly starts: EventStart[] = []
  readonly stops: EventStop[] = []
  readonly trialLeft: number[] = []
  planQuestions = 0
  ai = 0
  /** answer of the cloud; undefined: none, the line is dead */
  startCode: number | undefined = 0
  stopCode: number | undefined = 0
  trialSec: number | undefined
  /** how putting a picture ends; 'never' waits until it is cancelled */
  putOutcome: PictureOutcome | 'never' = 'ok'
  puts = 0
  #acknowledged = 0
  #keys = 0

  constructor(options: BenchOptions = {}) {
    const { clock, told, log } = this
    this.recording = new BenchRecording(clock, told)
    const callbacks = {
      onStartPushStream() {},
      onStopPushStream() {},
      onEventCapturePicture: (
        _: number,
        id: number,
        picture: { pic: Uint8Array | null; size: number },
      ) => {
        told.push(`capture ${id}`)
        options.onCapture?.(id)
        if (!options.picture) return
        picture.pic = options.picture
        picture.size = options.picture.length
      },
      onEventPictureResult: (_: number, pic: Uint8Array, code: number) =>
        void told.push(`picture ${pic.length} ${code}`),
      onEventReportResult: (_: number, info: iv_cs_event_result_info) => {
        this.results.push(info)
        told.push(`result ${info.event_id} ${info.result_code}`)
        options.onResult?.()
      },
      onEventLateResult: (_: number, info: iv_cs_event_result_info) =>
        void told.push(`late ${info.event_id} ${info.result_code}`),
    }
    const never = () => new Promise<undefined>(() => {})
    const parts: EventParts = {
      channel: 0,
      rule: options.rule ?? iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ,
      clock,
      random: () => 0.5,
      log,
      times: () => ({ sendMs: 6000, replyMs: 5000 }),
      recording: this.recording,
      cloud: {
        start: (params) => {
          this.starts.push(params)
          if (this.startCode === undefined) return never()
          const picture = { url: 'http://127.0.0.1/p', token: 't', expiresAtMs: 0 }
          return Promise.resolve({ code: this.startCode, status: '', data: { picture } })
        },
        stop: (params) => {
          this.stops.push(params)
          if (this.stopCode === undefined) return never()
          return Promise.resolve({
            code: this.stopCode,
            status: '',
            data: { trialSec: this.trialSec },
          })
        },
        report: never,
      },
      putPicture: () => {
        this.puts++
        const outcome = this.putOutcome
        if (outcome !== 'never')
          return { done: Promise.resolve({ outcome, message: '' }), cancel() {} }
        let cancel = (): void => {}
        const done = new Promise<{ outcome: PictureOutcome; message: string }>((resolve) => {
          cancel = () => resolve({ outcome: 'retry', message: 'cancelled' })
        })
        return { done, cancel }
      },
      callbacks: new EventCallbacks(0, callbacks, log),
      aiOf: () => this.ai,
      takeKey: () => `0123456789abcdef-${String(++this.#keys).padStart(8, '0')}`,
      onTrialLeft: (seconds) => void this.trialLeft.push(seconds),
      askPlan: () => void this.planQuestions++,
    }
    this.events = new Events(parts)
    this.plan(options.plan ?? EVENT_PLAN)
    this.told.length = 0
  }

  plan(plan: iv_cs_balance_info_s): void {
    this.recording.isFullTime = plan.cs_type === iv_cs_type_e.CS_TYPE_FULL_TIME
    this.recording.want()
    this.events.plan(plan)
  }

  /** Live pictures, one a 40 ms, the first an IDR, each second one. */
  async live(ms: number): Promise<void> {
    for (let at = 0; at < ms; at += 40) {
      await this.clock.advance(40)
      this.recording.push(this.clock.nowMs(), at % 1000 === 0)
    }
    await settle()
  }

  /** The cloud acknowledges everything that was recorded, or up to a position. */
  async acknowledge(to = this.recording.head): Promise<void> {
    const from = this.#acknowledged
    this.#acknowledged = to
    this.events.acknowledged(from, to)
    await settle()
  }

  /** Bytes up to a position are lost: never acknowledged. */
  lose(to: number): void {
    this.#acknowledged = to
  }
}

export { settle }
