import { RING_FULL, statusMessage } from '../../core-wasm/index.ts'
import type { ReservedFrame } from '../capture/reserved-frame.ts'
import type { Clock } from '../clock.ts'
import { ADMIT_REFUSE, ADMIT_SKIP, PushWindow } from '../event/window.ts'
import type { NewLoss } from '../ledger/ledger.ts'
import { errorText, type Logger } from '../log.ts'
import { Machine } from '../machine.ts'
import type { ChannelOptions } from '../options.ts'
import type { SpoolWriter } from '../spool/spool-writer.ts'
import { iv_err_code_e, meaningOf } from '../status.ts'
import {
  iv_cm_frame_type_e,
  iv_cm_stream_type_e,
  type iv_cm_venc_pack_s,
  type iv_cs_init_func_cb_s,
  type iv_cs_notify_msg_data,
  iv_cs_notify_msg_type_e,
} from '../types.ts'
import type { ChannelUplink } from '../upload/channel-uplink.ts'
import type { SliceResult } from '../upload/slice-work.ts'
import { errorOfStatus } from './core-status.ts'
import { type ChannelCore, FlushReason } from './core-store.ts'
import type { Dump } from './dump.ts'
import { FrameLosses } from './frame-losses.ts'
import { Labels } from './labels.ts'
import { ErrorSlot } from './last-error.ts'
import { Latency } from './latency.ts'
import { Room } from './room.ts'
import type { RoomPolicy } from './room-policy.ts'
import { SliceReports, sliceInfoOf } from './slice-reports.ts'
import {
  CHANNEL_ROWS,
  type ChannelActions,
  type ChannelEvent,
  type ChannelState,
} from './states.ts'
import { Watermark } from './watermark.ts'

/** Without data for so long a recording is closed (specification, note 5). */
export const PAUSE_AFTER_MS = 120_000
/** A fragment is closed when no frame has come for so long, so that what was recorded can be seen. */
const IDLE_FRAGMENT_MS = 1000

export type ChannelDependencies = {
  clock: Clock
  log: Logger
  core: ChannelCore
  callbacks: iv_cs_init_func_cb_s
  /** what is not recorded, and why */
  onLost?(loss: NewLoss): void
  /** it records from now on, or from when what the app kept began; undefined: no longer */
  onRecording?(sinceMs: number | undefined): void
  /** slices below this number have their times from before the last step of the clock, all others from after it */
  onEpochEnds?(nextSlice: number): void
}

/** One channel: frames in, slices out. What goes to the cloud when is the uplink's business. */
export class Channel implements ChannelActions {
  readonly id: number
  readonly core: ChannelCore
  readonly latency = new Latency()
  readonly room: Room
  /** which frames of a recording are taken */
  readonly window = new PushWindow()
  readonly #clock: Clock
  readonly #log: Logger
  readonly #callbacks: iv_cs_init_func_cb_s
  readonly #onRecording: (sinceMs: number | undefined) => void
  /** that it records is on disk */
  #isMarked = false
  readonly #machine: Machine<ChannelState, ChannelEvent, ChannelActions>
  readonly #labels: Labels
  readonly #reports: SliceReports
  readonly #watermark: Watermark
  #uplink: ChannelUplink | undefined
  #dump: Dump | undefined
  #spool: SpoolWriter | undefined
  readonly #losses: FrameLosses
  /** who gives way when the ring is full, where that is not the core's business alone */
  roomPolicy: RoomPolicy | undefined
  #lastFrameMonoMs = 0
  #fragmentOpen = false
  #pushing = false
  #isFullTime = false
  #isDemanded = false
  /** what the first frame of the next recording stands for; undefined: its arrival */
  #startUtcMs: number | undefined
  readonly error = new ErrorSlot()
  slicesOk = 0
  slicesFailed = 0
  refused = 0
  /** of the frames that were accepted */
  pushedBytes = 0
  acknowledgedBytes = 0

