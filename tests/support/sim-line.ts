import { Channel } from '../../runtime/channel/channel.ts'
import { type ChannelCore, openCore } from '../../runtime/channel/core-store.ts'
import { SliceIds } from '../../runtime/channel/slice-ids.ts'
import { checkInit } from '../../runtime/options.ts'
import type { iv_cs_channel_params_s } from '../../runtime/types.ts'
import {
  type CredentialProvider,
  CredentialStore,
  type Credentials,
} from '../../runtime/upload/credentials.ts'
import type { HttpTimeouts } from '../../runtime/upload/http.ts'
import { Scheduler } from '../../runtime/upload/scheduler.ts'
import type { SliceResult } from '../../runtime/upload/slice-work.ts'
import type { Append, SliceClient, TusAnswer } from '../../runtime/upload/tus.ts'
import { Uplink } from '../../runtime/upload/uplink.ts'
import type { FakeClock } from './fake-clock.ts'
import type { Frame } from './frames.ts'
import { initParams } from './test-camera.ts'

/** Head of a request and its answer. */
const HEAD_BYTES = 700
const OK = { outcome: 'ok', message: '' } as const

/** A line of so many bytes per second on the fake clock, used by one request after the other, and a cloud at its end. */
export class SimCloud implements SliceClient {
  readonly slices = new Map<string, { bytes: Buffer; length: number | undefined }>()
  readonly requests: { kind: 'create' | 'append' | 'ask'; atMs: number; bytes: number }[] = []
  bytesPerS = 1e9
  latencyMs = 20
  /** an answer instead of the right one */
  fault: (kind: 'create' | 'append' | 'ask', token: string) => TusAnswer | undefined = () =>
    undefined
  readonly #clock: FakeClock
  #freeAtMs = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get bytes(): Buffer {
    return Buffer.concat([...this.slices.keys()].sort().map((id) => this.slices.get(id)!.bytes))
  }

  create(_: URL, token: string, start: { id: string }, times: HttpTimeouts): Promise<TusAnswer> {
    return this.#answer('create', token, 0, times, () => {
      const location = new URL(`http://cloud/${start.id}`)
      const known = this.slices.get(start.id)
      if (!known) this.slices.set(start.id, { bytes: Buffer.alloc(0), length: undefined })
      const offset = known?.bytes.length ?? 0
      return { ...OK, status: known ? 200 : 201, location, offset }
    })
  }

  append(location: URL, token: string, append: Append, times: HttpTimeouts): Promise<TusAnswer> {
    const bytes = Buffer.concat(append.views)
    return this.#answer('append', token, bytes.length, times, () => {
      const slice = this.slices.get(location.pathname.slice(1))!
      if (append.offset !== slice.bytes.length)
        return { outcome: 'offset', status: 409, message: '' }
      slice.bytes = Buffer.concat([slice.bytes, bytes])
      slice.length = append.total
      return { ...OK, status: 204, offset: slice.bytes.length }
    })
  }

  ask(location: URL, token: string, times: HttpTimeouts): Promise<TusAnswer> {
    return this.#answer('ask', token, 0, times, () => {
      const { bytes, length } = this.slices.get(location.pathname.slice(1))!
      const offset = bytes.length
      return { ...OK, status: 200, offset, ...(length === undefined ? {} : { length }) }
    })
  }

  close(): void {}

  async #answer(
    kind: 'create' | 'append' | 'ask',
    token: string,
    bytes: number,
    times: HttpTimeouts,
    carryOut: () => TusAnswer,
  ): Promise<TusAnswer> {
    const nowMs = this.#clock.monoMs()
    this.requests.push({ kind, atMs: nowMs, bytes })
    const fault = this.fault(kind, token)
    if (fault) {
      await this.#wait(this.latencyMs)
      return fault
    }
    const startMs = Math.max(nowMs, this.#freeAtMs)
    const endMs = startMs + ((bytes + HEAD_BYTES) * 1000) / this.bytesPerS + this.latencyMs
    // what is cut after the time-out has used the line up to then
    const cutMs = nowMs + times.replyMs
    this.#freeAtMs = Math.max(this.#freeAtMs, Math.min(endMs, cutMs) - this.latencyMs)
    await this.#wait(Math.min(endMs, cutMs) - nowMs)
    if (endMs > cutMs)
      return { outcome: 'retry', fault: 'timeout', status: 0, message: 'no answer in time' }
    return carryOut()
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve))
  }
}

