import {
  addDays,
  isoDate,
  midnight,
  minuteText,
  shortDateText,
  timeText,
  type Zone,
} from '../time.ts'
import { spanOf, type View } from './view.ts'

export type Tick = { atMs: number; label: string; isDay: boolean }

const MINUTE_S = 60
const HOUR_S = 3600
const DAY_S = 86_400
/** Distances of labelled ticks, in seconds: what people count in. */
const STEPS_S = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((m) => m * MINUTE_S),
  ...[1, 2, 3, 6, 12].map((h) => h * HOUR_S),
  ...[1, 2, 7, 14].map((d) => d * DAY_S),
]
const LABEL_MIN_PX = 66

/** Ticks count from each midnight of the zone, so that they stay on full hours on days with a clock change too. */
export const ticksOf = (view: View, width: number, zone: Zone): Tick[] => {
  const perPx = spanOf(view) / width
  const stepS = STEPS_S.find((s) => (s * 1000) / perPx >= LABEL_MIN_PX) ?? STEPS_S.at(-1)!
  const stepMs = stepS * 1000
  const label = stepS < MINUTE_S ? timeText : minuteText
  const ticks: Tick[] = []
  const stepDays = Math.max(1, stepS / DAY_S)
  // whole weeks and fortnights count from a fixed Monday, or panning would move the ticks
  const first = isoDate(view.fromMs, zone)
  const dayNumber = Math.round(Date.parse(first) / 86_400_000) + 3
  let date = addDays(first, -(dayNumber % stepDays))
  for (let startMs = midnight(date, zone); startMs < view.toMs; ) {
    if (startMs >= view.fromMs)
      ticks.push({ atMs: startMs, label: shortDateText(startMs, zone), isDay: true })
    date = addDays(date, stepDays)
    const nextMs = midnight(date, zone)
    if (stepS < DAY_S) {
      const skipped = Math.max(1, Math.ceil((view.fromMs - startMs) / stepMs))
      const endMs = Math.min(nextMs, view.toMs)
      for (let at = startMs + skipped * stepMs; at < endMs; at += stepMs)
        ticks.push({ atMs: at, label: label(at, zone), isDay: false })
    }
    startMs = nextMs
  }
  return ticks
}
