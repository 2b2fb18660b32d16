import { Mp4Checker } from '../mp4/checker.ts'
import { bitRateOf, type InspectReport, type TrackReport, videoReport } from './report.ts'

const tracksOf = (checker: Mp4Checker): TrackReport[] => {
  const tracks: TrackReport[] = []
  for (const track of checker.tracks.values()) {
    const totals = checker.totals.get(track.id)
    if (!totals) continue
    const ms = (time: number): number => (track.timescale > 0 ? (time * 1000) / track.timescale : 0)
    const startMs = ms(totals.firstTime)
    const durationMs = ms((totals.nextTime ?? totals.firstTime) - totals.firstTime)
    const video = checker.video.get(track.id)
    if (video) {
      tracks.push({
        id: track.id,
        ...videoReport(video.codec, video.gops, video.format, startMs, durationMs),
      })
      continue
    }
    const isAac = track.entry?.type === 'mp4a'
    tracks.push({
      id: track.id,
      kind: track.kind,
      codec: isAac ? 'aac' : (track.entry?.type ?? 'unknown'),
      ...(isAac ? { codecs: 'mp4a.40.2' } : {}),
      sampleRate: track.entry?.sampleRate ?? 0,
      channels: track.entry?.channels ?? 0,
      frames: totals.samples,
      bytes: totals.bytes,
      startMs,
      durationMs,
      bitRate: bitRateOf(totals.bytes, durationMs),
    })
  }
  return tracks
}

export const inspectMp4 = (file: string, chunks: Iterable<Uint8Array>): InspectReport => {
  const boxes = new Map<string, number>()
  const checker = new Mp4Checker({
    box: ({ type }) => boxes.set(type, (boxes.get(type) ?? 0) + 1),
  })
  for (const chunk of chunks) checker.push(chunk)
  checker.finish()
  const { log, bytes } = checker
  const tracks = tracksOf(checker)
  const durationMs = Math.max(0, ...tracks.map((track) => track.durationMs))
  return {
    file,
    type: 'fmp4',
    bytes,
    durationMs,
    bitRate: bitRateOf(bytes, durationMs),
    overheadBytes: checker.overheadBytes,
    structure: {
      brands: checker.brands.join(' '),
      'init segment, bytes': checker.initBytes,
      fragments: checker.fragments,
      boxes: [...boxes].map(([type, count]) => `${count} ${type}`).join(', '),
    },
    tracks,
    errors: log.count('error'),
    warnings: log.count('warning'),
    notes: log.count('note'),
    faults: log.faults,
    faultCounts: log.counts,
  }
}