/** A channel with its uplink, over such a line. */
export class SimDevice {
  readonly clock: FakeClock
  readonly cloud: SimCloud
  readonly scheduler: Scheduler
  readonly notices: string[] = []
  readonly log: string[] = []
  readonly results: SliceResult[] = []
  isEvent = false
  #ptsMs = 0
  uplink!: Uplink
  channel!: Channel
  core!: ChannelCore
  credentials!: CredentialStore

  constructor(clock: FakeClock, cloud: SimCloud) {
    this.clock = clock
    this.cloud = cloud
    this.scheduler = new Scheduler(clock)
  }

  async open(
    params: Partial<iv_cs_channel_params_s> = {},
    provider: CredentialProvider = async () => TOKEN,
  ): Promise<void> {
    const checked = checkInit(initParams(params))
    if ('faults' in checked) throw new Error(checked.faults[0]!.message)
    const options = checked.value.channels[0]!
    const core = await openCore(options)
    if ('message' in core) throw new Error(core.message)
    const { clock, scheduler } = this
    const say = (message: string): void => void this.log.push(message)
    const log = { error: say, warn: say, info() {}, debug() {} }
    const { callbacks } = checked.value
    const channel = new Channel(options, { clock, log, core, callbacks })
    const credentials = new CredentialStore(0, provider, clock, () => 0.5)
    let number = 0
    this.uplink = new Uplink({
      store: core,
      ids: new SliceIds('0123456789abcdef', () => ++number),
      leavesRest: false,
      credentials,
      scheduler,
      source: {
        lagMs: () => (channel.buffered === 0 ? 0 : channel.latency.lagMs(clock.monoMs())),
        isEvent: () => this.isEvent,
      },
      client: this.cloud,
      clock,
      random: () => 0.5,
      log,
      times: () => ({ sendMs: 6000, replyMs: 5000 }),
      onAcknowledged: (position) => channel.acknowledged(position),
      onReleased: () => channel.released(),
      onSlice: (result) => void this.results.push({ ...result }),
      onConnectFail: () => void this.notices.push('FAIL'),
      onConnectRecover: () => void this.notices.push('RECOVER'),
      onServiceWrong: () => void this.notices.push('WRONG'),
      askPlan: async () => true,
    })
    this.channel = channel
    this.core = core
    this.credentials = credentials
    channel.attach(this.uplink)
    this.uplink.start()
    channel.plan(true)
  }

  push(frame: Frame): number {
    return this.channel.push(frame.kind === 'video' ? 1 : 0, {
      pu8Addr: frame.data,
      u64PTS: frame.ptsMs,
      u32Seq: frame.seq,
      eFrameType: frame.key ? 0 : 1,
    })
  }

  /** Pushes frames in their time. */
  async record(frames: readonly Frame[]): Promise<number[]> {
    const codes: number[] = []
    for (const frame of frames) {
      if (frame.ptsMs > this.#ptsMs) await this.clock.advance(frame.ptsMs - this.#ptsMs)
      this.#ptsMs = frame.ptsMs
      codes.push(this.push(frame))
    }
    return codes
  }

  /** Ends the recording and gives what waits the time to get through. */
  async finish(ms = 60_000): Promise<boolean> {
    this.channel.finish()
    this.uplink.flush()
    for (let left = ms; left > 0 && !this.uplink.drained; left -= 100) await this.clock.advance(100)
    return this.uplink.drained
  }

  close(): void {
    this.uplink.close()
    this.channel.close()
    this.scheduler.close()
  }
}

export const TOKEN: Credentials = {
  token: 't',
  url: 'http://cloud/',
  expiresAtMs: Number.MAX_SAFE_INTEGER,
}
