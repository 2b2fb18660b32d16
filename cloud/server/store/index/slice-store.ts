import type { Piece, SliceEnd, SliceStart } from '../../contract.ts'

/** `open` grows; `cut` was closed by the cloud (its device may still complete it); `done` is what its device made it. */
export const SLICE_STATES = ['open', 'cut', 'done'] as const
export type SliceState = (typeof SLICE_STATES)[number]

export type Slice = SliceStart & {
  deviceId: number
  channel: number
  state: SliceState
  /** acknowledged bytes */
  bytes: number
  /** sorted by offset, without gaps; only the last can be `open` */
  pieces: Piece[]
  end?: SliceEnd
  /** its times have been moved by so much since its device labelled it: its clock was wrong */
  shiftMs?: number
}

export type SliceRange = { deviceId: number; channel: number; fromMs: number; toMs: number }

/** What has to be known of a slice to delete it. */
export type OldSlice = Pick<Slice, 'id' | 'channel' | 'format' | 'bytes'>

/** A half-open interval of UTC in ms. */
export type Interval = { startMs: number; endMs: number }

/** Slices in the index. Every call may be repeated. */
export type SliceStore = {
  /** Inserts or replaces, all or none. Slices of devices that are gone are left out. */
  putSlices(slices: readonly Slice[]): Promise<void>
  slice(deviceId: number, channel: number, id: string): Promise<Slice | undefined>
  /** slices with pictures in the range, in order of time */
  slices(range: SliceRange): Promise<Slice[]>
  /** the last slice that starts before a moment */
  sliceBefore(deviceId: number, channel: number, beforeMs: number): Promise<Slice | undefined>
  /** slices that ended before a moment, oldest first */
  slicesBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<OldSlice[]>
  deleteSlices(deviceId: number, channel: number, ids: readonly string[]): Promise<void>
  /** recorded time in the range; what lies at most `gapMs` apart is one interval */
  timeline(range: SliceRange, gapMs: number): Promise<Interval[]>
  /** for each interval, whether anything was recorded in it */
  recordedIn(deviceId: number, channel: number, intervals: readonly Interval[]): Promise<boolean[]>
}
