import {
  type Camera,
  type EventInfo,
  type Loss,
  listEvents,
  loadTimeline,
  type Recording,
} from '../api/api.ts'
import { daySpan, isoDate, midnight, type Zone } from '../time.ts'
import { spanOf, type View } from './view.ts'

/** How much is loaded on each side of what is shown, in views. */
const MARGIN = 1
/** Recordings that lie closer than this are drawn as one. */
const GAP_PX = 1
const STRIP_PX = 1000
const GAP_MIN_MS = 1000

export type TimelineData = {
  recordings: readonly Recording[]
  losses: readonly Loss[]
  events: readonly EventInfo[]
  nowMs: number
}

/** The whole days of a view: events are listed by the day, however far one has zoomed in. */
export const daysOf = ({ fromMs, toMs }: View, zone: Zone): View => ({
  fromMs: midnight(isoDate(fromMs, zone), zone),
  toMs: daySpan(isoDate(toMs - 1, zone), zone).toMs,
})

/** What the strip shows of one camera: loaded for more than the view, and anew when the view leaves that or is finer. */
export class TimelineLoader {
  #loaded: { view: View; spanMs: number } | undefined
  #isLoading = false
  /** what was asked for meanwhile */
  #next: View | undefined

  constructor(
    private readonly camera: Camera,
    private readonly loaded: (data: TimelineData) => void,
  ) {}

  /** Whether all of the view is there in the detail that it needs. */
  covers(view: View): boolean {
    const known = this.#loaded
    return (
      known !== undefined &&
      view.fromMs >= known.view.fromMs &&
      view.toMs <= known.view.toMs &&
      spanOf(view) > known.spanMs / 4
    )
  }

  /** Loads what the view needs, unless it is there; `isForced` asks again in any case. */
  async load(view: View, zone: Zone, isForced: boolean): Promise<void> {
    if (!isForced && this.covers(view)) return
    if (this.#isLoading) {
      this.#next = view
      return
    }
    this.#isLoading = true
    try {
      const spanMs = spanOf(view)
      const fromMs = Math.max(0, Math.floor(view.fromMs - spanMs * MARGIN))
      const toMs = Math.ceil(view.toMs + spanMs * MARGIN)
      const days = daysOf(view, zone)
      const gapMs = Math.max(GAP_MIN_MS, Math.round((spanMs / STRIP_PX) * GAP_PX))
      const [{ recordings, losses, nowMs }, events] = await Promise.all([
        loadTimeline(this.camera, { fromMs, toMs, gapMs }),
        listEvents(this.camera, Math.min(days.fromMs, fromMs), Math.max(days.toMs, toMs)),
      ])
      this.#loaded = { view: { fromMs, toMs }, spanMs }
      this.loaded({ recordings, losses, events, nowMs })
    } finally {
      this.#isLoading = false
    }
    const next = this.#next
    this.#next = undefined
    if (next) await this.load(next, zone, false)
  }
}
