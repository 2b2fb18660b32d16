import { errorText, type Logger } from '../log.ts'
import { type iv_err_code_e, meaningOf } from '../status.ts'
import type { iv_cs_event_result_info, iv_cs_init_func_cb_s, iv_cs_picture_s } from '../types.ts'

/** The app's callbacks about events. One that throws or returns an error is logged and harms nothing. */
export class EventCallbacks {
  readonly #channel: number
  readonly #callbacks: iv_cs_init_func_cb_s
  readonly #log: Logger

  constructor(channel: number, callbacks: iv_cs_init_func_cb_s, log: Logger) {
    this.#channel = channel
    this.#callbacks = callbacks
    this.#log = log
  }

  /** Asks for the picture of an event. What the app leaves untouched is null and 0. */
  capture(eventId: number): iv_cs_picture_s {
    const picture: iv_cs_picture_s = { pic: null, size: 0 }
    const isDone = this.#call('onEventCapturePicture', () =>
      this.#callbacks.onEventCapturePicture?.(this.#channel, eventId, picture),
    )
    // a callback that failed gave nothing, whatever it has filled in
    return isDone ? picture : { pic: null, size: 0 }
  }

  pictureResult(pic: Uint8Array, code: iv_err_code_e): void {
    this.#call('onEventPictureResult', () =>
      this.#callbacks.onEventPictureResult?.(this.#channel, pic, code),
    )
  }

  result(info: iv_cs_event_result_info): void {
    this.#call('onEventReportResult', () =>
      this.#callbacks.onEventReportResult?.(this.#channel, info),
    )
  }

  lateResult(info: iv_cs_event_result_info): void {
    this.#call('onEventLateResult', () => this.#callbacks.onEventLateResult?.(this.#channel, info))
  }

  #call(name: string, callback: () => unknown): boolean {
    try {
      const code = callback()
      if (typeof code !== 'number' || code === 0) return true
      this.#log.warn(`${name} returned ${code} (${meaningOf(code)})`)
    } catch (error) {
      this.#log.error(`${name} threw: ${errorText(error)}`)
    }
    return false
  }
}
