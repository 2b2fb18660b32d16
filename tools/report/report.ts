import type { Fault } from '../check/fault-log.ts'
import type { VideoFormat } from '../check/picture-common.ts'
import type { GopStats } from './gop-stats.ts'

export type GopReport = {
  count: number
  pictures: number
  keyPictures: number
  minPictures: number
  maxPictures: number
  maxMs: number
  maxBytes: number
  maxKeyPictureBytes: number
}

export type TrackReport = {
  /** PID in TS, track_ID in MP4 */
  id?: number
  kind: 'video' | 'audio' | 'other'
  codec: string
  /** RFC 6381 */
  codecs?: string
  width?: number
  height?: number
  profile?: string
  level?: string
  /** measured; what the stream says is `statedFps` */
  fps?: number
  statedFps?: number
  sampleRate?: number
  channels?: number
  /** pictures, or AAC frames */
  frames: number
  bytes: number
  startMs: number
  durationMs: number
  bitRate: number
  gops?: GopReport
}

export type BufferAdvice = {
  u32MaxGopSize: number
  lowMark: number
  warnMark: number
  highMark: number
  /** what a board with little memory may go down to */
  minimum: number
}

export type InspectReport = {
  file: string
  type: 'ts' | 'fmp4' | 'h264' | 'h265'
  bytes: number
  durationMs: number
  bitRate: number
  /** bytes that are not elementary stream */
  overheadBytes?: number
  structure: Record<string, string | number>
  tracks: TrackReport[]
  advice?: BufferAdvice
  errors: number
  warnings: number
  notes: number
  faults: Fault[]
  faultCounts: Record<string, number>
}

export const gopReport = (stats: GopStats): GopReport => ({
  count: stats.gops,
  pictures: stats.pictures,
  keyPictures: stats.keyPictures,
  minPictures: stats.minGopPictures,
  maxPictures: stats.maxGopPictures,
  maxMs: Math.round(stats.maxGopMs),
  maxBytes: stats.maxGopBytes,
  maxKeyPictureBytes: stats.maxKeyBytes,
})

export const bitRateOf = (bytes: number, durationMs: number): number =>
  durationMs > 0 ? Math.round((bytes * 8000) / durationMs) : 0

/** A video track of any container. @param durationMs to the end of the last picture */
export const videoReport = (
  codec: string,
  stats: GopStats,
  format: VideoFormat | undefined,
  startMs: number,
  durationMs: number,
): TrackReport => ({
  kind: 'video',
  codec,
  ...(format === undefined
    ? {}
    : {
        codecs: format.codecs,
        width: format.width,
        height: format.height,
        profile: format.profile,
        level: format.level,
        ...(format.fps === undefined ? {} : { statedFps: format.fps }),
      }),
  ...(durationMs > 0 ? { fps: (stats.pictures * 1000) / durationMs } : {}),
  frames: stats.pictures,
  bytes: stats.bytes,
  startMs,
  durationMs,
  bitRate: bitRateOf(stats.bytes, durationMs),
  gops: gopReport(stats),
})
