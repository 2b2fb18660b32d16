import * as abi from './abi.gen.ts'

/** One slice: a file that plays by itself. Reuse one record for many reads. */
export class SliceRecord {
  number = -1
  /** stream positions; the end grows while the slice is open */
  start = 0
  end = 0
  /** bytes evicted before they were released */
  lostBytes = 0
  utcMsA = 0
  utcMsB = 0
  ptsMsA = 0
  ptsMsB = 0
  seqA = 0
  seqB = 0
  videoFrames = 0
  audioFrames = 0
  /** a `CLOSED_*` reason; 0 while open */
  closed = 0
  /** does not continue the slice before */
  discontinuity = false
  /** `TRACK_*` bits */
  tracks = 0
  /** id of its init segment; -1 with TS */
  init = -1

  read(view: DataView, at: number): this {
    this.start = view.getFloat64(at + abi.SLICE_START, true)
    this.end = view.getFloat64(at + abi.SLICE_END, true)
    this.lostBytes = view.getFloat64(at + abi.SLICE_LOST, true)
    this.utcMsA = view.getFloat64(at + abi.SLICE_UTC_A, true)
    this.utcMsB = view.getFloat64(at + abi.SLICE_UTC_B, true)
    this.ptsMsA = view.getFloat64(at + abi.SLICE_PTS_A, true)
    this.ptsMsB = view.getFloat64(at + abi.SLICE_PTS_B, true)
    this.number = view.getInt32(at + abi.SLICE_NUMBER, true)
    this.closed = view.getInt32(at + abi.SLICE_CLOSED, true)
    this.seqA = view.getUint32(at + abi.SLICE_SEQ_A, true)
    this.seqB = view.getUint32(at + abi.SLICE_SEQ_B, true)
    this.videoFrames = view.getInt32(at + abi.SLICE_VIDEO_FRAMES, true)
    this.audioFrames = view.getInt32(at + abi.SLICE_AUDIO_FRAMES, true)
    this.discontinuity = view.getInt32(at + abi.SLICE_DISCONTINUITY, true) !== 0
    this.tracks = view.getInt32(at + abi.SLICE_TRACKS, true)
    this.init = view.getInt32(at + abi.SLICE_INIT, true)
    return this
  }
}

/** One GOP (TS) or fragment (fMP4): what the cloud indexes. */
export class UnitRecord {
  start = 0
  end = 0
  utcMs = 0
  ptsMs = 0
  durationMs = 0
  slice = -1
  idr = false
  closed = false
  videoFrames = 0

  read(view: DataView, at: number): this {
    this.start = view.getFloat64(at + abi.UNIT_START, true)
    this.end = view.getFloat64(at + abi.UNIT_END, true)
    this.utcMs = view.getFloat64(at + abi.UNIT_UTC, true)
    this.ptsMs = view.getFloat64(at + abi.UNIT_PTS, true)
    this.durationMs = view.getFloat64(at + abi.UNIT_DURATION, true)
    this.slice = view.getInt32(at + abi.UNIT_SLICE, true)
    this.idr = view.getInt32(at + abi.UNIT_IDR, true) !== 0
    this.closed = view.getInt32(at + abi.UNIT_CLOSED, true) !== 0
    this.videoFrames = view.getInt32(at + abi.UNIT_FRAMES, true)
    return this
  }
}

/** One video frame of the ring's index. */
export class FrameRecord {
  position = 0
  ptsMs = 0
  utcMs = 0
  seq = 0
  idr = false

  read(view: DataView, at: number): this {
    this.position = view.getFloat64(at + abi.FRAME_POSITION, true)
    this.ptsMs = view.getFloat64(at + abi.FRAME_PTS, true)
    this.utcMs = view.getFloat64(at + abi.FRAME_UTC, true)
    this.seq = view.getUint32(at + abi.FRAME_SEQ, true)
    this.idr = view.getInt32(at + abi.FRAME_IDR, true) !== 0
    return this
  }
}

const COUNTERS = {
  refusedEmpty: abi.STATE_REFUSED_EMPTY,
  refusedGarbage: abi.STATE_REFUSED_GARBAGE,
  refusedNeedIdr: abi.STATE_REFUSED_NEED_IDR,
  refusedSeveralPictures: abi.STATE_REFUSED_SEVERAL_PICTURES,
  refusedBSlice: abi.STATE_REFUSED_B_SLICE,
  refusedNoParameterSets: abi.STATE_REFUSED_NO_PARAMETER_SETS,
  refusedFormat: abi.STATE_REFUSED_FORMAT,
  refusedTime: abi.STATE_REFUSED_TIME,
  refusedFull: abi.STATE_REFUSED_FULL,
  refusedTooLarge: abi.STATE_REFUSED_TOO_LARGE,
  refusedAudio: abi.STATE_REFUSED_AUDIO,
  audioEarly: abi.STATE_AUDIO_EARLY,
  audioDropped: abi.STATE_AUDIO_DROPPED,
  wrongFrameType: abi.STATE_WRONG_FRAME_TYPE,
  insertedParameterSets: abi.STATE_INSERTED_SETS,
  droppedRasl: abi.STATE_DROPPED_RASL,
  discontinuities: abi.STATE_DISCONTINUITIES,
  evictedUnits: abi.STATE_EVICTED_UNITS,
  inbandParameterSets: abi.STATE_INBAND_SETS,
} as const

export type CoreCounters = Record<keyof typeof COUNTERS, number> & {
  videoFrames: number
  audioFrames: number
  bytesIn: number
  bytesLost: number
  payloadBytes: number
}

/** A snapshot of all counters since open. */
export const readCounters = (i32: Int32Array, f64: Float64Array): CoreCounters => ({
  ...(Object.fromEntries(
    Object.entries(COUNTERS).map(([name, offset]) => [name, i32[offset >> 2]! >>> 0]),
  ) as Record<keyof typeof COUNTERS, number>),
  videoFrames: i32[abi.STATE_VIDEO_FRAMES >> 2]! >>> 0,
  audioFrames: i32[abi.STATE_AUDIO_FRAMES >> 2]! >>> 0,
  bytesIn: f64[abi.STATE_BYTES_IN >> 3]!,
  bytesLost: f64[abi.STATE_BYTES_LOST >> 3]!,
  payloadBytes: f64[abi.STATE_PAYLOAD_BYTES >> 3]!,
})
