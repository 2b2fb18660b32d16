/** Builds the steps of a vector; what a step should return stands beside it, so a wrong core cannot be recorded as right. */
import * as abi from '../../core-wasm/abi.gen.ts'
import type { Config, Mutate, Step } from './format.ts'

export const UTC_START = 1_700_000_000_000

type StatusName = keyof typeof abi

const STATUS: Readonly<Record<StatusName, number>> = abi

export type Scenario = {
  name: string
  about: string
  config: Config
  open: number
  steps: Step[]
}

const DEFAULTS: Config = {
  ringBytes: 64 * 1024,
  format: abi.FORMAT_TS,
  videoCodec: abi.VIDEO_H264,
  audioInput: abi.AUDIO_NONE,
  sampleRate: 0,
  channels: 0,
  audioBitRate: 0,
  nominalFps: 0,
  sliceMinMs: 10_000,
  sliceMaxMs: 60_000,
  fullPolicy: abi.POLICY_EVICT,
}

/** Where a frame stands in time; UTC follows PTS unless told otherwise. */
type Options = { status?: StatusName; utc?: number; seq?: number; type?: number }

export class Steps {
  readonly list: Step[] = []
  #seq = 0

  video(data: string, pts: number, options: Options = {}): this {
    return this.#frame('video', data, pts, options)
  }

  /** Into the room of the reserve() before. */
  commit(data: string, pts: number, options: Options = {}): this {
    return this.#frame('commit', data, pts, options)
  }

  audio(data: string, pts: number, status: StatusName = 'OK'): this {
    const utc = UTC_START + pts
    this.list.push({ do: 'audio', data, pts, utc, seq: this.#seq++, status: STATUS[status] })
    return this
  }

  reserve(bytes: number, status: StatusName = 'OK'): this {
    this.list.push({ do: 'reserve', bytes, status: STATUS[status] })
    return this
  }

  flush(why: number = abi.CLOSED_STOP, status: StatusName = 'OK'): this {
    this.list.push({ do: 'flush', why, status: STATUS[status] })
    return this
  }

  closeFragment(): this {
    this.list.push({ do: 'closeFragment', status: abi.OK })
    return this
  }

  hold(from: number, to: number, status: StatusName = 'OK'): this {
    this.list.push({ do: 'hold', from, to, status: STATUS[status] })
    return this
  }

  release(position: number, status: StatusName = 'OK'): this {
    this.list.push({ do: 'release', position, status: STATUS[status] })
    return this
  }

  /** Everything, or at most `bytes`. */
  drain(bytes = 0): this {
    this.list.push({ do: 'drain', bytes })
    return this
  }

  mutate(step: Omit<Mutate, 'do' | 'utc' | 'seq' | 'sha256'>): this {
    const utc = UTC_START + step.pts
    this.list.push({ do: 'mutate', ...step, utc, seq: this.#seq, sha256: '' })
    this.#seq += step.count
    return this
  }

  /** A GOP: `idr` and P pictures that take turns. */
  gop(
    idr: string,
    ps: readonly string[],
    pts: number,
    frames: number,
    intervalMs: number,
    status: StatusName = 'OK',
  ): this {
    this.video(idr, pts, { status })
    for (let i = 1; i < frames; i++)
      this.video(ps[(i - 1) % ps.length] as string, pts + i * intervalMs)
    return this
  }

  #frame(kind: 'video' | 'commit', data: string, pts: number, options: Options): this {
    const type = options.type ?? (/idr|cra/.test(data) ? abi.FRAME_I : abi.FRAME_P)
    const { status = 'OK', utc = UTC_START + pts, seq = this.#seq++ } = options
    this.list.push({ do: kind, data, pts, utc, seq, type, status: STATUS[status] })
    return this
  }
}

export const scenario = (
  name: string,
  about: string,
  config: Partial<Config>,
  build: (steps: Steps) => Steps = (steps) => steps,
  open: StatusName = 'OK',
): Scenario => ({
  name,
  about,
  config: { ...DEFAULTS, ...config },
  open: STATUS[open],
  steps: build(new Steps()).list,
})
