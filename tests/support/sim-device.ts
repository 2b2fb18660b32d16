import { applyIndex } from '../../cloud/server/ingest/slice-index.ts'
import type { Slice } from '../../cloud/server/store/index/types.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'
import {
  CloudStorage,
  type iv_cs_channel_params_s,
  type iv_cs_init_func_cb_s,
  type iv_cs_init_parm_s,
  System,
} from '../../runtime/index.ts'
import type { DownMessage, LossReport, SliceStart, UpMessage } from '../../runtime/mqtt/messages.ts'
import type { Append, SliceClient, TusAnswer } from '../../runtime/upload/tus.ts'
import type { FakeClock } from './fake-clock.ts'
import { FULL_TIME } from './fake-cloud.ts'
import { type Frame, pushFrame } from './frames.ts'
import { initParams, quiet } from './test-camera.ts'

/** down: no answer, nothing arrives · deaf: what is sent arrives, its answer does not · slow: an append a second */
export type SimNetwork = 'up' | 'down' | 'deaf' | 'slow'

const OK = { outcome: 'ok', message: '' } as const
const LATENCY_MS = 20
const SLOW_MS = 1000
const TIMEOUT_MS = 2000
const COLLECTION = new URL('http://cloud/')

export type SimSlice = { slice: Slice; data: Buffer; length: number | undefined }

/** A cloud in memory on a fake clock, as strict about indexes as the real one. It reads an append when it answers. */
export class SimCloud {
  readonly slices = new Map<string, SimSlice>()
  readonly reports: LossReport[] = []
  readonly messages: UpMessage[] = []
  /** complaints about what devices sent */
  readonly faults: string[] = []
  network: SimNetwork = 'up'
  /** bytes that arrived without the device hearing of it */
  unheardBytes = 0
  readonly #clock: FakeClock
  #bytes = 0
  #tokens = 0
  /** those of before a destruction are void */
  #firstToken = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  client(isAlive: () => boolean): SliceClient {
    return {
      create: (_, token, start) => this.#answer(isAlive, token, () => this.#create(start)),
      append: (location, token, append) =>
        this.#answer(isAlive, token, () => this.#append(location, append)),
      ask: (location, token) => this.#answer(isAlive, token, () => this.#ask(location)),
      close: () => {},
    }
  }

  #answer(isAlive: () => boolean, token: string, run: () => TusAnswer): Promise<TusAnswer> {
    const { network } = this
    const waitMs = network === 'up' ? LATENCY_MS : network === 'slow' ? SLOW_MS : TIMEOUT_MS
    return new Promise((resolve) =>
      this.#clock.after(waitMs, () => {
        if (!isAlive()) return
        const before = this.#bytes
        const isVoid = Number(token) < this.#firstToken
        const gone = { outcome: 'gone', status: 410, message: 'destroyed' } as const
        const answer = network === 'down' ? undefined : isVoid ? gone : run()
        const isHeard = network === 'up' || network === 'slow'
        if (!isHeard) this.unheardBytes += this.#bytes - before
        resolve(isHeard && answer ? answer : { outcome: 'retry', status: 0, message: network })
      }),
    )
  }

  #create(start: SliceStart): TusAnswer {
    const location = new URL(start.id, COLLECTION)
    const known = this.slices.get(start.id)
    if (known) return { ...OK, status: 200, location, offset: known.data.length }
    const slice = {
      ...start,
      deviceId: 1,
      channel: 0,
      state: 'open',
      bytes: 0,
      pieces: [],
    } as const
    this.slices.set(start.id, {
      slice: { ...slice, pieces: [] },
      data: Buffer.alloc(0),
      length: undefined,
    })
    return { ...OK, status: 201, location, offset: 0 }
  }

  #append(location: URL, append: Append): TusAnswer {
    const known = this.slices.get(location.pathname.slice(1))
    if (!known) return { outcome: 'unknown', status: 404, message: '' }
    const position = {
      offset: known.data.length,
      ...(known.length !== undefined && { length: known.length }),
    }
    if (append.offset !== known.data.length)
      return { outcome: 'offset', status: 409, message: '', ...position }
    const bytes = Buffer.concat(append.views)
    if (known.length !== undefined && bytes.length > 0) {
      this.faults.push(`${known.slice.id}: bytes behind its end`)
      return { outcome: 'reject', status: 400, message: 'complete' }
    }
    const applied = applyIndex(known.slice, append.index, known.data.length + bytes.length)
    if ('fault' in applied) {
      this.faults.push(`${known.slice.id}: ${applied.fault}`)
      return { outcome: 'reject', status: 400, message: applied.fault }
    }
    known.data = Buffer.concat([known.data, bytes])
    this.#bytes += bytes.length
    known.slice = { ...known.slice, pieces: applied.pieces, bytes: known.data.length }
    if (append.total !== undefined) {
      if (append.total !== known.data.length) this.faults.push(`${known.slice.id}: wrong length`)
      known.length = append.total
      known.slice = { ...known.slice, state: 'done', end: append.index.end! }
    }
    return {
      ...OK,
      status: 204,
      offset: known.data.length,
      ...(append.total !== undefined && { length: append.total }),
    }
  }

  #ask(location: URL): TusAnswer {
    const known = this.slices.get(location.pathname.slice(1))
    if (!known) return { outcome: 'unknown', status: 404, message: '' }
    return {
      ...OK,
      status: 200,
      offset: known.data.length,
      ...(known.length !== undefined && { length: known.length }),
    }
  }

  /** What the broker's side answers. */
  reply(message: UpMessage): DownMessage | undefined {
    this.messages.push(message)
    const ok = { clientToken: message.clientToken, code: 0, status: 'ok' }
    switch (message.method) {
      case 'get_status':
        return {
          method: 'get_status_reply',
          ...ok,
          data: { channel: message.params.channel, ...FULL_TIME },
        }
      case 'upload_token': {
        const data = {
          token: String(++this.#tokens),
          expiresAtMs: this.#clock.nowMs() + 3_600_000,
          url: COLLECTION.href,
        }
        return { method: 'upload_token_reply', ...ok, data }
      }
      case 'loss_report':
        this.reports.push(message.params)
        return { method: 'loss_report_reply', ...ok }
      case 'clock_epoch':
        return { method: 'clock_epoch_reply', ...ok }
      case 'event_start': {
        const picture = { url: 'http://cloud/picture', token: 't', expiresAtMs: 0 }
        return { method: 'event_start_reply', ...ok, data: { picture } }
      }
      case 'event_stop':
        return { method: 'event_stop_reply', ...ok, data: {} }
      case 'destroy':
        this.slices.clear()
        this.#firstToken = this.#tokens + 1
        return { method: 'destroy_reply', ...ok }
      default:
        return undefined
    }
  }
}

