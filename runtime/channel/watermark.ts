import { type iv_cs_congestion_ctrl_s, iv_cs_notify_msg_type_e } from '../types.ts'

/** A mark is told of again only after the level has fallen by this share of it. */
const REARM_SHARE = 0.1

const MESSAGES = [
  iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_WATERMARK_LOW,
  iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_WATERMARK_WARN,
  iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_WATERMARK_HIGH,
] as const

/** Tells when the unacknowledged bytes rise through a mark: once each, with hysteresis. */
export class Watermark {
  readonly #marks: readonly number[]
  readonly #armed = [true, true, true]
  readonly #tell: (message: iv_cs_notify_msg_type_e) => void

  constructor(
    congestion: iv_cs_congestion_ctrl_s | undefined,
    tell: (message: iv_cs_notify_msg_type_e) => void,
  ) {
    this.#marks =
      congestion?.enable === 1
        ? [congestion.low_mark, congestion.warn_mark, congestion.high_mark]
        : []
    this.#tell = tell
  }

  /** Called with every change of the level; allocates nothing. */
  level(bytes: number): void {
    for (let index = 0; index < this.#marks.length; index++) {
      const mark = this.#marks[index]!
      if (this.#armed[index]) {
        if (bytes < mark) continue
        this.#armed[index] = false
        this.#tell(MESSAGES[index]!)
      } else if (bytes <= mark * (1 - REARM_SHARE)) this.#armed[index] = true
    }
  }
}
