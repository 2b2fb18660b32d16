import type { Recording } from './api.ts'
import { minuteText, timeText, type Zone } from './time.ts'

const SPAN_MIN_MS = 60_000
/** Distances of labelled ticks, in seconds. */
const STEPS_S = [5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600]
const LABEL_MIN_PX = 64
const WHEEL_FACTOR = 1.0015
/** A press that moves less is a click. */
const CLICK_PX = 5
const RULER_PX = 26

export type TimelineEvents = { chosen(utcMs: number): void }

type View = { fromMs: number; toMs: number }

/** The day as a strip: what is recorded, where playback is, now. Zooms from the day to a minute. */
export class Timeline {
  recordings: readonly Recording[] = []
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
    private readonly events: TimelineEvents,
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

  #x(utcMs: number, width: number): number {
    const { fromMs, toMs } = this.#view
    return ((utcMs - fromMs) / (toMs - fromMs)) * width
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
      this.events.chosen(this.#timeAt(event.clientX))
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
      this.events.chosen(at)
    } else if (event.key === '+' || event.key === '=') this.zoom(0.5)
    else if (event.key === '-') this.zoom(2)
    else return
    event.preventDefault()
    this.draw()
  }

  draw(): void {
    const { canvas } = this
    const scale = devicePixelRatio
    const width = canvas.clientWidth
    const height = canvas.clientHeight
    if (width === 0) return
    canvas.width = Math.round(width * scale)
    canvas.height = Math.round(height * scale)
    const pen = canvas.getContext('2d')!
    pen.scale(scale, scale)
    const style = getComputedStyle(canvas)
    const colour = (name: string) => style.getPropertyValue(name)
    this.#drawRuler(pen, width, height, colour)
    this.#drawRecordings(pen, width, height, colour)
    if (this.nowMs > 0) this.#drawLine(pen, this.nowMs, width, height, colour('--dim'), [3, 3])
    if (this.#hoverMs !== undefined && !this.#press?.isDrag)
      this.#drawLine(pen, this.#hoverMs, width, height, colour('--dim'), [], true)
    if (this.positionMs !== undefined)
      this.#drawLine(pen, this.positionMs, width, height, colour('--live'), [])
    if (this.#cursorMs !== undefined)
      this.#drawLine(pen, this.#cursorMs, width, height, colour('--accent'), [], true)
    this.#describe()
  }

  #drawRuler(
    pen: CanvasRenderingContext2D,
    width: number,
    height: number,
    colour: (name: string) => string,
  ): void {
    const { fromMs, toMs } = this.#view
    const perPx = (toMs - fromMs) / width
    const stepMs =
      (STEPS_S.find((s) => (s * 1000) / perPx >= LABEL_MIN_PX) ?? STEPS_S.at(-1)!) * 1000
    const label = stepMs < 60_000 ? timeText : minuteText
    pen.font = `12px ${getComputedStyle(document.body).fontFamily}`
    pen.textAlign = 'center'
    pen.textBaseline = 'middle'
    // ticks count from the day's start: that is midnight where the person is
    const first = Math.ceil((fromMs - this.#day.fromMs) / stepMs) * stepMs + this.#day.fromMs
    for (let at = first; at <= toMs; at += stepMs) {
      const x = Math.round(this.#x(at, width)) + 0.5
      pen.strokeStyle = colour('--line')
      pen.beginPath()
      pen.moveTo(x, RULER_PX)
      pen.lineTo(x, height)
      pen.stroke()
      if (x < 22 || x > width - 22) continue
      pen.fillStyle = colour('--dim')
      pen.fillText(label(at, this.zone), x, RULER_PX / 2)
    }
  }

  #drawRecordings(
    pen: CanvasRenderingContext2D,
    width: number,
    height: number,
    colour: (name: string) => string,
  ): void {
    pen.fillStyle = colour('--recorded')
    for (const { startMs, endMs } of this.recordings) {
      const left = this.#x(startMs, width)
      const right = this.#x(endMs, width)
      if (right < 0 || left > width) continue
      // a recording of seconds must be seen on a strip of a day
      pen.fillRect(left, RULER_PX + 12, Math.max(2, right - left), height - RULER_PX - 24)
    }
  }

  #drawLine(
    pen: CanvasRenderingContext2D,
    atMs: number,
    width: number,
    height: number,
    stroke: string,
    dash: number[],
    withLabel = false,
  ): void {
    const x = this.#x(atMs, width)
    if (x < 0 || x > width) return
    pen.strokeStyle = stroke
    pen.lineWidth = dash.length > 0 ? 1 : 2
    pen.setLineDash(dash)
    pen.beginPath()
    pen.moveTo(x, RULER_PX - 4)
    pen.lineTo(x, height)
    pen.stroke()
    pen.setLineDash([])
    pen.lineWidth = 1
    if (!withLabel) return
    const text = timeText(atMs, this.zone)
    const half = pen.measureText(text).width / 2 + 6
    const middle = Math.min(Math.max(x, half), width - half)
    pen.fillStyle = stroke
    pen.fillRect(middle - half, 3, half * 2, RULER_PX - 6)
    pen.fillStyle = getComputedStyle(this.canvas).getPropertyValue('--panel')
    pen.fillText(text, middle, RULER_PX / 2)
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
      `${timeText(at, this.zone)}, ${isRecorded ? 'recorded' : 'nothing recorded'}`,
    )
  }
}
