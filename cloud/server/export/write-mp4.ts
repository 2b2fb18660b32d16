import type { Segment } from '../hls/segments.ts'
import { segmentsOf } from '../hls/segments.ts'
import { playablePieces, sliceFileName } from '../slice.ts'
import type { Interval, Slice } from '../store/index/types.ts'
import { fragment } from './mp4/fragment.ts'
import {
  AUDIO_TRACK,
  type IndexEntry,
  indexRoom,
  initSegment,
  segmentIndex,
  VIDEO_TRACK,
} from './mp4/init.ts'
import { Mp4Source } from './mp4/source.ts'
import { ExportFault, type Group, VIDEO_TIMESCALE } from './sample.ts'
import { ExportTimeline } from './timeline.ts'
import { TsSource } from './ts/source.ts'

export type Mp4Result = { bytes: number; durationMs: number; cuts: number }

export type Mp4Work = {
  slices: readonly Slice[]
  range: Interval
  read(slice: Slice, start: number, end: number): Promise<Uint8Array>
  /** writes at a place of the file */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** bytes of the source that are done, of all; throws to give up */
  progress(done: number, total: number): void
}

/** GOPs that the range touches, each with its slice. */
export const exportedSegments = (
  slices: readonly Slice[],
  { startMs, endMs }: Interval,
): { slice: Slice; segment: Segment }[] => {
  const byFile = new Map(slices.map((slice) => [sliceFileName(slice), slice]))
  return segmentsOf(slices)
    .filter((one) => one.startMs < endMs && one.startMs + one.durationMs > startMs)
    .map((segment) => ({ slice: byFile.get(segment.file)!, segment }))
}

/** Where the recording of a range changes so that one file cannot hold it; undefined when it does not. */
export const findChange = (
  slices: readonly Slice[],
): { atMs: number; what: string } | undefined => {
  const [first] = slices
  const kinds = ({ codecs }: Slice) =>
    codecs
      .split(',')
      .map((codec) => codec.trim().split('.')[0])
      .sort()
      .join(' and ')
  for (const slice of slices) {
    const atMs = playablePieces(slice)[0]?.t ?? slice.startUtcMs
    const [a, b] = [first!, slice]
    if (kinds(a) !== kinds(b)) return { atMs, what: `from ${kinds(a)} to ${kinds(b)}` }
    if (a.width !== b.width || a.height !== b.height)
      return { atMs, what: `from ${a.width}x${a.height} to ${b.width}x${b.height}` }
    if (a.format !== b.format) return { atMs, what: `from ${a.format} to ${b.format}` }
  }
  return undefined
}

/**
 * Writes the GOPs of a range as one fragmented MP4 file, encoded as they are. One GOP and the one before are in memory at a time. The
 * head has room for an index of the fragments, which is written when the rest is there.
 */
export const writeMp4 = async (work: Mp4Work): Promise<Mp4Result> => {
  const wanted = exportedSegments(work.slices, work.range)
  const [first] = wanted
  if (!first) throw new ExportFault('nothing was recorded in the range')
  const total = wanted.reduce((sum, { segment }) => sum + segment.bytes, 0)
  const timeline = new ExportTimeline()
  const entries: IndexEntry[] = []
  const room = indexRoom(wanted.length)
  const head = (durationMs: number) => initSegment(timeline.tracks!, first.slice, durationMs)
  let position = 0
  const put = async (group: Group | undefined): Promise<void> => {
    if (!group) return
    if (position === 0) position = head(0).length + room
    const bytes = fragment(entries.length + 1, [
      { id: VIDEO_TRACK, samples: group.video },
      { id: AUDIO_TRACK, samples: group.audio },
    ])
    await work.write(bytes, position)
    position += bytes.length
    const durationTicks = group.video.reduce((sum, { duration }) => sum + duration, 0)
    entries.push({ bytes: bytes.length, durationTicks })
  }

  let source: TsSource | Mp4Source | undefined
  let file = ''
  let done = 0
  for (const { slice, segment } of wanted) {
    if (segment.file !== file)
      source =
        slice.format === 'ts'
          ? source instanceof TsSource && !segment.discontinuity
            ? source
            : new TsSource(slice)
          : new Mp4Source(await work.read(slice, 0, slice.initBytes))
    file = segment.file
    const bytes = await work.read(slice, segment.offset, segment.offset + segment.bytes)
    const group = source!.read(bytes)
    await put(timeline.add(group, source!.tracks, segment.discontinuity))
    done += segment.bytes
    work.progress(done, total)
  }
  await put(timeline.end())
  if (position === 0) throw new ExportFault('nothing was recorded in the range')
  const durationMs = (timeline.durationTicks * 1000) / VIDEO_TIMESCALE
  const start = head(durationMs)
  await work.write(start, 0)
  await work.write(segmentIndex(entries, room), start.length)
  return { bytes: position, durationMs, cuts: timeline.cuts }
}
