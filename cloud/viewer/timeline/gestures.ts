import type { Timeline } from './timeline.ts'
import { contains, spanOf } from './view.ts'

const WHEEL_FACTOR = 1.0015
/** A press that moves less is a click. */
const CLICK_PX = 5
const EDGE_PX = 9
const MINUTE_MS = 60_000

type Press = {
  x: number
  fromMs: number
  /** what moving does */
  does: 'pan' | 'select' | 'from' | 'to' | 'scrub' | 'pinch'
  /** the fixed end of a selection */
  anchorMs: number
  hasMoved: boolean
}

/** What moves the time line: mouse, pen, fingers, wheel and keys. */
export class Gestures {
  readonly #pointers = new Map<number, number>()
  #press: Press | undefined

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly line: Timeline,
  ) {
    canvas.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    canvas.addEventListener('keydown', (event) => this.#onKey(event))
    canvas.addEventListener('pointerdown', (event) => this.#onDown(event))
    canvas.addEventListener('pointermove', (event) => this.#onMove(event))
    for (const name of ['pointerup', 'pointercancel'] as const)
      canvas.addEventListener(name, (event) => this.#onUp(event))
    canvas.addEventListener('pointerleave', () => line.hover(undefined))
    canvas.addEventListener('dblclick', (event) => line.zoom(0.25, this.#timeAt(event.clientX)))
  }

  #timeAt(clientX: number): number {
    const box = this.canvas.getBoundingClientRect()
    const { view } = this.line
    return view.fromMs + ((clientX - box.left) / box.width) * spanOf(view)
  }

  get #perPx(): number {
    return spanOf(this.line.view) / this.canvas.clientWidth
  }

  #isNear(clientX: number, atMs: number | undefined): boolean {
    return atMs !== undefined && Math.abs(this.#timeAt(clientX) - atMs) < EDGE_PX * this.#perPx
  }

  #onWheel(event: WheelEvent): void {
    event.preventDefault()
    // a sideways wheel, or Shift, moves; all else zooms where the pointer is (a touchpad's pinch arrives as Ctrl + wheel)
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
    if (isSideways || event.shiftKey)
      this.line.pan((isSideways ? event.deltaX : event.deltaY) * this.#perPx)
    else {
      const speed = event.ctrlKey ? 6 : 1
      this.line.zoom(WHEEL_FACTOR ** (event.deltaY * speed), this.#timeAt(event.clientX))
    }
  }

  #pressAt(event: PointerEvent): Press {
    const { line } = this
    const atMs = this.#timeAt(event.clientX)
    const press = { x: event.clientX, fromMs: line.view.fromMs, anchorMs: atMs, hasMoved: false }
    if (this.#pointers.size > 1) return { ...press, does: 'pinch', hasMoved: true }
    const { selection } = line
    if (selection && this.#isNear(event.clientX, selection.fromMs))
      return { ...press, does: 'from', anchorMs: selection.toMs }
    if (selection && this.#isNear(event.clientX, selection.toMs))
      return { ...press, does: 'to', anchorMs: selection.fromMs }
    if (event.shiftKey || line.isSelecting) return { ...press, does: 'select' }
    if (this.#isNear(event.clientX, line.positionMs)) return { ...press, does: 'scrub' }
    return { ...press, does: 'pan' }
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0) return
    this.canvas.setPointerCapture(event.pointerId)
    this.#pointers.set(event.pointerId, event.clientX)
    this.#press = this.#pressAt(event)
  }

  #onMove(event: PointerEvent): void {
    const { line } = this
    const atMs = this.#timeAt(event.clientX)
    const before = this.#pointers.get(event.pointerId)
    const press = this.#press
    if (before === undefined || !press) {
      line.hover(atMs)
      this.canvas.style.cursor = this.#cursorAt(event.clientX)
      return
    }
    this.#pointers.set(event.pointerId, event.clientX)
    if (press.does === 'pinch') {
      this.#pinch(event, before)
      return
    }
    if (Math.abs(event.clientX - press.x) > CLICK_PX) press.hasMoved = true
    if (!press.hasMoved) return
    if (press.does === 'pan') {
      line.hover(undefined)
      line.show(press.fromMs + (press.x - event.clientX) * this.#perPx, spanOf(line.view))
    } else if (press.does === 'scrub') line.hover(atMs)
    else {
      line.select(press.anchorMs, atMs)
      line.hover(atMs)
    }
  }

  #cursorAt(clientX: number): string {
    const { selection, positionMs, isSelecting } = this.line
    if (this.#isNear(clientX, selection?.fromMs) || this.#isNear(clientX, selection?.toMs))
      return 'ew-resize'
    if (isSelecting) return 'crosshair'
    return this.#isNear(clientX, positionMs) ? 'grab' : 'pointer'
  }

  /** Two fingers: their distance zooms. */
  #pinch(event: PointerEvent, before: number): void {
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1]
    if (other === undefined) return
    const distance = Math.max(10, Math.abs(event.clientX - other))
    const factor = Math.max(10, Math.abs(before - other)) / distance
    this.line.zoom(factor, this.#timeAt((event.clientX + other) / 2))
  }

  #onUp(event: PointerEvent): void {
    this.#pointers.delete(event.pointerId)
    const press = this.#press
    if (event.type === 'pointerup' && press) {
      const isClick = !press.hasMoved && press.does !== 'pinch'
      if (isClick || press.does === 'scrub') this.line.choose(this.#timeAt(event.clientX))
      if (event.pointerType !== 'mouse') this.line.hover(undefined)
    }
    if (this.#pointers.size === 0) this.#press = undefined
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { line } = this
    const at = line.cursorMs
    const small = event.shiftKey ? MINUTE_MS : 10_000
    // on a strip of seconds or of weeks, steps of the strip's own size
    const step = Math.min(small, spanOf(line.view) / 20)
    const { fromMs, toMs } = line.view
    const to: Record<string, number> = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      ArrowDown: at - step,
      ArrowUp: at + step,
      PageDown: at - 10 * MINUTE_MS,
      PageUp: at + 10 * MINUTE_MS,
      Home: fromMs,
      End: toMs - 1000,
    }
    const next = to[event.key]
    if (next !== undefined) {
      line.moveCursor(next)
      if (!contains(line.view, next)) line.show(next - spanOf(line.view) / 2, spanOf(line.view))
    } else if (event.key === 'Enter' || event.key === ' ') line.choose(at)
    else if (event.key === '+' || event.key === '=') line.zoom(0.5)
    else if (event.key === '-') line.zoom(2)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