/** A device's clock: a process that was killed hears nothing any more. */
class ProcessClock implements Clock {
  isAlive = true
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  monoMs(): number {
    return this.#clock.monoMs()
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs, () => {
      if (this.isAlive) run()
    })
  }
}

export type SimDeviceOptions = {
  clock: FakeClock
  cloud: SimCloud
  /** sysInit's storePath */
  storePath?: string
  channel?: Partial<iv_cs_channel_params_s>
  callbacks?: Partial<iv_cs_init_func_cb_s>
  extra?: Partial<iv_cs_init_parm_s>
}

/** One start of a device's program on a fake clock. */
export class SimDevice {
  readonly system: System
  readonly storage: CloudStorage
  readonly #clock: ProcessClock
  readonly #options: SimDeviceOptions
  #online: (() => void) | undefined

  constructor(options: SimDeviceOptions) {
    this.#options = options
    const clock = new ProcessClock(options.clock)
    this.#clock = clock
    const { cloud } = options
    this.system = new System({
      clock,
      random: () => 0.5,
      slices: () => cloud.client(() => clock.isAlive),
      session: ({ onOnline }) => {
        this.#online = onOnline
        return {
          get online() {
            return cloud.network === 'up' || cloud.network === 'slow'
          },
          lastError: '',
          start: () => void clock.after(LATENCY_MS, () => onOnline()),
          stop: async () => {},
          tell: (_, message, clientToken = 'told') => {
            cloud.reply({ ...message, clientToken } as UpMessage)
            return true
          },
          ask: (_, message) =>
            new Promise((resolve) => {
              clock.after(LATENCY_MS, () => {
                const isHeard = cloud.network === 'up' || cloud.network === 'slow'
                const reply =
                  isHeard && cloud.reply({ ...message, clientToken: 'asked' } as UpMessage)
                resolve(reply && 'code' in reply ? reply : undefined)
              })
            }),
        }
      },
    })
    this.storage = new CloudStorage(this.system)
  }

  get bootId(): string {
    return this.system.bootId
  }

  /** sysInit and initCs, up to the start callback. */
  async open(): Promise<this> {
    const { channel, callbacks, extra, clock } = this.#options
    await this.openSystem()
    await this.init(extra, channel, callbacks)
    await clock.advance(200)
    return this
  }

  async openSystem(): Promise<void> {
    const { storePath, clock } = this.#options
    const identity = {
      productId: 'SIM',
      deviceName: 'cam',
      deviceSecret: 's',
      cloudUrl: 'mqtt://x',
    }
    const code = await this.system.init({
      ...identity,
      logger: quiet,
      ...(storePath !== undefined && { storePath }),
    })
    if (code !== 0) throw new Error(this.system.lastError)
    await clock.advance(50)
  }

  async init(
    extra: Partial<iv_cs_init_parm_s> = {},
    channel: Partial<iv_cs_channel_params_s> = {},
    callbacks: Partial<iv_cs_init_func_cb_s> = {},
  ): Promise<void> {
    const code = await this.storage.initCs({ ...initParams(channel, callbacks), ...extra })
    if (code !== 0) throw new Error(this.storage.lastError(0).message)
  }

  /** The connection to the broker is there again. */
  online(): void {
    this.#online?.()
  }

  push(frame: Frame): number {
    return pushFrame(this.storage, this.#options.channel?.channel_id ?? 0, frame)
  }

  /** exitCs and sysExit; the clock runs meanwhile. */
  async close(): Promise<void> {
    let isDone = false
    const done = this.storage
      .exitCs()
      .then(() => this.system.exit())
      .then(() => {
        isDone = true
      })
    while (!isDone) await this.#options.clock.advance(100)
    await done
    this.#clock.isAlive = false
  }

  /** SIGKILL: what was not with the kernel is gone. */
  kill(): void {
    this.#clock.isAlive = false
  }
}
