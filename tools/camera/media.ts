/** What a camera produces: pictures and AAC frames in the order of their times. */
export type MediaFrame = {
  kind: 'video' | 'audio'
  /** valid until the next frame is asked for */
  data: Uint8Array
  ptsMs: number
  key: boolean
}

/** An input of `skyrill push`. */
export type MediaSource = {
  codec: 'h264' | 'h265'
  hasAudio: boolean
  /** 0 is variable or unknown */
  fps: number
  /** frames come when they are due; otherwise as fast as they are read, and the reader waits */
  live: boolean
  frames(): AsyncIterable<MediaFrame>
  close(): void
}
