import type { Segment } from './segments.ts'

/** Spec: RFC 8216 4.3.2.5: EXT-X-MAP outside of I-frame playlists needs version 6, 4.3.2.2: EXT-X-BYTERANGE 4. */
const VERSION = 6

export type PlaylistOptions = {
  /** nothing will be added: `EXT-X-ENDLIST` */
  isClosed: boolean
  /** segments leave the list at its head */
  isLive: boolean
  /** segments that were listed before and are not any more, and discontinuities among them */
  mediaSequence?: number
  discontinuitySequence?: number
  /** segments at the end are also listed by their parts: low latency */
  hasParts?: boolean
  /** URI of a slice's file, or of its key */
  uriOf(file: string): string
}

/**
 * Spec: RFC 8216 4.3.3.1: no EXTINF, rounded to whole seconds, is above the target duration. Players poll live
 * playlists by it, so it is not larger than need be either.
 */
export const targetDurationS = (segments: readonly Segment[]): number =>
  Math.max(1, ...segments.map((segment) => Math.round(segment.durationMs / 1000)))

/** Parts are listed this many target durations back. Spec: draft-pantos-hls-rfc8216bis 4.4.4.9. */
const PARTS_TARGETS = 3
/** A fragment closes half a second after its first picture, and at the next picture; none is announced as shorter. */
const PART_MIN_S = 0.6

const partTargetS = (segments: readonly Segment[]): number => {
  const longestMs = Math.max(
    0,
    ...segments.flatMap(({ parts }) => parts ?? []).map(({ durationMs }) => durationMs),
  )
  return Math.max(PART_MIN_S, Math.ceil(longestMs / 100) / 10)
}

/** Spec: draft-pantos-hls-rfc8216bis 4.4.3.7, 4.4.3.8: players stay three parts behind the end. */
const partHeader = (segments: readonly Segment[]): string[] => {
  const target = partTargetS(segments)
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${(3 * target).toFixed(3)}`,
    `#EXT-X-PART-INF:PART-TARGET=${target.toFixed(3)}`,
  ]
}

const partLines = ({ parts = [] }: Segment, uri: string): string[] =>
  parts.map(
    ({ durationMs, bytes, offset, startsWithIdr }) =>
      `#EXT-X-PART:DURATION=${(durationMs / 1000).toFixed(6)},URI="${uri}",BYTERANGE="${bytes}@${offset}"${
        startsWithIdr ? ',INDEPENDENT=YES' : ''
      }`,
  )

/** Media playlist. Spec: RFC 8216 4.3.3. */
export const mediaPlaylist = (segments: readonly Segment[], options: PlaylistOptions): string => {
  const hasParts = options.hasParts === true && segments.some(({ parts }) => parts)
  const whole = segments.filter(({ isGrowing }) => isGrowing !== true)
  const target = targetDurationS(whole.length > 0 ? whole : segments)
  const end = segments.at(-1)
  const partsFromMs = end ? end.startMs + end.durationMs - PARTS_TARGETS * target * 1000 : 0
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${target}`,
    ...(hasParts ? partHeader(segments) : []),
    `#EXT-X-MEDIA-SEQUENCE:${options.mediaSequence ?? 0}`,
  ]
  if (options.discontinuitySequence)
    lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${options.discontinuitySequence}`)
  if (segments.every((segment) => segment.startsWithIdr)) lines.push('#EXT-X-INDEPENDENT-SEGMENTS')
  // Spec: RFC 8216 4.3.3.5: EVENT promises that the list only grows at its end, VOD that it never changes
  if (!options.isLive) lines.push(`#EXT-X-PLAYLIST-TYPE:${options.isClosed ? 'VOD' : 'EVENT'}`)

  let file = ''
  let isKeyed = false
  /** Spec: RFC 8216 4.3.2.4: a key holds for all that follows, also for an EXT-X-MAP, which here is clear. */
  const clear = (): void => {
    if (isKeyed) lines.push('#EXT-X-KEY:METHOD=NONE')
    isKeyed = false
  }
  let expectedMs = Number.NaN
  for (const [at, segment] of segments.entries()) {
    // a discontinuity before the first segment has nothing to be one from
    if (segment.discontinuity && at > 0) lines.push('#EXT-X-DISCONTINUITY')
    const uri = options.uriOf(segment.file)
    if (segment.file !== file && segment.initBytes > 0) {
      clear()
      lines.push(`#EXT-X-MAP:URI="${uri}",BYTERANGE="${segment.initBytes}@0"`)
    }
    file = segment.file
    if (segment.key) {
      const { key } = segment
      lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="${options.uriOf(key.file)}",IV=0x${key.iv}`)
      isKeyed = true
    } else clear()
    // where it does not follow from the durations before, and after every discontinuity
    if (segment.discontinuity || segment.startMs !== Math.round(expectedMs))
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(segment.startMs).toISOString()}`)
    expectedMs = segment.startMs + segment.durationMs
    if (hasParts && segment.startMs + segment.durationMs > partsFromMs)
      lines.push(...partLines(segment, uri))
    if (segment.isGrowing) continue
    lines.push(
      `#EXTINF:${(segment.durationMs / 1000).toFixed(6)},`,
      `#EXT-X-BYTERANGE:${segment.bytes}@${segment.offset}`,
      uri,
    )
  }
  if (options.isClosed) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

export type VariantOptions = { codecs: string; width: number; height: number; uri: string }

/** Bits per second of the most demanding segment. Spec: RFC 8216 4.3.4.2, BANDWIDTH. */
const peakBandwidth = (segments: readonly Segment[]): number =>
  Math.ceil(
    Math.max(
      1,
      ...segments.map(({ bytes, durationMs }) => (bytes * 8000) / Math.max(1, durationMs)),
    ),
  )

/** Master playlist with one variant. Spec: RFC 8216 4.3.4. */
export const masterPlaylist = (
  segments: readonly Segment[],
  { codecs, width, height, uri }: VariantOptions,
): string => {
  const attributes = [`BANDWIDTH=${peakBandwidth(segments)}`]
  if (codecs !== '') attributes.push(`CODECS="${codecs}"`)
  if (width > 0 && height > 0) attributes.push(`RESOLUTION=${width}x${height}`)
  return [
    '#EXTM3U',
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-STREAM-INF:${attributes.join(',')}`,
    uri,
    '',
  ].join('\n')
}
