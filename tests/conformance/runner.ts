/** Runs vectors on a core: the reference of what README.md describes. */
import { createHash, type Hash } from 'node:crypto'
import {
  Core,
  CoreError,
  type CoreOptions,
  SliceRecord,
  UnitRecord,
} from '../../core-wasm/index.ts'
import type { Expected, Mutate, StateField, Step, Vector } from './format.ts'

const MUTATE_FRAME_MS = 40

export type Pieces = (name: string) => Uint8Array

/** What a run gave: compare with the vector, or record it. */
export type Outcome = {
  open: number
  statuses: number[]
  /** by step number, of mutate steps */
  hashes: Map<number, string>
  expect: Omit<Expected, 'state'>
  state: (offset: number, type: StateField[1]) => number
}

/** xorshift32: the same numbers in every language. */
export const xorshift = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state ^ (state << 13)) >>> 0
    state = (state ^ (state >>> 17)) >>> 0
    state = (state ^ (state << 5)) >>> 0
    return state
  }
}

/** One damaged copy: a cut in one case of four, then one to eight changed bytes. */
const damage = (piece: Uint8Array, next: () => number): Uint8Array => {
  const length = (next() & 3) === 0 ? next() % (piece.length + 1) : piece.length
  const copy = Uint8Array.from(piece.subarray(0, length)) // a Buffer's slice() would share the bytes
  const changes = 1 + (next() % 8)
  for (let i = 0; i < changes && length > 0; i++) {
    const at = next() % length
    copy[at] = next() & 0xff
  }
  return copy
}

const microseconds = (ms: number): number => Math.floor(ms * 1000 + 0.5)

const sliceLine = (s: SliceRecord): string =>
  [
    ...[s.number, s.start, s.end, s.lostBytes, s.utcMsA, s.utcMsB, s.ptsMsA, s.ptsMsB, s.seqA],
    ...[s.seqB, s.videoFrames, s.audioFrames, s.closed, s.discontinuity ? 1 : 0, s.tracks, s.init],
  ].join(' ')

const unitLine = (u: UnitRecord): string =>
  [
    ...[u.start, u.end, u.utcMs, u.ptsMs, microseconds(u.durationMs), u.slice],
    ...[u.idr ? 1 : 0, u.videoFrames],
  ].join(' ')

class Run {
  readonly statuses: number[] = []
  readonly hashes = new Map<number, string>()
  readonly slices: string[] = []
  readonly units: string[] = []
  bytes = 0
  readonly #stream: Hash = createHash('sha256')
  readonly #slice = new SliceRecord()
  readonly #unit = new UnitRecord()
  #nextSlice = 0
  #nextUnit = 0
  #drainSlice = 0
  #lastInit = -1
  #reserved = -1
  readonly #core: Core
  readonly #pieces: Pieces

  constructor(core: Core, pieces: Pieces) {
    this.#core = core
    this.#pieces = pieces
  }

  get sha256(): string {
    return this.#stream.copy().digest('hex')
  }

