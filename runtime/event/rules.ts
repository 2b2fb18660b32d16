import { iv_cs_event_report_opt_e } from '../types.ts'

/** How far an event's video has got. */
export class VideoProgress {
  /** stream positions of the event's video; the end is known when the event has left the recording */
  readonly #start: number
  /** the cloud had some of it before the event was */
  readonly #hasEarlier: boolean
  #end = Number.POSITIVE_INFINITY
  #acknowledged = 0
  #reached = 0

  constructor(start: number, hasEarlier: boolean) {
    this.#start = start
    this.#hasEarlier = hasEarlier
    this.#reached = start
  }

  /** The cloud has [from, to); bytes in between that were lost are never told of. */
  acknowledge(from: number, to: number): void {
    const end = Math.min(to, this.#end)
    this.#acknowledged += Math.max(0, end - Math.max(from, this.#start))
    this.#reached = Math.max(this.#reached, to)
  }

  end(position: number): void {
    this.#end = Math.max(position, this.#start)
    // what was acknowledged behind the end is not the event's
    this.#acknowledged = Math.min(this.#acknowledged, this.#end - this.#start)
  }

  /** Where it ends is known. */
  get isBounded(): boolean {
    return this.#end < Number.POSITIVE_INFINITY
  }

  get endPosition(): number {
    return this.#end
  }

  /** What was recorded of it, here or there. */
  get bytes(): number {
    return this.#end - this.#start
  }

  /** Nothing more will be acknowledged. */
  get isSettled(): boolean {
    return this.#reached >= this.#end
  }

  /** There is some, and it is at the cloud up to the event's end. */
  get counts(): boolean {
    return this.isSettled && this.#hasSome
  }

  get #hasSome(): boolean {
    return this.#hasEarlier || this.#acknowledged > 0
  }

  get extent(): 'none' | 'part' | 'whole' {
    if (!this.#hasSome) return 'none'
    return this.isSettled && this.#acknowledged >= this.#end - this.#start ? 'whole' : 'part'
  }
}

/** Whether an event is whole, by the rule that the app chose for the channel. */
export const isComplete = (
  rule: iv_cs_event_report_opt_e,
  hasVideo: boolean,
  hasPicture: boolean,
): boolean => {
  switch (rule) {
    case iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ:
      return hasVideo
    case iv_cs_event_report_opt_e.CS_EVENT_PIC_REQ:
      return hasPicture
    case iv_cs_event_report_opt_e.CS_EVENT_VIDEO_OR_PIC_REQ:
      return hasVideo || hasPicture
  }
}
