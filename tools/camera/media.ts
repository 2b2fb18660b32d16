/** What a camera produces: pictures and sound (AAC frames, or blocks of 1024 samples) in the order of their times. */
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
  /** what the sound is before it is encoded; undefined: AAC with ADTS headers */
  sound?: { coding: 'pcm' | 'g711a' | 'g711u'; sampleRate: number; channels: number }
  /** 0 is variable or unknown */
  fps: number
  /** frames come when they are due; otherwise as fast as they are read, and the reader waits */
  live: boolean
  frames(): AsyncIterable<MediaFrame>
  close(): void
}
