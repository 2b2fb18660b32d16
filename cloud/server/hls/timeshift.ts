import type { Catalog } from '../catalog.ts'
import { badRequest } from '../errors.ts'
import type { Slice } from '../store/index/types.ts'
import { mediaPlaylist } from './playlist.ts'
import { type Segment, segmentsOf } from './segments.ts'

/** A day with a clock change has 25 hours. */
export const RANGE_MAX_MS = 25 * 3_600_000
/** What a live playlist lists: how far back a viewer can pause. */
const LIVE_WINDOW_MS = 30 * 60_000
/** A live playlist counts from its start; after this long the player starts a new one. */
const LIVE_MAX_MS = 6 * 3_600_000
/** Where live starts when the player does not say: enough to fill its buffer. */
export const LIVE_BACK_MS = 30_000

export type Timeshift = {
  deviceId: number
  channel: number
  fromMs: number
  /** absent: live */
  toMs?: number | undefined
  nowMs: number
}

export const checkTimeshift = ({ fromMs, toMs, nowMs }: Timeshift): void => {
  if (toMs !== undefined && toMs <= fromMs) throw badRequest('"to" must be after "from"')
  if (toMs !== undefined && toMs - fromMs > RANGE_MAX_MS)
    throw badRequest('a playlist covers at most 25 hours; ask for a shorter range')
  if (toMs === undefined && nowMs - fromMs > LIVE_MAX_MS)
    throw badRequest('a live playlist starts at most 6 hours back; give "to", or a later "from"')
}

/**
 * Segments of a range. A live list only ever grows at its end, so it stops at the first slice that is still open: one
 * that is late would otherwise appear in the middle.
 */
export const timeshiftSegments = async (
  catalog: Catalog,
  { deviceId, channel, fromMs, toMs, nowMs }: Timeshift,
): Promise<{ slices: Slice[]; segments: Segment[] }> => {
  const until = toMs ?? nowMs + LIVE_MAX_MS
  let slices = await catalog.slices({ deviceId, channel, fromMs, toMs: until })
  if (toMs === undefined) {
    const open = slices.findIndex((slice) => slice.state === 'open')
    if (open >= 0) slices = slices.slice(0, open + 1)
  }
  const segments = segmentsOf(slices).filter(
    (segment) => segment.startMs < until && segment.startMs + segment.durationMs > fromMs,
  )
  return { slices, segments }
}

/** Media playlist of a range, or of what is being recorded when the range has no end. */
export const timeshiftPlaylist = async (
  catalog: Catalog,
  timeshift: Timeshift,
  uriOf: (file: string) => string,
): Promise<{ text: string; isClosed: boolean }> => {
  const { slices, segments } = await timeshiftSegments(catalog, timeshift)
  const { toMs, nowMs } = timeshift
  if (toMs !== undefined) {
    // an open slice may still bring pictures of before `to`
    const isClosed = toMs <= nowMs && !slices.some((slice) => slice.state === 'open')
    return { text: mediaPlaylist(segments, { isClosed, uriOf }), isClosed }
  }
  const firstMs = (segments.at(-1)?.startMs ?? 0) - LIVE_WINDOW_MS
  const first = segments.findIndex((segment) => segment.startMs >= firstMs)
  const dropped = segments.slice(0, Math.max(0, first))
  const text = mediaPlaylist(segments.slice(dropped.length), {
    isClosed: false,
    mediaSequence: dropped.length,
    // a discontinuity stands before its segment: the first listed one's own has left the list with the ones before it
    discontinuitySequence: segments.filter(
      (s, at) => at > 0 && at <= dropped.length && s.discontinuity,
    ).length,
    uriOf,
  })
  return { text, isClosed: false }
}
