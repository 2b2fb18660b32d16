import { PICTURE_FORMAT_CHANGED } from '../../core-wasm/index.ts'
import {
  type CloudStorage,
  iv_cm_aenc_bit_width_e,
  iv_cm_aenc_mode_e,
  iv_cm_aenc_type_e,
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  iv_cm_venc_type_e,
  type iv_cs_format_e,
  iv_cs_notify_msg_type_e,
  iv_err_code_e,
  type Logger,
  meaningOf,
  nameOf,
} from '../../runtime/index.ts'
import { InputError } from '../cli/usage-error.ts'
import type { MediaFrame, MediaSource } from './media.ts'

/** A live input that broke is opened again after this long. */
const REOPEN_MS = 2000
/** After a longer pause of the process (a laptop's lid) frames are not hurried after; time goes on from there. */
const CATCH_UP_MAX_MS = 2000

export type CameraOptions = {
  storage: CloudStorage
  source: MediaSource
  channel: number
  /** u32MaxGopSize */
  bufferBytes: number
  format: iv_cs_format_e
  log: Logger
  /** 2: a file is played twice as fast as it was recorded; default 1 */
  speed?: number
  /** keeps on disk what the line does not carry */
  spool?: { maxBytes: number } | undefined
}

const SOUND_TYPES = {
  pcm: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_PCM,
  g711a: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_G711A,
  g711u: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_G711U,
} as const

const soundFormat = ({ sound }: MediaSource) =>
  sound === undefined
    ? { eAudioType: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC }
    : {
        eAudioType: SOUND_TYPES[sound.coding],
        eAudioMode:
          sound.channels === 2
            ? iv_cm_aenc_mode_e.IV_CM_AENC_MODE_STEREO
            : iv_cm_aenc_mode_e.IV_CM_AENC_MODE_MONO,
        eAudioBitWidth: iv_cm_aenc_bit_width_e.IV_CM_AENC_BIT_WIDTH_16,
        eAudioSampleRate: sound.sampleRate,
      }

/** A camera made of a media source: paces its frames, pushes them while the cloud storage module wants them. */
export class Camera {
  readonly #options: CameraOptions
  #wanted = false
  #hasBegun = false
  #stopped = false
  #wake: (() => void) | undefined
  #sequence = { video: 0, audio: 0 }
  #reported = new Set<number>()
  #pack = {
    pu8Addr: new Uint8Array(0),
    u64PTS: 0,
    u32Seq: 0,
    eFrameType: iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I,
  }

  constructor(options: CameraOptions) {
    this.#options = options
  }

  #lastFrameMs = 0

  /** performance.now() of the last frame that the source gave; now, while one that is no live source waits to be wanted */
  get lastFrameMs(): number {
    return this.#awaitsStart ? performance.now() : this.#lastFrameMs
  }

  /** What is played begins with its IDR when recording begins, as an encoder that is told to start does. */
  get #awaitsStart(): boolean {
    return !this.#options.source.live && !this.#hasBegun
  }

  /** Opens the channel. @throws InputError when the settings are refused */
  async open(): Promise<void> {
    const { storage, source, channel, bufferBytes, format, log, spool } = this.#options
    const code = await storage.initCs({
      channel_num: 1,
      ...(spool && { spool }),
      func_cb: {
        onStartPushStream: () => {
          log.info('recording starts')
          this.#wanted = true
          if (this.#awaitsStart) this.#wake?.()
          this.#hasBegun = true
        },
        onStopPushStream: () => {
          log.info('recording stops: the plan no longer permits it')
          this.#wanted = false
        },
        onNotify: (_, type, data) => {
          if (type !== iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG) return
          for (const slice of data!.av_result_info.slice_info)
            if (slice.state !== 0)
              log.warn(
                `slice of ${new Date(slice.utc_sec_a * 1000).toISOString()}: ${slice.upload_size} of ${slice.total_size} bytes arrived`,
              )
        },
      },
      ch_params: [
        {
          channel_id: channel,
          u32MaxGopSize: bufferBytes,
          av_fmt: {
            ...soundFormat(source),
            eVideoType:
              source.codec === 'h264'
                ? iv_cm_venc_type_e.IV_CM_VENC_TYPE_H264
                : iv_cm_venc_type_e.IV_CM_VENC_TYPE_H265,
            u32Framerate: source.fps,
          },
          cs_fmt: format,
        },
      ],
    })
    if (code !== iv_err_code_e.IV_ERR_NONE)
      throw new InputError(`${nameOf(code)}: ${storage.lastError(channel).message}`)
  }

  /** Runs until stopped. @throws InputError when the input cannot be read at all */
  async run(): Promise<void> {
    for (let opened = 0; !this.#stopped; opened++) {
      let frames = 0
      try {
        frames = await this.#play()
      } catch (error) {
        if (!(error instanceof InputError) || opened === 0) throw error
        this.#options.log.warn(error.message)
      }
      if (this.#stopped) return
      if (frames === 0 && opened === 0) throw new InputError('the input gave no frames')
      this.#options.log.warn(`the input ended; it is opened again in ${REOPEN_MS / 1000} s`)
      await this.#sleep(REOPEN_MS)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#options.source.close()
    this.#wake?.()
  }

  async #play(): Promise<number> {
    const { source, speed = 1 } = this.#options
    let frames = 0
    let startMs: number | undefined
    if (this.#awaitsStart && !this.#stopped) await this.#woken()
    if (this.#stopped) return frames
    for await (const frame of source.frames()) {
      if (this.#stopped) break
      if (!source.live) {
        const dueMs = frame.ptsMs / speed
        startMs ??= performance.now() - dueMs
        const behindMs = performance.now() - (startMs + dueMs)
        if (behindMs > CATCH_UP_MAX_MS) startMs += behindMs
        else if (behindMs < 0) await this.#sleep(-behindMs)
        if (this.#stopped) break
      }
      frames++
      this.#lastFrameMs = performance.now()
      if (this.#wanted) await this.#push(frame)
    }
    return frames
  }

  async #push(frame: MediaFrame): Promise<void> {
    const { storage, channel } = this.#options
    const pack = this.#pack
    const isVideo = frame.kind === 'video'
    pack.pu8Addr = frame.data as Uint8Array<ArrayBuffer>
    pack.u64PTS = frame.ptsMs
    pack.u32Seq = this.#sequence[frame.kind]++
    pack.eFrameType = frame.key
      ? iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I
      : iv_cm_frame_type_e.IV_CM_FRAME_TYPE_P
    const type = isVideo
      ? iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO
      : iv_cm_stream_type_e.IV_CM_STREAM_TYPE_AUDIO
    const code = storage.pushCsStream(channel, type, pack)
    if (code !== iv_err_code_e.IV_ERR_NONE) await this.#refused(code)
  }

  async #refused(code: number): Promise<void> {
    const { storage, channel, log } = this.#options
    // a P frame before the first IDR, or after one that was refused: the next IDR mends it
    if (code === iv_err_code_e.IV_ERR_CS_NEED_IDR_FRAME) return
    const { status, message } = storage.lastError(channel)
    if (status === PICTURE_FORMAT_CHANGED) {
      log.info('the format of the video changed: the channel is opened again')
      this.#wanted = false
      await storage.exitCs()
      await this.open()
      return
    }
    if (this.#reported.has(status || code)) return
    this.#reported.add(status || code)
    log.warn(`frame refused: ${nameOf(code)} (${meaningOf(code)}): ${message}; said once`)
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
