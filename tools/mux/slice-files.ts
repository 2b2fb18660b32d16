import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Core } from '../../core-wasm/index.ts'
import { SliceRecord, TRACK_AUDIO, TRACK_VIDEO } from '../../core-wasm/index.ts'

export type SliceReport = {
  file: string
  bytes: number
  /** of the init segment at its start; 0 with TS */
  initBytes: number
  /** video pictures */
  frames: number
  audioFrames: number
  startPtsMs: number
  endPtsMs: number
  /** from the first picture's start to the last one's end */
  durationMs: number
  startUtcMs: number
  endUtcMs: number
  tracks: string[]
  /** does not continue the slice before */
  discontinuity: boolean
}

const NAME = /^slice-\d{6}\.(ts|mp4)$/

/** Makes the folder and removes slices that an earlier run left in it; other files are not touched. */
export const prepareFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) if (NAME.test(name)) rmSync(join(folder, name))
}

/** Writes what a core muxes into one file per slice, as it comes, and releases it. */
export class SliceFiles {
  readonly slices: SliceReport[] = []
  readonly #folder: string
  readonly #extension: string
  readonly #record = new SliceRecord()
  #core: Core
  #position = 0
  #number = 0
  #file: number | undefined
  #initBytes = 0
  /** how long the last picture of a slice is shown, or its last sound lasts */
  lastFrameMs = 0

  constructor(core: Core, folder: string, format: 'ts' | 'fmp4') {
    this.#core = core
    this.#folder = folder
    this.#extension = format === 'ts' ? 'ts' : 'mp4'
  }

  /** Goes on with another core: the one before was flushed and drained. */
  attach(core: Core): void {
    this.#core = core
    this.#position = 0
    this.#number = 0
  }

  get #name(): string {
    return `slice-${String(this.slices.length).padStart(6, '0')}.${this.#extension}`
  }

  /** Writes everything up to the core's head. */
  drain(): void {
    const core = this.#core
    for (;;) {
      const slice = core.slice(this.#number, this.#record)
      if (!slice) return
      const end = Math.min(slice.end, core.head)
      const ready = end > this.#position || (slice.closed !== 0 && this.#file !== undefined)
      if (!ready) return
      if (this.#file === undefined) this.#begin(slice)
      while (this.#position < end) {
        const piece = core.piece(this.#position, end - this.#position)
        writeSync(this.#file!, piece)
        this.#position += piece.length
      }
      core.release(this.#position)
      if (slice.closed === 0 || this.#position < slice.end) return
      this.#finish(slice)
      this.#number++
    }
  }

  #begin(slice: SliceRecord): void {
    this.#file = openSync(join(this.#folder, this.#name), 'w')
    this.#initBytes = 0
    if (slice.init < 0) return
    const init = this.#core.initSegment(slice.init)
    this.#initBytes = init.length
    writeSync(this.#file, init)
  }

  #finish(slice: SliceRecord): void {
    closeSync(this.#file!)
    this.#file = undefined
    const tracks: string[] = []
    if ((slice.tracks & TRACK_VIDEO) !== 0) tracks.push('video')
    if ((slice.tracks & TRACK_AUDIO) !== 0) tracks.push('audio')
    this.slices.push({
      file: this.#name,
      bytes: slice.end - slice.start + this.#initBytes,
      initBytes: this.#initBytes,
      frames: slice.videoFrames,
      audioFrames: slice.audioFrames,
      startPtsMs: slice.ptsMsA,
      endPtsMs: slice.ptsMsB,
      durationMs: slice.ptsMsB - slice.ptsMsA + this.lastFrameMs,
      startUtcMs: slice.utcMsA,
      endUtcMs: slice.utcMsB,
      tracks,
      discontinuity: slice.discontinuity,
    })
  }
}
