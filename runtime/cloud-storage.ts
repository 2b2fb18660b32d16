import { join } from 'node:path'
import { Balance } from './balance.ts'
import type { CaptureQueue } from './capture/layout.ts'
import { ReservedFrame } from './capture/reserved-frame.ts'
import { type ChannelCore, openCore } from './channel/core-store.ts'
import { ErrorSlot, type LastError } from './channel/last-error.ts'
import { type ChannelStats, statsOf } from './channel/stats.ts'
import type { Timer } from './clock.ts'
import { askDestroy } from './destroy.ts'
import { EventModule, tellAiResult } from './event/event-module.ts'
import type { Events, EventVerdict } from './event/events.ts'
import { EventFunctions } from './event/functions.ts'
import { Keeper } from './keeper.ts'
import { type Line, openLine } from './line.ts'
import { channelFamilies } from './metrics/channel-metrics.ts'
import { keepingFamilies } from './metrics/keeping-metrics.ts'
import type { Loss } from './mqtt/messages.ts'
import { type ChannelOptions, checkInit } from './options.ts'
import { AppPlan } from './plan/app-plan.ts'
import { NO_PLAN, permitsFullTime } from './plan/rules.ts'
import { Archive } from './spool/archive.ts'
import type { DropPolicy } from './spool/drop-policy.ts'
import { DumpedFile } from './spool/dumped-file.ts'
import type { SpoolStatus } from './spool/spool.ts'
import { iv_err_code_e } from './status.ts'
import type { System } from './system.ts'
import {
  type iv_cm_aenc_pack_s,
  iv_cm_stream_type_e,
  type iv_cm_venc_pack_s,
  type iv_cs_balance_info_s,
  type iv_cs_init_func_cb_s,
  type iv_cs_init_parm_s,
  type iv_cs_up_bk_state_e,
} from './types.ts'
import { bufferFault } from './upload/bucket/options.ts'
import type { CredentialProvider } from './upload/credentials.ts'

/** As the firmware that uses this API sets them; the specification gives no defaults. */
export const UPLOAD_TIMEOUT_MS = 6000
export const REPLY_TIMEOUT_MS = 5000
const TRANS_TIME_MAX_MS = 600_000
const TICK_MS = 1000
/** How often a module that is left looks whether the last slice is acknowledged. */
const DRAIN_POLL_MS = 20

/** Settings that the specification does not have. */
export type CloudStorageOptions = {
  /** ms between appends to an open slice: longer for many cameras on one machine */
  appendIntervalMs?: number
  /** bytes that are appended at once without waiting for the interval */
  appendBytes?: number
  /** upload tokens of the app's own, in place of those that are fetched over MQTT */
  credentials?: CredentialProvider
}

/**
 * The cloud storage module of one device. Its methods are the specification's functions; they return the specification's codes and never
 * throw. `lastError` tells more than a code can.
 */
export class CloudStorage extends EventFunctions {
  readonly #system: System
  readonly #options: CloudStorageOptions
  readonly #lines = new Map<number, Line>()
  readonly #times = { sendMs: UPLOAD_TIMEOUT_MS, replyMs: REPLY_TIMEOUT_MS }
  readonly #error = new ErrorSlot()
  #phase: 'left' | 'entering' | 'ready' | 'leaving' = 'left'
  #tick: Timer | undefined
  protected readonly eventModule: EventModule
  readonly #archives = new Map<number, Archive>()
  readonly #keeper: Keeper
  #plansTimer: Timer | undefined
  readonly #balance: Balance
  #unwatchAi: () => void = () => {}
  #unwatchOnline: () => void = () => {}
  #unmeasure: () => void = () => {}

