import type { Catalog } from '../catalog.ts'
import { badRequest } from '../errors.ts'
import { checkSpan } from '../span.ts'
import type { Slice } from '../store/index/types.ts'
import type { LiveLists } from './live-lists.ts'
import { mediaPlaylist } from './playlist.ts'
import { type Segment, segmentsOf, segmentsWithin } from './segments.ts'

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
  if (toMs !== undefined) checkSpan({ startMs: fromMs, endMs: toMs }, RANGE_MAX_MS)
  if (toMs === undefined && nowMs - fromMs > LIVE_MAX_MS)
    throw badRequest('a live playlist starts at most 6 hours back; give "to", or a later "from"')
}

/** Format and kinds of tracks; players make their buffers for these once. */
const tracksOf = ({ format, codecs }: Slice): string => {
  const kinds = codecs.split(',').map((codec) => codec.trim().split('.')[0])
  return [format, ...kinds.sort()].join(' ')
}

export type TimeshiftSegments = {
  slices: Slice[]
  segments: Segment[]
  /** nothing can be added any more */
  isClosed: boolean
}

/**
 * Segments of a range. The list ends where the tracks change (another container, another codec, audio that comes or
 * goes), as no player can go on there; it asks for another one from there. A live list only ever grows at its end, so
 * it stops at the first slice that is still open, and slices that come late are left out (`LiveLists`).
 */
export const timeshiftSegments = async (
  catalog: Catalog,
  { deviceId, channel, fromMs, toMs, nowMs }: Timeshift,
  liveLists?: LiveLists,
  withParts = false,
): Promise<TimeshiftSegments> => {
  const until = toMs ?? nowMs + LIVE_MAX_MS
  const there = await catalog.slices({ deviceId, channel, fromMs, toMs: until })
  const key = `${deviceId}/${channel}/${fromMs}-${toMs ?? ''}`
  const found = liveLists && until > nowMs ? liveLists.admit(key, there, nowMs) : there
  const change = found.findIndex((slice) => tracksOf(slice) !== tracksOf(found[0]!))
  let slices = change < 0 ? found : found.slice(0, change)
  const open = slices.findIndex((slice) => slice.state === 'open')
  if (toMs === undefined && open >= 0) slices = slices.slice(0, open + 1)
  const segments = segmentsWithin(segmentsOf(slices, withParts), fromMs, until)
  // an open slice may still bring pictures of before `to`
  const isOver = toMs !== undefined && toMs <= nowMs
  return { slices, segments, isClosed: open < 0 && (isOver || change >= 0) }
}

/** Media playlist of a range, or of what is being recorded when the range has no end. */
export const timeshiftPlaylist = async (
  catalog: Catalog,
  timeshift: Timeshift,
  uriOf: (file: string) => string,
  liveLists?: LiveLists,
): Promise<string> =>
  playlistText(await timeshiftSegments(catalog, timeshift, liveLists), timeshift, uriOf)

/** The list itself: of a range all of it, live the last half hour. */
export const playlistText = (
  { segments, isClosed }: Pick<TimeshiftSegments, 'segments' | 'isClosed'>,
  timeshift: Pick<Timeshift, 'toMs'>,
  uriOf: (file: string) => string,
  hasParts = false,
): string => {
  if (timeshift.toMs !== undefined)
    return mediaPlaylist(segments, { isClosed, isLive: false, uriOf })
  const firstMs = (segments.at(-1)?.startMs ?? 0) - LIVE_WINDOW_MS
  const first = Math.max(
    0,
    segments.findIndex((segment) => segment.startMs >= firstMs),
  )
  // a discontinuity stands before its segment: that of the first listed one has left with the segments before
  const left = segments.slice(1, first + 1)
  return mediaPlaylist(segments.slice(first), {
    isClosed,
    isLive: true,
    mediaSequence: first,
    discontinuitySequence: left.filter((segment) => segment.discontinuity).length,
    hasParts,
    uriOf,
  })
}