  step(step: Step, index: number): void {
    const core = this.#core
    switch (step.do) {
      case 'video':
        this.#done(core.copyVideo(this.#pieces(step.data), step.pts, step.utc, step.seq, step.type))
        break
      case 'audio':
        this.#done(core.copyAudio(this.#pieces(step.data), step.pts, step.utc, step.seq))
        break
      case 'reserve':
        this.#reserved = core.reserve(step.bytes)
        this.#done(Math.min(0, this.#reserved))
        break
      case 'commit': {
        const frame = this.#pieces(step.data)
        core.bytes.set(frame, this.#reserved)
        const { pts, utc, seq, type } = step
        this.#done(core.pushVideo(this.#reserved, frame.length, pts, utc, seq, type))
        break
      }
      case 'flush':
        this.#done(core.flush(step.why))
        break
      case 'closeFragment':
        this.#done(core.closeFragment())
        break
      case 'hold':
        this.#done(core.hold(step.from, step.to))
        break
      case 'release':
        this.#done(core.release(step.position))
        break
      case 'drain':
        this.drain(step.bytes)
        this.#done(0)
        break
      case 'mutate':
        this.hashes.set(index, this.#mutate(step))
        this.#done(0)
        break
    }
  }

  /** Reads and releases at most `limit` bytes (0: all); an init segment goes in front of the first byte that needs it. */
  drain(limit: number): void {
    const core = this.#core
    let from = core.tail
    const to = limit > 0 ? Math.min(core.head, from + limit) : core.head
    while (from < to) {
      const slice = this.#sliceAt(from)
      if (slice.init >= 0 && slice.init !== this.#lastInit) {
        this.#write(core.initSegment(slice.init))
        this.#lastInit = slice.init
      }
      const end = Math.min(to, slice.end)
      for (const view of core.span(from, end - from)) this.#write(view)
      from = end
    }
    core.release(to)
    this.collect()
  }

  /** Records of what is closed, once each. */
  collect(): void {
    const core = this.#core
    for (; this.#nextSlice < core.nextSlice; this.#nextSlice++) {
      const record = core.slice(this.#nextSlice, this.#slice)
      if (record === undefined || record.closed === 0) break
      this.slices.push(sliceLine(record))
    }
    for (; this.#nextUnit < core.nextUnit; this.#nextUnit++) {
      const record = core.unit(this.#nextUnit, this.#unit)
      if (record === undefined || !record.closed) break
      this.units.push(unitLine(record))
    }
  }

  #sliceAt(position: number): SliceRecord {
    for (;;) {
      const slice = this.#core.slice(this.#drainSlice, this.#slice)
      if (slice !== undefined && position < slice.end) return slice
      if (++this.#drainSlice >= this.#core.nextSlice) throw new Error(`no slice at ${position}`)
    }
  }

  #write(bytes: Uint8Array): void {
    this.#stream.update(bytes)
    this.bytes += bytes.length
  }

  #done(status: number): void {
    this.statuses.push(status)
  }

  #mutate(step: Mutate): string {
    const next = xorshift(step.seed)
    const statuses = new DataView(new ArrayBuffer(4 * step.count))
    for (let i = 0; i < step.count; i++) {
      const piece = this.#pieces(step.pieces[i % step.pieces.length] as string)
      const at = MUTATE_FRAME_MS * i
      const type = i % step.pieces.length === 0 ? 0 : 1
      const frame = damage(piece, next)
      const status = this.#core.copyVideo(frame, step.pts + at, step.utc + at, step.seq + i, type)
      statuses.setInt32(4 * i, status, true)
      this.drain(0)
    }
    return createHash('sha256').update(new Uint8Array(statuses.buffer)).digest('hex')
  }
}

const open = async (vector: Vector, options: CoreOptions): Promise<Core | number> => {
  try {
    return await Core.create(vector.config, options)
  } catch (error) {
    if (error instanceof CoreError) return error.status
    throw error
  }
}

export const runVector = async (
  vector: Vector,
  pieces: Pieces,
  options: CoreOptions,
): Promise<Outcome> => {
  const core = await open(vector, options)
  if (typeof core === 'number') {
    const stream = { bytes: 0, sha256: createHash('sha256').digest('hex') }
    const expect = { stream, slices: [], units: [] }
    return { open: core, statuses: [], hashes: new Map(), expect, state: () => 0 }
  }
  const run = new Run(core, pieces)
  vector.steps.forEach((step, index) => {
    run.step(step, index)
  })
  run.collect()
  const view = new DataView(core.memory.buffer, core.exports.state())
  return {
    open: 0,
    statuses: run.statuses,
    hashes: run.hashes,
    expect: {
      stream: { bytes: run.bytes, sha256: run.sha256 },
      slices: run.slices,
      units: run.units,
    },
    state: (offset, type) =>
      type === 'i32' ? view.getInt32(offset, true) : view.getFloat64(offset, true),
  }
}
