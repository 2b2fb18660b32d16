import type { Catalog } from './catalog.ts'
import { eventPath } from './events/view.ts'
import type { Losses } from './losses/losses.ts'
import type { Device, IndexStore } from './store/index/types.ts'

/** An answer has at most about this many of each: more than a screen has columns. */
export const POINTS_MAX = 2000

export type TimelineQuery = {
  channel: number
  fromMs: number
  toMs: number
  /** what one point of a drawing stands for, ms; 0: as fine as the bound allows */
  resolutionMs: number
  gapMs: number
}

/** A loss, or several that lie close together and have one cause. */
type LossMark = {
  id: string | null
  startMs: number
  endMs: number
  bytes: number
  cause: string
}

/** Losses of one cause that lie less than a step apart, as one. */
export const gatherLosses = (losses: readonly LossMark[], stepMs: number): LossMark[] => {
  const gathered: LossMark[] = []
  const latest = new Map<string, LossMark>()
  for (const loss of losses.toSorted((a, b) => a.startMs - b.startMs)) {
    const before = latest.get(loss.cause)
    if (before && loss.startMs < before.endMs + stepMs) {
      before.id = null
      before.endMs = Math.max(before.endMs, loss.endMs)
      before.bytes += loss.bytes
      continue
    }
    const mark = { ...loss }
    latest.set(loss.cause, mark)
    gathered.push(mark)
  }
  return gathered
}

/** Recordings, losses and events of a range: one answer from a month down to seconds. */
export const timelineOf = async (
  { catalog, index, losses }: { catalog: Catalog; index: IndexStore; losses: Losses },
  device: Device,
  { channel, fromMs, toMs, resolutionMs: asked, gapMs }: TimelineQuery,
) => {
  const resolutionMs = Math.max(asked, Math.ceil((toMs - fromMs) / POINTS_MAX))
  const range = { deviceId: device.id, channel, fromMs, toMs }
  const [recordings, marks, missing] = await Promise.all([
    catalog.timeline(range, Math.max(gapMs, resolutionMs)),
    index.eventMarks({ ...range, stepMs: resolutionMs }),
    losses.missing(range),
  ])
  const events = marks.map(({ hasPicture, ...mark }) => ({
    ...mark,
    picture: hasPicture ? `${eventPath(device, channel, mark.key)}/picture` : null,
  }))
  return {
    fromMs,
    toMs,
    resolutionMs,
    recordings,
    losses: gatherLosses(missing, resolutionMs),
    events,
  }
}