  constructor(
    options: ChannelOptions,
    { clock, log, core, callbacks, ...told }: ChannelDependencies,
  ) {
    this.id = options.channel_id
    this.core = core
    this.#clock = clock
    this.#log = log
    this.#callbacks = callbacks
    this.#onRecording = told.onRecording ?? (() => {})
    this.#machine = new Machine(CHANNEL_ROWS, 'off', this)
    this.room = new Room(
      core.ringBytes,
      () => this.#taken,
      () => this.state === 'closed',
    )
    this.#losses = new FrameLosses(this.id, told.onLost ?? (() => {}))
    this.#labels = new Labels(clock, this.window, {
      onEpoch: () => {
        core.flush(FlushReason.clock)
        told.onEpochEnds?.(core.nextSlice)
      },
      onJump: (fromMs, toMs) => this.#losses.jumped(fromMs, toMs),
    })
    this.#reports = new SliceReports(clock, (info) =>
      this.notify(iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG, { av_result_info: info }),
    )
    this.#watermark = new Watermark(options.congestion_cfg, (message) => this.notify(message, null))
  }

  get state(): ChannelState {
    return this.#machine.state
  }

  /** Muxed bytes that the cloud has not acknowledged. */
  get buffered(): number {
    return this.core.head - this.core.tail
  }

  /** Bytes in the ring that would be lost with it. With a spool: what that does not have yet. */
  get #taken(): number {
    return this.#spool?.unsafeBytes ?? this.buffered
  }

  /** From when on it is not known of all that was recorded that the cloud has it, or that the ledger tells of it. */
  get unsafeSinceMs(): number {
    const waitsSinceMs = this.#clock.nowMs() - this.latency.lagMs(this.#clock.monoMs())
    return Math.min(waitsSinceMs, this.#uplink?.untoldSinceMs ?? Number.POSITIVE_INFINITY)
  }

  attach(uplink: ChannelUplink): void {
    this.#uplink = uplink
  }

  attachDump(dump: Dump): void {
    this.#dump = dump
    this.core.onReadable = this.#onReadable
  }

  attachSpool(writer: SpoolWriter): void {
    this.#spool = writer
    this.core.onReadable = this.#onReadable
  }

  readonly #onReadable = (): void => {
    this.#dump?.run()
    if (this.#pushing) this.#spool?.flush()
  }

  /** An event needs what is recorded now. */
  get isDemanded(): boolean {
    return this.#isDemanded
  }

  /** The plan says whether to record all the time. */
  plan(fullTime: boolean): void {
    this.#isFullTime = fullTime
    this.#want()
  }

  /** Events need frames, or no longer. The first one stands for `startUtcMs` when the app has kept it. */
  demand(on: boolean, startUtcMs?: number): void {
    this.#isDemanded = on
    this.#startUtcMs = startUtcMs
    this.#want()
  }

  #want(): void {
    this.#machine.send(this.#isFullTime || this.#isDemanded ? 'plan-on' : 'plan-off')
  }

  /** Room for a picture that is written where it will be muxed; made as a push makes it. */
  reserve(length: number, frame: ReservedFrame): iv_err_code_e {
    const unable = this.#unable()
    if (unable !== undefined) return unable
    if (!this.#isDemanded && this.roomPolicy?.displacesEvent(length))
      return this.#refuse(errorOfStatus(RING_FULL), RING_FULL, statusMessage(RING_FULL))
    this.#pushing = true
    this.#spool?.makeRoom(length, this.core.ringBytes - this.buffered)
    const status = this.core.reserve(length, frame)
    this.#pushing = false
    if (status < 0) return this.#refuse(errorOfStatus(status), status, statusMessage(status))
    return iv_err_code_e.IV_ERR_NONE
  }

  /** Why nothing can be pushed now, if so. */
  #unable(): iv_err_code_e | undefined {
    if (this.#pushing)
      return this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 0, PUSH_IN_PUSH)
    const { state } = this.#machine
    if (state === 'off')
      return this.#refuse(iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE, 0, NOT_RECORDING)
    if (state === 'closed')
      return this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 0, CLOSED)
    return undefined
  }

  /** Takes one frame. Never throws, allocates or waits. */
  push(type: number, pack: iv_cm_venc_pack_s): iv_err_code_e {
    const unable = this.#unable()
    if (unable !== undefined) {
      if (unable === iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE)
        this.#losses.unplanned(this.#clock.nowMs(), pack.u32Len ?? pack.pu8Addr.length)
      return unable
    }
    const isVideo = type === iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO
    const admitted = isVideo
      ? this.#admitVideo(pack)
      : this.window.admitAudio(this.#labels.utcMs(pack.u64PTS))
    if (admitted === ADMIT_SKIP) return iv_err_code_e.IV_ERR_NONE
    if (admitted === ADMIT_REFUSE)
      return this.#refuse(iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE, 0, NOT_RECORDING)
    this.#pushing = true
    const bytes = pack.u32Len ?? pack.pu8Addr.length
    this.#spool?.before(bytes, this.core.ringBytes - this.buffered)
    const status = isVideo ? this.#pushVideo(pack, bytes) : this.#pushAudio(pack, bytes)
    // also after a refusal: it may have ended a slice
    this.#dump?.run()
    this.#spool?.after()
    this.#pushing = false
    if (status < 0) {
      this.#losses.refused(status, this.#labels.utcMs(pack.u64PTS), bytes)
      return this.#refuse(errorOfStatus(status), status, statusMessage(status))
    }
    this.#losses.taken()
    this.pushedBytes += bytes
    this.#accepted()
    return iv_err_code_e.IV_ERR_NONE
  }

  /** Finds the UTC of a picture, and whether it is wanted. */
  #admitVideo({ u64PTS: ptsMs, eFrameType }: iv_cm_venc_pack_s): number {
    const isIdr = eFrameType === iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I
    return this.window.admitVideo(this.#labels.video(ptsMs, isIdr), isIdr)
  }

  #pushVideo(pack: iv_cm_venc_pack_s, bytes: number): number {
    const utcMs = this.#labels.utcMs(pack.u64PTS)
    const isIdr = pack.eFrameType === iv_cm_frame_type_e.IV_CM_FRAME_TYPE_I
    const isAdmitted = this.roomPolicy?.admits(bytes, isIdr, this.#isDemanded) ?? true
    const status = isAdmitted ? this.core.pushVideo(pack, utcMs) : RING_FULL
    if (status >= 0) this.window.taken(utcMs)
    // a live recording begins with the first picture that was accepted, one that was kept with the first that was pushed
    else if (this.#machine.state !== 'recording' && !this.window.isPreRecorded) this.#labels.stop()
    return status
  }

  #pushAudio(pack: iv_cm_venc_pack_s, bytes: number): number {
    if (this.roomPolicy?.admits(bytes, false, this.#isDemanded) === false) return RING_FULL
    return this.core.pushAudio(pack, this.#labels.utcMs(pack.u64PTS))
  }

  #accepted(): void {
    const nowMs = this.#clock.monoMs()
    this.#lastFrameMonoMs = nowMs
    this.#fragmentOpen = true
    const { core } = this
    this.latency.pushed(core.head, nowMs)
    this.#watermark.level(core.head - core.tail)
    if (this.#machine.state === 'paused') this.#mark(this.#clock.nowMs())
    if (this.#machine.state !== 'recording') this.#machine.send('frame')
    this.#uplink?.pushed()
  }

  #refuse(code: iv_err_code_e, status: number, message: string): iv_err_code_e {
    this.refused++
    return this.error.set(code, status, message)
  }

  /** Called about once a second: closes what idles. */
  tick(): void {
    this.#spool?.after()
    this.room.changed()
    const { state } = this
    if (state === 'off' || state === 'paused') this.#unmark()
    if (state !== 'recording') return
    const idleMs = this.#clock.monoMs() - this.#lastFrameMonoMs
    if (idleMs >= PAUSE_AFTER_MS) this.#machine.send('silence')
    else if (idleMs >= IDLE_FRAGMENT_MS && this.#fragmentOpen) {
      this.#fragmentOpen = false
      this.core.closeFragment()
    }
  }

  /** The wall clock was stepped: UTC are taken anew at the next IDR, in a new slice. */
  clockStepped(isCorrected = false): void {
    this.#labels.stepped(isCorrected)
  }

  // ── told by the uplink ──────────────────────────────────────────────────────────────────────────

  /** The cloud has the stream up to `position`; what it told of now was sent from `from` on. */
  acknowledged(position: number, from = position): void {
    this.acknowledgedBytes += position - from
    this.latency.acknowledged(position, this.#clock.monoMs())
  }

  /** The ring has more room. */
  released(): void {
    this.#watermark.level(this.buffered)
    this.room.changed()
  }

  sliceEnded(result: SliceResult): void {
    if (result.whole) this.slicesOk++
    else this.slicesFailed++
    this.#reports.add(sliceInfoOf(result))
  }

  notify(type: iv_cs_notify_msg_type_e, data: iv_cs_notify_msg_data | null): void {
    this.#call('onNotify', () => this.#callbacks.onNotify?.(this.id, type, data))
  }

  // ── actions ─────────────────────────────────────────────────────────────────────────────────────

  callStart(): void {
    this.#mark(Math.min(this.#startUtcMs ?? Number.POSITIVE_INFINITY, this.#clock.nowMs()))
    this.window.begin(this.#startUtcMs, this.#clock.nowMs())
    this.#startUtcMs = undefined
    this.#call('onStartPushStream', () => this.#callbacks.onStartPushStream(this.id))
  }

  callStop(): void {
    this.#unmark()
    this.#call('onStopPushStream', () => this.#callbacks.onStopPushStream(this.id))
  }

  stopRecording(): void {
    this.finishRecording()
    this.callStop()
  }

  pauseRecording(): void {
    this.#log.info(`no frames for ${PAUSE_AFTER_MS / 1000} s: recording pauses until the next IDR`)
    this.#flush(FlushReason.pause)
    this.#unmark()
  }

  #mark(sinceMs: number): void {
    this.#isMarked = true
    this.#onRecording(sinceMs)
  }

  /** A recording has ended: the next start of the program need not know of it once nothing of it waits in the ring. */
  #unmark(): void {
    if (!this.#isMarked || this.#taken > 0) return
    this.#isMarked = false
    this.#onRecording(undefined)
  }

  finishRecording(): void {
    this.#flush(FlushReason.stop)
  }

  #flush(reason: FlushReason): void {
    this.core.flush(reason)
    this.#dump?.run()
    this.#spool?.after()
    this.window.end()
    this.#labels.stop()
    this.#fragmentOpen = false
    this.#uplink?.flush()
  }

  /** Ends the recording; what waits can still be sent. */
  finish(): void {
    this.#machine.send('close')
  }

  /** Tells the last results; nothing comes after this. */
  close(): void {
    this.#reports.flush()
    this.room.wake()
  }

  /** Callbacks run outside of push; one that throws is logged and harms nothing. */
  #call(name: string, callback: () => unknown): void {
    try {
      const code = callback()
      if (typeof code === 'number' && code !== 0)
        this.#log.warn(`${name} returned ${code} (${meaningOf(code)})`)
    } catch (error) {
      this.#log.error(`${name} threw: ${errorText(error)}`)
    }
  }
}

const PUSH_IN_PUSH = 'pushCsStream was called from within pushCsStream; parallel pushes are refused'
const NOT_RECORDING = 'no plan permits recording now; wait for onStartPushStream'
const CLOSED = 'the channel was closed; call initCs again'
