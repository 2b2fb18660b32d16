import { AAC_FRAME_SAMPLES } from '../../runtime/source/adts.ts'
import { TsChecker } from '../ts/checker.ts'
import { PTS_HZ } from '../ts/pes.ts'
import { STREAM_TYPES } from '../ts/psi.ts'
import { bitRateOf, type InspectReport, type TrackReport, videoReport } from './report.ts'

const MS = PTS_HZ / 1000

const tracksOf = (checker: TsChecker): TrackReport[] => {
  const tracks: TrackReport[] = []
  for (const [pid, type] of checker.streamTypes) {
    const video = checker.video.get(pid)
    const audio = checker.audio.get(pid)
    if (video) {
      const durationMs = (video.times.ticks + video.times.lastStepTicks) / MS
      const startMs = (video.times.firstPts ?? 0) / MS
      tracks.push({
        id: pid,
        ...videoReport(video.codec, video.gops, video.format, startMs, durationMs),
      })
    } else if (audio) {
      const rate = audio.header?.sampleRate ?? 0
      const durationMs = rate > 0 ? (audio.frames * AAC_FRAME_SAMPLES * 1000) / rate : 0
      tracks.push({
        id: pid,
        kind: 'audio',
        codec: 'aac',
        codecs: 'mp4a.40.2',
        sampleRate: rate,
        channels: audio.header?.channelConfiguration ?? 0,
        frames: audio.frames,
        bytes: audio.bytes,
        startMs: (audio.times.firstPts ?? 0) / MS,
        durationMs,
        bitRate: bitRateOf(audio.bytes, durationMs),
      })
    } else {
      const codec = STREAM_TYPES[type] ?? `stream_type ${type}`
      tracks.push({
        id: pid,
        kind: 'other',
        codec,
        frames: 0,
        bytes: 0,
        startMs: 0,
        durationMs: 0,
        bitRate: 0,
      })
    }
  }
  return tracks
}

export const inspectTs = (file: string, chunks: Iterable<Uint8Array>): InspectReport => {
  let pats = 0
  let pmts = 0
  const checker = new TsChecker({
    table: (kind) => {
      if (kind === 'pat') pats++
      else pmts++
    },
  })
  for (const chunk of chunks) checker.push(chunk)
  checker.finish()
  const { clock, log, bytes } = checker
  const tracks = tracksOf(checker)
  const durationMs = Math.max(0, ...tracks.map((track) => track.durationMs))
  const lead = (ms: number): number => (Number.isFinite(ms) ? Math.round(ms) : 0)
  return {
    file,
    type: 'ts',
    bytes,
    durationMs,
    bitRate: bitRateOf(bytes, durationMs),
    overheadBytes: checker.overheadBytes,
    structure: {
      packets: checker.packets,
      PAT: pats,
      PMT: pmts,
      'PCR PID': clock.pcrPid ?? 'none',
      PCRs: clock.count,
      'PCR interval at most, ms': Number(clock.maxIntervalMs.toFixed(1)),
      'DTS after PCR, ms': `${lead(clock.minLeadMs)} to ${lead(clock.maxLeadMs)}`,
    },
    tracks,
    errors: log.count('error'),
    warnings: log.count('warning'),
    notes: log.count('note'),
    faults: log.faults,
    faultCounts: log.counts,
  }
}
