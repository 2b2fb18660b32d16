import type { EventInfo, Recording } from './api.ts'
import { eventTitle } from './events.ts'
import { timeText, type Zone } from './time.ts'
import {
  drawEvents,
  drawLine,
  drawRecordings,
  drawRuler,
  openFrame,
  type View,
} from './timeline-paint.ts'

const SPAN_MIN_MS = 60_000
const WHEEL_FACTOR = 1.0015
/** A press that moves less is a click. */
const CLICK_PX = 5

export type TimelineEvents = { chosen(utcMs: number): void }

/** The day as a strip: what is recorded, where playback is, now. Zooms from the day to a minute. */
export class Timeline {
  recordings: readonly Recording[] = []
  events: readonly EventInfo[] = []
  positionMs: number | undefined
  nowMs = 0
  zone: Zone = 'local'
  #day: View = { fromMs: 0, toMs: 86_400_000 }
  #view: View = this.#day
  /** where the keyboard is, when it is not where playback is */
  #cursorMs: number | undefined
  #hoverMs: number | undefined
  readonly #pointers = new Map<number, number>()
  #press: { x: number; view: View; isDrag: boolean } | undefined

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly on: TimelineEvents,
  ) {
    new ResizeObserver(() => this.draw()).observe(canvas)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.draw())
    canvas.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    canvas.addEventListener('keydown', (event) => this.#onKey(event))
    canvas.addEventListener('pointerdown', (event) => this.#onDown(event))
    canvas.addEventListener('pointermove', (event) => this.#onMove(event))
    for (const name of ['pointerup', 'pointercancel'] as const)
      canvas.addEventListener(name, (event) => this.#onUp(event))
    canvas.addEventListener('pointerleave', () => {
      this.#hoverMs = undefined
      this.draw()
    })
  }

  showDay(fromMs: number, toMs: number): void {
    this.#day = { fromMs, toMs }
    this.#view = this.#day
    this.#cursorMs = undefined
    this.draw()
  }

  zoom(factor: number, aroundMs = this.#center()): void {
    const { fromMs, toMs } = this.#view
    const span = Math.min(
      Math.max((toMs - fromMs) * factor, SPAN_MIN_MS),
      this.#day.toMs - this.#day.fromMs,
    )
    const ratio = (aroundMs - fromMs) / (toMs - fromMs)
    this.#move(aroundMs - ratio * span, span)
  }

  #center(): number {
    const { fromMs, toMs } = this.#view
    const at = this.#cursorMs ?? this.positionMs
    return at !== undefined && at >= fromMs && at <= toMs ? at : (fromMs + toMs) / 2
  }

  /** Shows a span from a moment on, kept inside the day. */
  #move(fromMs: number, span: number): void {
    const start = Math.min(Math.max(fromMs, this.#day.fromMs), this.#day.toMs - span)
    this.#view = { fromMs: start, toMs: start + span }
    this.draw()
  }

  #timeAt(clientX: number): number {
    const box = this.canvas.getBoundingClientRect()
    const { fromMs, toMs } = this.#view
    return fromMs + ((clientX - box.left) / box.width) * (toMs - fromMs)
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault()
    const { fromMs, toMs } = this.#view
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const perPx = (toMs - fromMs) / this.canvas.clientWidth
      this.#move(fromMs + event.deltaX * perPx, toMs - fromMs)
    } else this.zoom(WHEEL_FACTOR ** event.deltaY, this.#timeAt(event.clientX))
  }

  #onDown(event: PointerEvent): void {
    this.canvas.setPointerCapture(event.pointerId)
    this.#pointers.set(event.pointerId, event.clientX)
    this.#press = { x: event.clientX, view: this.#view, isDrag: this.#pointers.size > 1 }
  }

  #onMove(event: PointerEvent): void {
    this.#hoverMs = this.#timeAt(event.clientX)
    const before = this.#pointers.get(event.pointerId)
    if (before === undefined) {
      this.draw()
      return
    }
    const others = [...this.#pointers].filter(([id]) => id !== event.pointerId)
    this.#pointers.set(event.pointerId, event.clientX)
    const other = others[0]?.[1]
    if (other !== undefined) {
      // two fingers: their distance zooms
      const distance = Math.max(10, Math.abs(event.clientX - other))
      const factor = Math.max(10, Math.abs(before - other)) / distance
      this.zoom(factor, this.#timeAt((event.clientX + other) / 2))
      return
    }
    const press = this.#press!
    if (Math.abs(event.clientX - press.x) > CLICK_PX) press.isDrag = true
    if (!press.isDrag) return
    const span = press.view.toMs - press.view.fromMs
    const shift = ((press.x - event.clientX) / this.canvas.clientWidth) * span
    this.#move(press.view.fromMs + shift, span)
  }

  #onUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId)
    if (event.type === 'pointerup' && this.#press && !this.#press.isDrag) {
      this.#cursorMs = undefined
      this.on.chosen(this.#timeAt(event.clientX))
    }
    if (this.#pointers.size === 0) this.#press = undefined
  }

  #onKey(event: KeyboardEvent): void {
    const at = this.#cursorMs ?? this.positionMs ?? this.#center()
    const step = event.shiftKey ? 60_000 : 10_000
    const to: Record<string, number> = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      ArrowDown: at - step,
      ArrowUp: at + step,
      PageDown: at - 600_000,
      PageUp: at + 600_000,
      Home: this.#day.fromMs,
      End: this.#day.toMs - 1000,
    }
    const next = to[event.key]
    if (next !== undefined) {
      this.#cursorMs = Math.min(Math.max(next, this.#day.fromMs), this.#day.toMs - 1000)
      const { fromMs, toMs } = this.#view
      if (this.#cursorMs < fromMs || this.#cursorMs > toMs)
        this.#move(this.#cursorMs - (toMs - fromMs) / 2, toMs - fromMs)
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.#cursorMs = undefined
      this.on.chosen(at)
    } else if (event.key === '+' || event.key === '=') this.zoom(0.5)
    else if (event.key === '-') this.zoom(2)
    else return
    event.preventDefault()
    this.draw()
  }

  draw(): void {
    const frame = openFrame(this.canvas, this.#view, this.zone)
    if (!frame) return
    drawRuler(frame, this.#day.fromMs)
    drawRecordings(frame, this.recordings)
    drawEvents(frame, this.events, this.nowMs)
    if (this.nowMs > 0) drawLine(frame, this.nowMs, { colour: '--dim', isDashed: true })
    if (this.#hoverMs !== undefined && !this.#press?.isDrag)
      drawLine(frame, this.#hoverMs, { colour: '--dim', hasLabel: true })
    if (this.positionMs !== undefined) drawLine(frame, this.positionMs, { colour: '--live' })
    if (this.#cursorMs !== undefined)
      drawLine(frame, this.#cursorMs, { colour: '--accent', hasLabel: true })
    this.#describe()
  }

  /** What the strip shows, for those who do not see it. */
  #describe(): void {
    const at = this.#cursorMs ?? this.positionMs
    const { fromMs, toMs } = this.#day
    this.canvas.setAttribute('aria-valuemax', String(Math.round((toMs - fromMs) / 1000)))
    if (at === undefined) {
      this.canvas.setAttribute('aria-valuenow', '0')
      this.canvas.setAttribute('aria-valuetext', 'nothing chosen')
      return
    }
    const isRecorded = this.recordings.some((r) => at >= r.startMs && at < r.endMs)
    this.canvas.setAttribute('aria-valuenow', String(Math.round((at - fromMs) / 1000)))
    this.canvas.setAttribute(
      'aria-valuetext',
      `${timeText(at, this.zone)}, ${isRecorded ? 'recorded' : 'nothing recorded'}${this.#eventAt(at)}`,
    )
  }

  #eventAt(atMs: number): string {
    const event = this.events.find(
      ({ startMs, endMs }) => atMs >= startMs && atMs < (endMs ?? this.nowMs),
    )
    return event ? `, ${eventTitle(event)}` : ''
  }
}