  constructor(system: System, options: CloudStorageOptions = {}) {
    super()
    this.#system = system
    this.eventModule = new EventModule(system, () => this.#times)
    this.#options = options
    this.#keeper = new Keeper(system)
    this.#balance = new Balance({
      system,
      replyMs: () => this.#times.replyMs,
      refuse: (code, message) => this.#refuse(code, message),
      onAsk: () => {
        // right after initCs: what the app says must not be known here alone
        if (this.#plansTimer) this.#watchPlans()
      },
    })
  }

  /** Opens the channels. What is given is copied; a failed init leaves nothing behind. */
  async initCs(parameters: iv_cs_init_parm_s | null | undefined): Promise<iv_err_code_e> {
    if (this.#phase !== 'left')
      return this.#refuse(
        iv_err_code_e.IV_ERR_CS_INIT_REPEAT,
        'initCs was called already; call exitCs first',
      )
    const checked = checkInit(parameters)
    if ('faults' in checked)
      return this.#refuse(
        checked.faults[0]!.code,
        checked.faults.map((fault) => fault.message).join('; '),
      )
    if (!this.#system.isInitialised)
      return this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call sysInit first')
    const { channels, callbacks, spool, dropPolicy } = checked.value
    if (spool && !spool.path && !this.#system.storePath)
      return this.#refuse(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, NO_SPOOL_FOLDER)
    const tooSmall = bufferFault(channels, this.#system.bucket?.uplink.maxGopBytes)
    if (tooSmall !== undefined)
      return this.#refuse(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, tooSmall)
    this.#phase = 'entering'
    const opened: [ChannelOptions, ChannelCore][] = []
    // what goes is saved elsewhere, or it is to go
    const evicts =
      callbacks.onDumpFile !== undefined || spool !== undefined || dropPolicy !== 'newest'
    for (const options of channels) {
      const core = await openCore(options, evicts)
      if ('message' in core) {
        this.#phase = 'left'
        return this.#refuse(
          core.code,
          `channel ${options.channel_id}: ${core.message}`,
          core.status,
        )
      }
      opened.push([options, core])
    }
    this.#keeper.open({
      spool,
      dropPolicy,
      channels: channels.map((channel) => channel.channel_id),
    })
    for (const [options, core] of opened)
      this.#lines.set(options.channel_id, this.#openLine(options, core, callbacks, dropPolicy))
    for (const { spool } of this.#lines.values()) spool?.start()
    this.#unwatchAi = this.#system.watchAi((result) => {
      if (this.#lines.has(result.channel)) tellAiResult(result, callbacks)
    })
    this.#unwatchOnline = this.#system.watchOnline(() => {
      for (const { uplink, spool } of this.#lines.values()) {
        uplink.online()
        spool?.online()
      }
    })
    this.#unmeasure = this.#system.metrics.add(
      ...channelFamilies(() => this.#lines.values(), this.#system.clock),
      ...keepingFamilies({
        channels: () => this.#lines.keys(),
        losses: (channel) => this.losses(channel),
        spool: () => this.spoolStatus(),
        clockSteps: () => this.#keeper.clockSteps,
      }),
    )
    this.#balance.app =
      callbacks.onGetBalance && new AppPlan(callbacks.onGetBalance, this.#system.log)
    this.#phase = 'ready'
    this.#beat()
    // callbacks come after initCs has returned, as they do in the specification's flow
    this.#plansTimer = this.#system.clock.after(0, () => this.#watchPlans())
    return iv_err_code_e.IV_ERR_NONE
  }

  #openLine(
    options: ChannelOptions,
    core: ChannelCore,
    callbacks: iv_cs_init_func_cb_s,
    dropPolicy: DropPolicy,
  ): Line {
    return openLine(options, core, callbacks, {
      system: this.#system,
      tuning: this.#options,
      credentials: this.#options.credentials,
      times: () => this.#times,
      archive: this.#archive(options.channel_id),
      keeper: this.#keeper,
      dropPolicy,
      eventModule: this.eventModule,
      askPlan: async (id) => {
        if (this.#balance.app) this.#balance.ask(id, this.#times.replyMs)
        else await this.#system.plans?.query(id, this.#times.replyMs)
        return this.#system.plans?.get(id)?.cs_switch === 1
      },
    })
  }

  #archive(channel: number): Archive {
    let archive = this.#archives.get(channel)
    if (!archive) {
      const { clock, log, storePath } = this.#system
      const path = storePath && join(storePath, `dumped-${channel}.log`)
      archive = new Archive(clock, path ? new DumpedFile(path, log) : undefined)
      this.#archives.set(channel, archive)
    }
    return archive
  }

  #watchPlans(): void {
    this.#plansTimer?.cancel()
    this.#plansTimer = undefined
    if (this.#phase !== 'ready') return
    for (const [id, line] of this.#lines) {
      const apply = (plan: iv_cs_balance_info_s): void => {
        // events first: the start callback may start one
        line.events.plan(plan)
        line.channel.plan(permitsFullTime(plan))
        if (plan.cs_switch === 1) line.uplink.planned()
      }
      if (this.#balance.app) {
        line.unwatch = this.#system.plans?.listen(id, (_, plan) => apply(plan)) ?? line.unwatch
        this.#balance.ask(id, 0)
        continue
      }
      const cached = this.#system.plans?.get(id)
      line.unwatch = this.#system.plans?.watch(id, (_, plan) => apply(plan)) ?? line.unwatch
      if (cached) apply(cached)
    }
  }

  #beat(): void {
    this.#tick = this.#system.clock.after(TICK_MS, () => {
      this.#beat()
      this.#keeper.lookAtClock([...this.#lines.values()])
      for (const { channel, events } of this.#lines.values()) {
        if (this.#balance.app) this.#balance.ask(channel.id, 0)
        channel.tick()
        events.tick()
      }
      this.#keeper.tick([...this.#lines.values()].map((line) => line.channel))
    })
  }

  /** Closes the last slices, waits for their acknowledgement (at most upload and reply time-out), and lets go of everything. */
  async exitCs(): Promise<iv_err_code_e> {
    if (this.#phase !== 'ready')
      return this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'initCs was not called')
    this.#phase = 'leaving'
    this.#tick?.cancel()
    this.#plansTimer?.cancel()
    this.#unwatchAi()
    this.#unwatchOnline()
    this.#unmeasure()
    const lines = [...this.#lines.values()]
    for (const { channel, uplink, events, capture, unwatch } of lines) {
      unwatch()
      capture?.close()
      events.finish()
      channel.finish()
      uplink.flush()
    }
    await this.#settled(lines)
    for (const { channel, uplink, events, backfill, spool } of lines) {
      events.close()
      // what the cloud does not have is kept, and sent the next time
      uplink.close()
      backfill.close()
      spool?.close()
      channel.close()
    }
    this.#keeper.close()
    this.eventModule.close()
    this.#lines.clear()
    this.#balance.app = undefined
    this.#phase = 'left'
    return iv_err_code_e.IV_ERR_NONE
  }

  #settled(lines: readonly Line[]): Promise<void> {
    const { clock } = this.#system
    const deadlineMs = clock.monoMs() + this.#times.sendMs + this.#times.replyMs
    return new Promise((resolve) => {
      const look = (): void => {
        const isSettled = lines.every(({ uplink, events }) => uplink.drained && events.isSettled)
        if (isSettled || clock.monoMs() >= deadlineMs) resolve()
        else clock.after(DRAIN_POLL_MS, look)
      }
      look()
    })
  }

  /** Takes one frame of one channel. Never throws, allocates or waits. */
  pushCsStream(
    channel: number,
    type: iv_cm_stream_type_e,
    pack: iv_cm_venc_pack_s | iv_cm_aenc_pack_s | null | undefined,
  ): iv_err_code_e {
    if (this.#phase !== 'ready')
      return this.#note(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call initCs first')
    const line = this.#lines.get(channel)
    if (!line) return this.#note(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, NO_SUCH_CHANNEL)
    if (pack === null || typeof pack !== 'object')
      return this.#note(iv_err_code_e.IV_ERR_CS_INIT_PRM_NULL, 'no pack given')
    if (
      type !== iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO &&
      type !== iv_cm_stream_type_e.IV_CM_STREAM_TYPE_AUDIO
    )
      return this.#note(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, WRONG_TYPE)
    if (!(pack.pu8Addr instanceof Uint8Array) || typeof pack.u64PTS !== 'number')
      return this.#note(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, WRONG_PACK)
    return line.channel.push(type, pack as iv_cm_venc_pack_s)
  }

  /**
   * Finds room in the channel's ring for a picture of at most `length` bytes and says in `frame` where: a capture driver writes it there, then
   * pushCsStream() takes `frame`, with its true length, and muxes it in place. Another call replaces the reservation.
   */
  reserveCsFrame(channel: number, length: number, frame: ReservedFrame): iv_err_code_e {
    const line = this.#lines.get(channel)
    if (!line || this.#phase !== 'ready')
      return this.#note(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call initCs first')
    if (!(frame instanceof ReservedFrame) || !(Number.isInteger(length) && length > 0))
      return this.#note(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, WRONG_RESERVATION)
    return line.channel.reserve(length, frame)
  }

  /**
   * The channel's plan. With `timeout_s` 0 the cached one at once, IV_ERR_CS_NO_BALANCE while there is none; else a promise, after asking the
   * cloud. Usable after sysInit, before initCs.
   */
  getCsBalanceInfo(
    channel: number,
    info: iv_cs_balance_info_s,
    timeout_s: number,
  ): iv_err_code_e | Promise<iv_err_code_e> {
    return this.#balance.get(channel, info, timeout_s)
  }

  /**
   * Sends a dumped file: START with its name, RUNNING with its bytes, END. Blocking: each step is a promise, and one at a time. What the cloud has is
   * skipped. After an error the file is sent again from START. Files can be sent for 30 minutes.
   */
  async uploadCsBackupVideo(
    channel: number,
    state: iv_cs_up_bk_state_e,
    file_name: string,
    buf?: Uint8Array | null,
    len?: number,
  ): Promise<iv_err_code_e> {
    if (!this.#isOpen(channel)) return this.#error.get().code
    const bytes = buf && len !== undefined && len < buf.length ? buf.subarray(0, len) : buf
    const { backfill } = this.#lines.get(channel)!
    return this.conclude(await backfill.step(state, file_name, bytes))
  }

  /**
   * Deletes what this device has in the cloud and ends its plans; recording stops, and what waits here to be sent is thrown away. To repeat
   * it does no harm. Usable after sysInit.
   */
  async destroyCsResource(timeout_ms: number): Promise<iv_err_code_e> {
    const { plans } = this.#system
    if (!plans) return this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call sysInit first')
    if (!Number.isInteger(timeout_ms) || timeout_ms <= 0 || timeout_ms > TRANS_TIME_MAX_MS)
      return this.#refuse(
        iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
        `timeout_ms must be 1 to ${TRANS_TIME_MAX_MS} ms, not ${timeout_ms}`,
      )
    const verdict = await askDestroy(this.#system, timeout_ms)
    if (verdict.code !== iv_err_code_e.IV_ERR_NONE) return this.conclude(verdict)
    for (const archive of this.#archives.values()) archive.clear()
    for (const [id, line] of this.#lines) {
      line.events.discard()
      // stops recording, with its callback, before what was recorded is thrown away
      plans.set(id, { ...NO_PLAN })
      this.#keeper.discard(line)
      line.uplink.discard()
    }
    this.#keeper.destroyed()
    return iv_err_code_e.IV_ERR_NONE
  }

  protected eventsOf(channel: number): Events | iv_err_code_e {
    return this.#isOpen(channel) ? this.#lines.get(channel)!.events : this.#error.get().code
  }

  protected conclude({ code, message }: EventVerdict): iv_err_code_e {
    return code === iv_err_code_e.IV_ERR_NONE ? code : this.#refuse(code, message)
  }

  /** Whether a channel can be used; if not, the last error says why. */
  #isOpen(channel: number): boolean {
    if (this.#phase !== 'ready')
      this.#refuse(iv_err_code_e.IV_ERR_CS_PRM_NOT_AVAILABLE, 'call initCs first')
    else if (!this.#lines.has(channel))
      this.#refuse(iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE, NO_SUCH_CHANNEL)
    else return true
    return false
  }

  /** Time-outs of requests from now on; 0 is refused. */
  setCsTransTime(upload_timeout_ms: number, reply_timeout_ms: number): iv_err_code_e {
    for (const [name, value] of Object.entries({ upload_timeout_ms, reply_timeout_ms }))
      if (!Number.isInteger(value) || value <= 0 || value > TRANS_TIME_MAX_MS)
        return this.#refuse(
          iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
          `${name} must be 1 to ${TRANS_TIME_MAX_MS} ms, not ${value}`,
        )
    this.#times.sendMs = upload_timeout_ms
    this.#times.replyMs = reply_timeout_ms
    return iv_err_code_e.IV_ERR_NONE
  }

  /** Why the last refused call about this channel was refused; of the module when the channel is none. */
  lastError(channel: number): LastError {
    const ofChannel = this.#lines.get(channel)?.channel.error
    return (ofChannel && ofChannel.order > this.#error.order ? ofChannel : this.#error).get()
  }

  /** What a Worker needs to write frames of a channel: for a CaptureWriter. Undefined unless the channel has capture_queue_bytes. */
  captureQueue(channel: number): CaptureQueue | undefined {
    return this.#lines.get(channel)?.capture?.queue
  }

  /** Bytes that can be pushed now. */
  room(channel: number): number {
    return this.#lines.get(channel)?.channel.room.free ?? 0
  }

  /** Resolves when at least half of the channel's buffer is free. */
  drained(channel: number): Promise<void> {
    return this.#lines.get(channel)?.channel.room.drained() ?? Promise.resolve()
  }

  /** What is missing of a channel, and why; of all channels when none is given. */
  losses(channel?: number): Loss[] {
    return this.#keeper.ledger?.losses(channel) ?? []
  }

  /** What the spool holds; undefined when there is none. */
  spoolStatus(): SpoolStatus | undefined {
    return this.#keeper.spool?.status
  }

  /** Counters of a channel; undefined when it is not open. */
  stats(channel: number): ChannelStats | undefined {
    const line = this.#lines.get(channel)
    return line && statsOf(line.channel, line.uplink, this.#system.clock.monoMs())
  }

  /** Counters and gauges of the device and its channels, as OpenMetrics text. */
  openMetrics(): string {
    return this.#system.metrics.text()
  }

  #refuse(code: iv_err_code_e, message: string, status = 0): iv_err_code_e {
    this.#system.log.warn(`${iv_err_code_e[code]}: ${message}`)
    return this.#note(code, message, status)
  }

  /** Without a log line: a camera that pushes wrongly does so 25 times a second. */
  #note(code: iv_err_code_e, message: string, status = 0): iv_err_code_e {
    return this.#error.set(code, status, message)
  }
}

const NO_SPOOL_FOLDER = 'spool.path is missing, and sysInit was given no storePath'
const NO_SUCH_CHANNEL = 'no channel of this number was given to initCs'
const WRONG_TYPE = 'the stream type must be AUDIO (0) or VIDEO (1)'
const WRONG_RESERVATION = 'a reservation needs its bytes, 1 or more, and a ReservedFrame'
const WRONG_PACK = 'pu8Addr must be a Uint8Array and u64PTS a number of milliseconds'
