/** Pushes a raw stream through a Core as a camera would, and collects what the uplink would upload. */
import { readFileSync } from 'node:fs'
import {
  AUDIO_AAC,
  AUDIO_NONE,
  CLOSED_STOP,
  Core,
  type CoreConfig,
  type CoreOptions,
  FRAME_I,
  FRAME_P,
  SliceRecord,
  statusName,
  VIDEO_H264,
  VIDEO_H265,
} from '../../core-wasm/index.ts'
import { AccessUnitSplitter } from '../../runtime/source/annexb.ts'

export const UTC_START_MS = 1_700_000_000_000

export type Frame = { data: Uint8Array; key: boolean }

/** Access units of a raw stream. */
export const accessUnits = (codec: 'h264' | 'h265', bytes: Uint8Array): Frame[] => {
  const splitter = new AccessUnitSplitter(codec)
  const frames: Frame[] = []
  const take = () => {
    for (let unit = splitter.next(); unit !== undefined; unit = splitter.next())
      frames.push({ data: unit.data.slice(), key: unit.key })
  }
  splitter.push(bytes)
  take()
  splitter.finish()
  take()
  return frames
}

/** ADTS frames of a file. */
export const adtsFrames = (bytes: Uint8Array): Uint8Array[] => {
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5)
    frames.push(bytes.subarray(at, at + length))
    at += length
  }
  return frames
}

export type Slice = { record: SliceRecord; bytes: Uint8Array }
export type Muxed = { core: Core; slices: Slice[]; statuses: Map<string, number> }

export type MuxOptions = {
  codec: 'h264' | 'h265'
  format: number
  video: Frame[]
  fps?: number
  audio?: Uint8Array[]
  audioRate?: number
  config?: Partial<CoreConfig>
  options?: CoreOptions
  /** push from an address outside of the ring instead of reserving */
  foreign?: boolean
  /** milliseconds by which audio is pushed late */
  audioLateMs?: number
}

/** Gathers slices as the ring delivers them. */
export class Collector {
  readonly #core: Core
  readonly #parts = new Map<number, Uint8Array[]>()
  #read = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** Takes what is new and releases it. */
  take(): void {
    const core = this.#core
    const record = new SliceRecord()
    for (let number = core.firstSlice; number < core.nextSlice; number++) {
      const slice = core.slice(number, record)!
      const from = Math.max(slice.start, this.#read)
      const to = Math.min(slice.end, core.head)
      if (to <= from) continue
      const parts = this.#parts.get(number) ?? []
      for (const view of core.span(from, to - from)) parts.push(view.slice())
      this.#parts.set(number, parts)
    }
    this.#read = core.head
    core.release(core.head)
  }

  /** Every slice with its init segment in front. */
  slices(): Slice[] {
    return [...this.#parts].map(([number, parts]) => {
      const record = this.#core.slice(number, new SliceRecord())!
      const init = record.init < 0 ? [] : [this.#core.initSegment(record.init).slice()]
      return { record, bytes: Buffer.concat([...init, ...parts]) }
    })
  }
}

export const mux = async (options: MuxOptions): Promise<Muxed> => {
  const { codec, format, video, fps = 25, audio = [], audioRate = 16_000 } = options
  const core = await Core.create(
    {
      ringBytes: 4 << 20,
      format,
      videoCodec: codec === 'h264' ? VIDEO_H264 : VIDEO_H265,
      audioInput: audio.length > 0 ? AUDIO_AAC : AUDIO_NONE,
      ...options.config,
    },
    options.options,
  )
  const statuses = new Map<string, number>()
  const note = (status: number) => {
    const name = statusName(status) ?? String(status)
    statuses.set(name, (statuses.get(name) ?? 0) + 1)
  }
  const collector = new Collector(core)
  let sounds = 0
  const pushAudioTo = (limit: number) => {
    const ms = limit - (options.audioLateMs ?? 0)
    for (; sounds < audio.length && (sounds * 1_024_000) / audioRate <= ms; sounds++) {
      const pts = (sounds * 1_024_000) / audioRate
      note(core.copyAudio(audio[sounds]!, pts, UTC_START_MS + pts, sounds))
      collector.take()
    }
  }
  video.forEach((frame, index) => {
    const pts = (index * 1000) / fps
    pushAudioTo(pts)
    const type = frame.key ? FRAME_I : FRAME_P
    if (options.foreign) {
      const at = core.memory.buffer.byteLength - frame.data.length
      core.bytes.set(frame.data, at)
      note(core.pushVideo(at, frame.data.length, pts, UTC_START_MS + pts, index, type))
    } else note(core.copyVideo(frame.data, pts, UTC_START_MS + pts, index, type))
    collector.take()
  })
  note(core.flush(CLOSED_STOP))
  collector.take()
  return { core, slices: collector.slices(), statuses }
}

export const readFrames = (codec: 'h264' | 'h265', path: string): Frame[] =>
  accessUnits(codec, readFileSync(path))
