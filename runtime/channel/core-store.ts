import {
  CLOSED_CLOCK,
  CLOSED_PAUSE,
  CLOSED_STOP,
  Core,
  type CoreCounters,
  CoreError,
  POLICY_EVICT,
  POLICY_REFUSE,
  type SliceRecord,
  statusMessage,
  type UnitRecord,
} from '../../core-wasm/index.ts'
import type { CaptureQueue } from '../capture/layout.ts'
import { QueuedFrame } from '../capture/queued-frame.ts'
import { ReservedFrame } from '../capture/reserved-frame.ts'
import type { ChannelOptions } from '../options.ts'
import { iv_err_code_e } from '../status.ts'
import {
  type iv_cm_aenc_pack_s,
  iv_cm_aenc_type_e,
  iv_cm_frame_type_e,
  type iv_cm_venc_pack_s,
  type iv_cm_venc_type_e,
  iv_cs_format_e,
} from '../types.ts'
import { codecsOf } from './codecs.ts'
import { errorOfStatus } from './core-status.ts'
import type { SliceStore } from './slices.ts'

/** Why a recording is ended from outside. */
export const FlushReason = { stop: CLOSED_STOP, pause: CLOSED_PAUSE, clock: CLOSED_CLOCK } as const
export type FlushReason = (typeof FlushReason)[keyof typeof FlushReason]

/** A channel's core as the runtime uses it: packs in, statuses mapped, slices out. */
export class ChannelCore implements SliceStore {
  readonly #core: Core
  readonly #videoType: iv_cm_venc_type_e
  readonly format: 'ts' | 'fmp4'
  /** u32MaxGopSize */
  readonly ringBytes: number
  /** where a Worker writes its frames; in the core's memory, behind what is the core's own */
  readonly captureQueue: CaptureQueue | undefined

  constructor(core: Core, options: ChannelOptions) {
    this.#core = core
    this.#videoType = options.av_fmt.eVideoType
    this.format = options.cs_fmt === iv_cs_format_e.IV_CS_FORMAT_TS ? 'ts' : 'fmp4'
    this.ringBytes = core.ringSize
    const bytes = options.capture_queue_bytes ?? 0
    if (bytes > 0) this.captureQueue = { memory: core.memory, offset: core.extra, bytes }
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────

  /** Status of the core: 0 or a notice when the frame was taken, negative when it was refused. */
  pushVideo(pack: iv_cm_venc_pack_s, utcMs: number): number {
    const type = pack.eFrameType === iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I ? 0 : 1
    if (pack instanceof ReservedFrame)
      return this.#core.pushVideo(pack.address, pack.u32Len, pack.u64PTS, utcMs, pack.u32Seq, type)
    if (pack instanceof QueuedFrame)
      return this.#core.moveVideo(pack.address, pack.u32Len, pack.u64PTS, utcMs, pack.u32Seq, type)
    return this.#core.copyVideo(bytesOf(pack), pack.u64PTS, utcMs, pack.u32Seq, type)
  }

  /** Finds room in the ring for a picture of at most `length` bytes. Status of the core: 0, or why there is none. */
  reserve(length: number, frame: ReservedFrame): number {
    const address = this.#core.reserveRoom(length)
    if (address < 0) return address
    frame.pu8Addr = this.#core.bytes
    frame.address = address
    frame.u32Len = length
    return 0
  }

  pushAudio(pack: iv_cm_aenc_pack_s, utcMs: number): number {
    if (pack instanceof QueuedFrame)
      return this.#core.moveAudio(pack.address, pack.u32Len, pack.u64PTS, utcMs, pack.u32Seq)
    return this.#core.copyAudio(bytesOf(pack), pack.u64PTS, utcMs, pack.u32Seq)
  }

  flush(reason: FlushReason): void {
    this.#core.flush(reason)
  }

  closeFragment(): void {
    this.#core.closeFragment()
    // the uplink may let go of what became readable before the next push
    this.#core.onReadable?.()
  }

  /** Called when bytes became readable beside the end of a push: inside of one they lie in room that is used again at once. */
  set onReadable(callback: () => void) {
    this.#core.onReadable = callback
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────

  get head(): number {
    return this.#core.head
  }

  get tail(): number {
    return this.#core.tail
  }

  get nextSlice(): number {
    return this.#core.nextSlice
  }

  get firstUnit(): number {
    return this.#core.firstUnit
  }

  get nextUnit(): number {
    return this.#core.nextUnit
  }

  readSlice(number: number, record: SliceRecord): boolean {
    return this.#core.slice(number, record) !== undefined
  }

  readUnit(number: number, record: UnitRecord): boolean {
    return this.#core.unit(number, record) !== undefined
  }

  span(position: number, length: number): readonly Uint8Array[] {
    return this.#core.span(position, length)
  }

  initSegment(id: number): Uint8Array {
    return this.#core.initSegment(id)
  }

  release(position: number): void {
    this.#core.release(position)
  }

  hold(from: number, to: number): void {
    this.#core.hold(from, to)
  }

  unhold(): void {
    this.#core.unhold()
  }

  codecs(hasAudio: boolean): string {
    const { profile, level, compatibility } = this.#core
    return codecsOf({ videoType: this.#videoType, profile, level, compatibility, hasAudio })
  }

  get width(): number {
    return this.#core.width
  }

  get height(): number {
    return this.#core.height
  }

  // ── figures ─────────────────────────────────────────────────────────────────────────────────────

  get videoFrames(): number {
    return this.#core.videoFrames
  }

  get audioFrames(): number {
    return this.#core.audioFrames
  }

  get memoryBytes(): number {
    return this.#core.memory.buffer.byteLength
  }

  /** Everything that the core counts; allocates, so not for every frame. */
  counters(): CoreCounters {
    return this.#core.counters()
  }
}

const bytesOf = ({ pu8Addr, u32Len }: iv_cm_aenc_pack_s): Uint8Array =>
  u32Len === undefined || u32Len === pu8Addr.length ? pu8Addr : pu8Addr.subarray(0, u32Len)

export type OpenFailure = { code: iv_err_code_e; status: number; message: string }

/** Opens the core of a channel. `evicts`: what is lost from the ring is saved elsewhere, so the oldest goes when it is full. */
export const openCore = async (
  options: ChannelOptions,
  evicts = false,
): Promise<ChannelCore | OpenFailure> => {
  const { av_fmt: format } = options
  const queueBytes = options.capture_queue_bytes ?? 0
  const isAac = format.eAudioType === iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC
  try {
    const config = {
      ringBytes: options.u32MaxGopSize,
      format: options.cs_fmt,
      videoCodec: format.eVideoType,
      audioInput: format.eAudioType,
      ...(isAac
        ? {}
        : { sampleRate: format.eAudioSampleRate!, channels: (format.eAudioMode ?? 0) + 1 }),
      nominalFps: format.u32Framerate ?? 0,
      fullPolicy: evicts ? POLICY_EVICT : POLICY_REFUSE,
    }
    // only the threads build has a memory that a Worker can write into
    const core = await Core.create(
      config,
      queueBytes > 0 ? { variant: 'threads', extraBytes: queueBytes } : {},
    )
    return new ChannelCore(core, options)
  } catch (error) {
    if (error instanceof CoreError)
      return {
        code: errorOfStatus(error.status),
        status: error.status,
        message: statusMessage(error.status),
      }
    // the engine has no room for the instance's memory
    if (error instanceof RangeError)
      return { code: iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL, status: 0, message: error.message }
    throw error
  }
}
