import {
  AUDIO_NONE,
  CLOSED_FORMAT,
  CLOSED_STOP,
  Core,
  FORMAT_FMP4,
  FORMAT_TS,
  FRAME_I,
  FRAME_P,
  PICTURE_FORMAT_CHANGED,
  POLICY_REFUSE,
  statusMessage,
  statusName,
  VIDEO_H264,
  VIDEO_H265,
  VIDEO_NONE,
} from '../../core-wasm/index.ts'
import type { VideoCodec } from '../../runtime/source/annexb.ts'
import { SliceFiles } from './slice-files.ts'

export type CameraOptions = {
  folder: string
  format: 'ts' | 'fmp4'
  ringBytes: number
  video: VideoCodec | undefined
  audio: { input: number; sampleRate: number; channels: number; bitRate: number } | undefined
  startUtcMs: number
}

export type Refusal = { status: string; count: number; message: string }

/** Pushes frames as a camera does, and writes the slices that it would upload. */
export class Camera {
  readonly files: SliceFiles
  readonly #options: CameraOptions
  readonly #refused = new Map<number, number>()
  #core: Core
  #seq = 0
  #audioSeq = 0
  accepted = 0

  private constructor(options: CameraOptions, core: Core) {
    this.#options = options
    this.#core = core
    this.files = new SliceFiles(core, options.folder, options.format)
  }

  static async open(options: CameraOptions): Promise<Camera> {
    return new Camera(options, await Camera.#openCore(options))
  }

  static #openCore({ format, ringBytes, video, audio }: CameraOptions): Promise<Core> {
    return Core.create({
      ringBytes,
      format: format === 'ts' ? FORMAT_TS : FORMAT_FMP4,
      videoCodec: video === undefined ? VIDEO_NONE : video === 'h264' ? VIDEO_H264 : VIDEO_H265,
      audioInput: audio?.input ?? AUDIO_NONE,
      ...(audio === undefined
        ? {}
        : { sampleRate: audio.sampleRate, channels: audio.channels, audioBitRate: audio.bitRate }),
      // everything is written at once, so the ring is never full: nothing may be lost silently
      fullPolicy: POLICY_REFUSE,
    })
  }

  /** A new size or profile: what the spec asks a camera to do is to close the channel and to open it again. */
  async video(frame: Uint8Array, key: boolean, ptsMs: number): Promise<void> {
    let status = this.#pushVideo(frame, key, ptsMs)
    if (status === PICTURE_FORMAT_CHANGED && key) {
      this.#core.flush(CLOSED_FORMAT)
      this.files.drain()
      this.#core = await Camera.#openCore(this.#options)
      this.files.attach(this.#core)
      status = this.#pushVideo(frame, key, ptsMs)
    }
    this.#seq++
    this.#done(status)
  }

  #pushVideo(frame: Uint8Array, key: boolean, ptsMs: number): number {
    const utcMs = this.#options.startUtcMs + ptsMs
    return this.#core.copyVideo(frame, ptsMs, utcMs, this.#seq, key ? FRAME_I : FRAME_P)
  }

  audio(frame: Uint8Array, ptsMs: number): void {
    const utcMs = this.#options.startUtcMs + ptsMs
    this.#done(this.#core.copyAudio(frame, ptsMs, utcMs, this.#audioSeq++))
  }

  #done(status: number): void {
    if (status < 0) this.#refused.set(status, (this.#refused.get(status) ?? 0) + 1)
    else this.accepted++
    this.files.drain()
  }

  stop(): void {
    this.#core.flush(CLOSED_STOP)
    this.files.drain()
  }

  /** Frames that were refused, by cause. */
  get refused(): Refusal[] {
    return [...this.#refused].map(([status, count]) => ({
      status: statusName(status) ?? String(status),
      count,
      message: statusMessage(status),
    }))
  }
}
