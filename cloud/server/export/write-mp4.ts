import type { Segment } from '../hls/segments.ts'
import { segmentsOf, segmentsWithin } from '../hls/segments.ts'
import { playablePieces, sliceFileName } from '../slice.ts'
import type { Interval, Slice } from '../store/index/types.ts'
import { decryptSegment } from './decrypt.ts'
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
import {
  ExportFault,
  type Group,
  type SliceTracks,
  type TrackConfig,
  VIDEO_TIMESCALE,
} from './sample.ts'
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
  return segmentsWithin(segmentsOf(slices), startMs, endMs).map((segment) => ({
    slice: byFile.get(segment.file)!,
    segment,
  }))
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

/** GOPs in which sound is looked for that was announced. */
const PROBES_MAX = 5

/** What the sound of a slice in TS is like; it may begin behind the first GOP, when the head has long been written. */
const probeAudio = async (
  { read }: Pick<Mp4Work, 'read'>,
  wanted: ReturnType<typeof exportedSegments>,
): Promise<TrackConfig | undefined> => {
  for (const { slice, segment } of wanted.slice(0, PROBES_MAX)) {
    if (slice.format !== 'ts' || !slice.codecs.includes('mp4a')) return undefined
    const bytes = await read(slice, segment.offset, segment.offset + segment.bytes)
    const source = new TsSource(slice)
    source.read(decryptSegment(slice, segment, bytes))
    if (source.tracks.audio) return source.tracks.audio
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

  const expectedAudio = await probeAudio(work, wanted)
  let gathered: { group: Group; tracks: SliceTracks; isBreak: boolean } | undefined
  const flush = async (): Promise<void> => {
    if (gathered) await put(timeline.add(gathered.group, gathered.tracks, gathered.isBreak))
    gathered = undefined
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
            : new TsSource(slice, expectedAudio)
          : new Mp4Source(await work.read(slice, 0, slice.initBytes))
    file = segment.file
    const bytes = await work.read(slice, segment.offset, segment.offset + segment.bytes)
    const group = source!.read(decryptSegment(slice, segment, bytes))
    if (gathered && !segment.startsWithIdr && !segment.discontinuity) {
      // a fragment that was encrypted by itself is a part of a GOP
      gathered.group.video.push(...group.video)
      gathered.group.audio.push(...group.audio)
    } else {
      await flush()
      gathered = { group, tracks: source!.tracks, isBreak: segment.discontinuity }
    }
    done += segment.bytes
    work.progress(done, total)
  }
  await flush()
  await put(timeline.end())
  if (position === 0) throw new ExportFault('nothing was recorded in the range')
  const durationMs = (timeline.durationTicks * 1000) / VIDEO_TIMESCALE
  const start = head(durationMs)
  await work.write(start, 0)
  await work.write(segmentIndex(entries, room), start.length)
  return { bytes: position, durationMs, cuts: timeline.cuts }
}
