import type { EventInfo, Recording } from './api.ts'
import { minuteText, timeText, type Zone } from './time.ts'

/** Part of the day that is shown. */
export type View = { fromMs: number; toMs: number }

/** A canvas that is ready to be drawn on, in CSS pixels. */
export type Frame = {
  pen: CanvasRenderingContext2D
  width: number
  height: number
  view: View
  zone: Zone
  /** value of a custom property such as `--line` */
  colour(name: string): string
  x(utcMs: number): number
}

/** Distances of labelled ticks, in seconds. */
const STEPS_S = [5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10_800, 21_600]
const LABEL_MIN_PX = 64
/** Labels that would not fit at the ends are left out. */
const LABEL_EDGE_PX = 22
const RULER_PX = 26
const MARK_PX = 5

/** Clears the canvas at the resolution of the screen. Undefined while it is not shown. */
export const openFrame = (canvas: HTMLCanvasElement, view: View, zone: Zone): Frame | undefined => {
  const { clientWidth: width, clientHeight: height } = canvas
  const pen = canvas.getContext('2d')
  if (width === 0 || !pen) return undefined
  canvas.width = Math.round(width * devicePixelRatio)
  canvas.height = Math.round(height * devicePixelRatio)
  pen.scale(devicePixelRatio, devicePixelRatio)
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  const style = getComputedStyle(canvas)
  return {
    pen,
    width,
    height,
    view,
    zone,
    colour: (name) => style.getPropertyValue(name),
    x: (utcMs) => ((utcMs - view.fromMs) / (view.toMs - view.fromMs)) * width,
  }
}

/** Ticks count from the day's start: that is midnight where the person is. */
export const drawRuler = (frame: Frame, dayStartMs: number): void => {
  const { pen, width, height, view, zone, colour, x } = frame
  const perPx = (view.toMs - view.fromMs) / width
  const stepS = STEPS_S.find((s) => (s * 1000) / perPx >= LABEL_MIN_PX) ?? STEPS_S.at(-1)!
  const stepMs = stepS * 1000
  const label = stepS < 60 ? timeText : minuteText
  const first = Math.ceil((view.fromMs - dayStartMs) / stepMs) * stepMs + dayStartMs
  for (let at = first; at <= view.toMs; at += stepMs) {
    const left = Math.round(x(at)) + 0.5
    pen.strokeStyle = colour('--line')
    pen.beginPath()
    pen.moveTo(left, RULER_PX)
    pen.lineTo(left, height)
    pen.stroke()
    if (left < LABEL_EDGE_PX || left > width - LABEL_EDGE_PX) continue
    pen.fillStyle = colour('--dim')
    pen.fillText(label(at, zone), left, RULER_PX / 2)
  }
}

/** A recording of seconds must be seen on a strip of a day: nothing is thinner than two pixels. */
export const drawRecordings = (frame: Frame, recordings: readonly Recording[]): void => {
  const { pen, width, height, colour, x } = frame
  pen.fillStyle = colour('--recorded')
  for (const { startMs, endMs } of recordings) {
    const [left, right] = [x(startMs), x(endMs)]
    if (right < 0 || left > width) continue
    pen.fillRect(left, RULER_PX + 12, Math.max(2, right - left), height - RULER_PX - 24)
  }
}

/** A bar as long as the event, and a mark that is seen however short it is. */
export const drawEvents = (frame: Frame, events: readonly EventInfo[], nowMs: number): void => {
  const { pen, width, colour, x } = frame
  pen.fillStyle = colour('--event')
  for (const { startMs, endMs } of events) {
    const [left, right] = [x(startMs), x(endMs ?? nowMs)]
    if (right < -MARK_PX || left > width + MARK_PX) continue
    pen.fillRect(left, RULER_PX + 4, Math.max(2, right - left), 5)
    pen.beginPath()
    pen.moveTo(left - MARK_PX, RULER_PX + 2)
    pen.lineTo(left + MARK_PX, RULER_PX + 2)
    pen.lineTo(left, RULER_PX + 2 + MARK_PX * 1.5)
    pen.fill()
  }
}

export type LineStyle = { colour: string; isDashed?: boolean; hasLabel?: boolean }

/** A moment: a line over the whole height, with its time where that is asked for. */
export const drawLine = (frame: Frame, atMs: number, style: LineStyle): void => {
  const { pen, width, height, zone, colour, x } = frame
  const left = x(atMs)
  if (left < 0 || left > width) return
  pen.strokeStyle = colour(style.colour)
  pen.lineWidth = style.isDashed ? 1 : 2
  pen.setLineDash(style.isDashed ? [3, 3] : [])
  pen.beginPath()
  pen.moveTo(left, RULER_PX - 4)
  pen.lineTo(left, height)
  pen.stroke()
  pen.setLineDash([])
  pen.lineWidth = 1
  if (!style.hasLabel) return
  const text = timeText(atMs, zone)
  const half = pen.measureText(text).width / 2 + 6
  const middle = Math.min(Math.max(left, half), width - half)
  pen.fillStyle = colour(style.colour)
  pen.fillRect(middle - half, 3, half * 2, RULER_PX - 6)
  pen.fillStyle = colour('--panel')
  pen.fillText(text, middle, RULER_PX / 2)
}
