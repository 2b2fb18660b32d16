/** Ticks per second of video in an exported file: MPEG's clock, which every source's times fit. */
export const VIDEO_TIMESCALE = 90_000

/** One picture, or one audio frame. Times are in ticks of its track. */
export type Sample = {
  data: Uint8Array
  dts: number
  /** how much later it is shown than decoded */
  offset: number
  /** 0: until the next one */
  duration: number
  isSync: boolean
}

/** How a track is decoded: its sample entry, whole. Two are the same track when these bytes are the same. */
export type TrackConfig = { timescale: number; entry: Uint8Array }

/** What a GOP has. Its video times are those of its slice. */
export type Group = { video: Sample[]; audio: Sample[] }

export type SliceTracks = { video: TrackConfig; audio: TrackConfig | undefined }

/** A slice cannot be put into this file; the message says why, for people. */
export class ExportFault extends Error {}

export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at])
