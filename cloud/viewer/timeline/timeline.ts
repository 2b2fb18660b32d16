import type { EventInfo } from '../api/api.ts'
import { t } from '../i18n/index.ts'
import { eventTitle, lossText } from '../labels.ts'
import { timeText, type Zone } from '../time.ts'
import { onTheme } from '../ui/theme.ts'
import type { TimelineData } from './data.ts'
import { Gestures } from './gestures.ts'
import * as paint from './paint.ts'
import { clampView, contains, panView, spanOf, type View, zoomView } from './view.ts'

export type TimelineEvents = {
  /** a moment that should be played */
  chosen(utcMs: number): void
  /** the pointer is over a moment, so many pixels from the left */
  hovered(utcMs: number | undefined, x: number): void
  viewed(view: View): void
  selected(range: View | undefined): void
  /** a small picture of an event, once it is there */
  pictureOf(event: EventInfo): HTMLImageElement | undefined
}

const NOTHING: TimelineData = { recordings: [], losses: [], events: [], nowMs: 0 }
const SELECTION_MIN_MS = 1000

/** Time as a strip: what is recorded, lost and happened, where playback is, now. From a month to seconds. */
export class Timeline {
  data: TimelineData = NOTHING
  /** events that the filter lets through */
  events: readonly EventInfo[] = []
  positionMs: number | undefined
  selection: View | undefined
  /** a drag selects, also without Shift */
  isSelecting = false
  zone: Zone = 'UTC'
  view: View = { fromMs: Date.now() - 86_400_000, toMs: Date.now() }
  /** where the keyboard is, when it is not where playback is */
  #cursorMs: number | undefined
  #hoverMs: number | undefined
  #isAsked = false

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly on: TimelineEvents,
  ) {
    new ResizeObserver(() => this.draw()).observe(canvas)
    onTheme(() => this.draw())
    new Gestures(canvas, this)
  }

  /** Shows a span from a moment on. */
  show(fromMs: number, spanMs: number): void {
    this.#setView(clampView(fromMs, spanMs, Date.now()))
  }

  zoom(factor: number, aroundMs = this.#center()): void {
    this.#setView(zoomView(this.view, factor, aroundMs, Date.now()))
  }

  /** Shows so much time around where playback, or the keyboard, is. */
  zoomTo(spanMs: number): void {
    this.zoom(spanMs / spanOf(this.view))
  }

  pan(byMs: number): void {
    this.#setView(panView(this.view, byMs, Date.now()))
  }

  #setView(view: View): void {
    const pointer = this.#pointer()
    this.view = view
    this.on.viewed(view)
    if (pointer !== undefined) this.hover(view.fromMs + pointer * spanOf(view))
    this.draw()
  }

  /** Where the pointer is, from 0 at the left to 1. */
  #pointer(): number | undefined {
    return this.#hoverMs === undefined
      ? undefined
      : (this.#hoverMs - this.view.fromMs) / spanOf(this.view)
  }

  /** There is other data: what is told of the moment under the pointer may be another thing now. */
  changed(): void {
    if (this.#hoverMs !== undefined) this.hover(this.#hoverMs)
    this.draw()
  }

  clear(): void {
    this.data = NOTHING
    this.events = []
    this.#cursorMs = undefined
    this.draw()
  }

  choose(utcMs: number): void {
    this.#cursorMs = undefined
    this.on.chosen(utcMs)
  }

  hover(utcMs: number | undefined): void {
    this.#hoverMs = utcMs
    this.on.hovered(utcMs, (this.#pointer() ?? 0) * this.canvas.clientWidth)
    this.draw()
  }

  /** Selects between two moments, in whichever order they come; without any, nothing. */
  select(oneMs?: number, otherMs?: number): void {
    if (oneMs === undefined || otherMs === undefined) this.selection = undefined
    else {
      const fromMs = Math.round(Math.min(oneMs, otherMs))
      const toMs = Math.round(Math.max(oneMs, otherMs, fromMs + SELECTION_MIN_MS))
      this.selection = { fromMs, toMs }
    }
    this.on.selected(this.selection)
    this.draw()
  }

  get cursorMs(): number {
    return this.#cursorMs ?? this.positionMs ?? this.#center()
  }

  moveCursor(toMs: number | undefined): void {
    this.#cursorMs = toMs
    this.draw()
  }

  #center(): number {
    const at = this.#cursorMs ?? this.positionMs
    return at !== undefined && contains(this.view, at)
      ? at
      : (this.view.fromMs + this.view.toMs) / 2
  }

  /** Draws with the next picture of the screen, however often it is asked. */
  draw(): void {
    if (this.#isAsked) return
    this.#isAsked = true
    requestAnimationFrame(() => {
      this.#isAsked = false
      this.#paint()
    })
    // what is told to those who do not see the strip does not wait for the screen
    this.#describe()
  }

  #paint(): void {
    const frame = paint.openFrame(this.canvas, this.view, this.zone)
    if (!frame) return
    const { recordings, losses, nowMs } = this.data
    paint.drawLane(frame)
    paint.drawRuler(frame)
    paint.drawRecordings(frame, recordings)
    paint.drawLosses(frame, losses)
    paint.drawEvents(frame, this.events, nowMs, this.on.pictureOf)
    if (this.selection) paint.drawSelection(frame, this.selection)
    if (nowMs > 0) paint.drawLine(frame, nowMs, { colour: 'dim', isDashed: true })
    if (this.#hoverMs !== undefined) paint.drawLine(frame, this.#hoverMs, { colour: 'dim' })
    if (this.positionMs !== undefined)
      paint.drawLine(frame, this.positionMs, { colour: 'live', hasLabel: true })
    if (this.#cursorMs !== undefined)
      paint.drawLine(frame, this.#cursorMs, { colour: 'accent', hasLabel: true })
  }

  /** What there is at a moment, in words. */
  textAt(utcMs: number): string {
    const isRecorded = this.data.recordings.some((r) => utcMs >= r.startMs && utcMs < r.endMs)
    const loss = this.data.losses.find((l) => utcMs >= l.startMs && utcMs < l.endMs)
    const event = this.events.find(
      ({ startMs, endMs }) => utcMs >= startMs && utcMs < (endMs ?? this.data.nowMs),
    )
    const texts = [
      loss ? lossText(loss) : isRecorded ? t('at.recorded') : t('at.nothing'),
      event ? eventTitle(event) : '',
    ]
    return texts.filter((text) => text !== '').join(', ')
  }

  #describe(): void {
    const at = this.#cursorMs ?? this.positionMs
    const { fromMs, toMs } = this.view
    this.canvas.setAttribute('aria-valuemax', String(Math.round((toMs - fromMs) / 1000)))
    const value = at === undefined ? 0 : Math.min(Math.max(at, fromMs), toMs) - fromMs
    this.canvas.setAttribute('aria-valuenow', String(Math.round(value / 1000)))
    this.canvas.setAttribute(
      'aria-valuetext',
      at === undefined ? t('at.none') : `${timeText(at, this.zone)}, ${this.textAt(at)}`,
    )
  }
}
