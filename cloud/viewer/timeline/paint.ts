import type { EventInfo, Loss, Recording } from '../api/api.ts'
import { timeText, type Zone } from '../time.ts'
import { type Colour, type Palette, palette } from './palette.ts'
import { ticksOf } from './ticks.ts'
import type { View } from './view.ts'

/** A canvas that is ready to be drawn on, in CSS pixels. */
export type Frame = {
  pen: CanvasRenderingContext2D
  width: number
  height: number
  view: View
  zone: Zone
  colours: Palette
  x(utcMs: number): number
}

export const RULER_PX = 26
const EVENT_PX = 40
/** Where the bars of recordings lie. */
const LANE_TOP_PX = RULER_PX + EVENT_PX + 4
const LANE_BOTTOM_PX = 12
const LABEL_EDGE_PX = 24
const MARK_PX = 4
const SHOT_PX = { width: 58, height: 34 }

const laneHeight = (height: number): number => height - LANE_TOP_PX - LANE_BOTTOM_PX

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
  const x = (utcMs: number) => ((utcMs - view.fromMs) / (view.toMs - view.fromMs)) * width
  return { pen, width, height, view, zone, colours: palette(), x }
}

export const drawRuler = ({ pen, width, height, view, zone, colours, x }: Frame): void => {
  for (const { atMs, label, isDay } of ticksOf(view, width, zone)) {
    const left = Math.round(x(atMs)) + 0.5
    pen.strokeStyle = colours.line
    pen.beginPath()
    pen.moveTo(left, isDay ? RULER_PX - 6 : RULER_PX)
    pen.lineTo(left, height)
    pen.stroke()
    if (left < LABEL_EDGE_PX || left > width - LABEL_EDGE_PX) continue
    pen.fillStyle = isDay ? colours.text : colours.dim
    pen.fillText(label, left, RULER_PX / 2)
  }
}

/** The empty lane: what stays visible of it was not recorded. */
export const drawLane = ({ pen, width, height, colours }: Frame): void => {
  pen.fillStyle = colours.lane
  pen.fillRect(0, LANE_TOP_PX, width, laneHeight(height))
}

/** A recording of seconds must be seen on a strip of a month: nothing is thinner than two pixels. */
export const drawRecordings = (frame: Frame, recordings: readonly Recording[]): void => {
  const { pen, width, height, colours, x } = frame
  pen.fillStyle = colours.recorded
  for (const { startMs, endMs } of recordings) {
    const [left, right] = [Math.max(-4, x(startMs)), Math.min(width + 4, x(endMs))]
    if (right < 0 || left > width) continue
    pen.beginPath()
    pen.roundRect(left, LANE_TOP_PX, Math.max(2, right - left), laneHeight(height), 3)
    pen.fill()
  }
}

/** Losses are hatched, not only coloured: they must be told apart without colours too. */
export const drawLosses = (frame: Frame, losses: readonly Loss[]): void => {
  const { pen, width, height, colours, x } = frame
  for (const { startMs, endMs } of losses) {
    const [left, right] = [Math.max(0, x(startMs)), Math.min(width, x(endMs))]
    if (right < 0 || left > width) continue
    const size = Math.max(3, right - left)
    pen.save()
    pen.beginPath()
    pen.rect(left, LANE_TOP_PX, size, laneHeight(height))
    pen.clip()
    pen.fillStyle = colours.lane
    pen.fillRect(left, LANE_TOP_PX, size, laneHeight(height))
    pen.strokeStyle = colours.lost
    pen.lineWidth = 2
    pen.beginPath()
    for (let at = left - height; at < left + size + height; at += 7) {
      pen.moveTo(at, LANE_TOP_PX + laneHeight(height))
      pen.lineTo(at + laneHeight(height), LANE_TOP_PX)
    }
    pen.stroke()
    pen.restore()
    pen.fillStyle = colours.lost
    pen.fillRect(left, height - LANE_BOTTOM_PX, size, 2)
  }
}

/** Pictures of events where there is room for them, from the left; the others are marks. */
export const drawEvents = (
  frame: Frame,
  events: readonly EventInfo[],
  nowMs: number,
  pictureOf: (event: EventInfo) => HTMLImageElement | undefined,
): void => {
  const { pen, width, height, colours, x } = frame
  let freeFrom = 0
  for (const event of events) {
    const [left, right] = [x(event.startMs), x(event.endMs ?? nowMs)]
    if (right < -SHOT_PX.width || left > width + SHOT_PX.width) continue
    pen.fillStyle = colours.event
    pen.fillRect(left, LANE_TOP_PX, Math.max(2, right - left), 5)
    const shotLeft = left - SHOT_PX.width / 2
    const isFree = shotLeft >= freeFrom && shotLeft + SHOT_PX.width <= width
    const picture = isFree ? pictureOf(event) : undefined
    if (picture) {
      const top = RULER_PX + 1
      freeFrom = shotLeft + SHOT_PX.width + 4
      pen.save()
      pen.beginPath()
      pen.roundRect(shotLeft, top, SHOT_PX.width, SHOT_PX.height, 4)
      pen.clip()
      pen.drawImage(picture, shotLeft, top, SHOT_PX.width, SHOT_PX.height)
      pen.restore()
      pen.strokeStyle = colours.event
      pen.lineWidth = 1.5
      pen.beginPath()
      pen.roundRect(shotLeft, top, SHOT_PX.width, SHOT_PX.height, 4)
      pen.moveTo(left, top + SHOT_PX.height)
      pen.lineTo(left, height - LANE_BOTTOM_PX)
      pen.stroke()
      pen.lineWidth = 1
      continue
    }
    pen.beginPath()
    pen.arc(left, LANE_TOP_PX - 7, MARK_PX, 0, 2 * Math.PI)
    pen.fill()
  }
}

export const drawSelection = (frame: Frame, { fromMs, toMs }: View): void => {
  const { pen, height, colours, x } = frame
  const [left, right] = [x(fromMs), x(toMs)]
  pen.globalAlpha = 0.18
  pen.fillStyle = colours.accent
  pen.fillRect(left, RULER_PX, right - left, height - RULER_PX)
  pen.globalAlpha = 1
  pen.fillStyle = colours.accent
  for (const edge of [left, right]) {
    pen.fillRect(edge - 1, RULER_PX, 2, height - RULER_PX)
    pen.beginPath()
    pen.roundRect(edge - 5, LANE_TOP_PX + laneHeight(height) / 2 - 12, 10, 24, 4)
    pen.fill()
  }
}

export type LineStyle = { colour: Colour; isDashed?: boolean; hasLabel?: boolean }

/** A moment: a line over the whole height, with its time where that is asked for. */
export const drawLine = (frame: Frame, atMs: number, style: LineStyle): void => {
  const { pen, width, height, zone, colours, x } = frame
  const left = x(atMs)
  if (left < 0 || left > width) return
  pen.strokeStyle = colours[style.colour]
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
  const half = pen.measureText(text).width / 2 + 7
  const middle = Math.min(Math.max(left, half), width - half)
  pen.fillStyle = colours[style.colour]
  pen.beginPath()
  pen.roundRect(middle - half, 3, half * 2, RULER_PX - 6, 5)
  pen.fill()
  pen.fillStyle = colours.panel
  pen.fillText(text, middle, RULER_PX / 2 + 0.5)
}
