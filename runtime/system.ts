import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type Clock, type Random, systemClock, type Timer } from './clock.ts'
import type { CheckedEncryption } from './crypto/options.ts'
import { hmacLogin, type MqttLogin, staticLogin } from './identity.ts'
import { consoleLogger, errorText, type Logger } from './log.ts'
import { Metrics } from './metrics/metrics.ts'
import {
  type SystemFigures,
  type SystemStats,
  systemFamilies,
  systemStatsOf,
} from './metrics/system-metrics.ts'
import type { BucketChannel } from './mqtt/bucket-layout.ts'
import { type AiResult, type DownMessage, ReplyCode } from './mqtt/messages.ts'
import { RelaySession, type RelaySessionOptions } from './mqtt/relay-session.ts'
import { type Ask, type Reply, Session, type SessionOptions } from './mqtt/session.ts'
import type { TopicKind } from './mqtt/topics.ts'
import { Plans } from './plan/plan.ts'
import { ALWAYS, balanceOf } from './plan/rules.ts'
import { iv_err_code_e } from './status.ts'
import {
  brokerUrl,
  type CheckedSystemOptions,
  checkSystem,
  type SystemOptions,
} from './system-options.ts'
import type { CheckedBucketUplink } from './upload/bucket/options.ts'
import type { Credentials, Denied } from './upload/credentials.ts'
import { DayBudget } from './upload/day-budget.ts'
import { Scheduler } from './upload/scheduler.ts'
import type { SliceClient } from './upload/tus.ts'

export const HEARTBEAT_MS = 30_000
/** A login is good for so long after it was made: time enough for a clock that is somewhat behind. */
const LOGIN_LIFE_S = 24 * 3600
/** A device whose clock says less than this does not know the time; docs/PROTOCOL.md section 1. */
const CLOCK_UNSET_BEFORE_MS = Date.UTC(2020, 0, 1)
const EXPIRY_WITHOUT_CLOCK_S = 4_102_444_800
const VERSION = '0.1.0'

/** What tests put in place of the world. */
export type SystemDependencies = {
  clock?: Clock
  random?: Random
  /** the connection to the broker */
  session?: (options: SessionOptions) => SessionLike
  /** what slices are sent through */
  slices?: () => SliceClient
}

type SessionLike = Pick<Session, 'online' | 'lastError' | 'start' | 'stop' | 'tell' | 'ask'>

type Running = {
  options: CheckedSystemOptions
  /** undefined: recordings go to a bucket, and there is no cloud */
  session: SessionLike | undefined
  plans: Plans
  heartbeat: Timer | undefined
}

/** Identity, connection and presence of one device: the system module, as much of it as cloud storage needs. */
export class System {
  readonly clock: Clock
  readonly random: Random
  /** names this start of the program in slice ids */
  readonly bootId = randomBytes(8).toString('hex')
  /** the queue of all uploads of the device */
  readonly scheduler: Scheduler
  /** counters and gauges of all parts; each adds its own */
  readonly metrics = new Metrics()
  readonly #figures: SystemFigures
  #connections = 0
  #relay: RelaySession | undefined
  log: Logger = consoleLogger()
  /** in place of the network, for tests */
  readonly slices: (() => SliceClient) | undefined
  readonly #openSession: (options: SessionOptions) => SessionLike
  #running: Running | undefined
  #lastError = ''
  readonly #sliceNumbers = new Map<number, number>()
  readonly #eventNumbers = new Map<number, number>()
  readonly #onlineListeners = new Set<() => void>()
  readonly #aiListeners = new Set<(result: AiResult) => void>()

  constructor(dependencies: SystemDependencies = {}) {
    this.clock = dependencies.clock ?? systemClock
    this.random = dependencies.random ?? Math.random
    this.scheduler = new Scheduler(this.clock)
    this.#figures = {
      version: VERSION,
      scheduler: this.scheduler,
      isOnline: () => this.online,
      connections: () => this.#connections,
    }
    this.metrics.add(...systemFamilies(this.#figures))
    this.slices = dependencies.slices
    this.#openSession = dependencies.session ?? ((options) => new Session(options))
  }

  get isInitialised(): boolean {
    return this.#running !== undefined
  }

  get online(): boolean {
    return this.#running?.session?.online ?? false
  }

  /** Why the last call failed, or why the device is offline. */
  get lastError(): string {
    return this.#running?.session?.lastError || this.#lastError
  }

  /** What is known of the device, read at once; of its channels CloudStorage.stats tells. */
  stats(): SystemStats {
    return systemStatsOf(this.#figures)
  }

  get plans(): Plans | undefined {
    return this.#running?.plans
  }

  /** where recordings go in place of the cloud, and who they are of */
  get bucket():
    | { uplink: CheckedBucketUplink; device: Omit<BucketChannel, 'channel'> }
    | undefined {
    const options = this.#running?.options
    if (!options?.uplink) return undefined
    const { productId, deviceName, uplink } = options
    return { uplink, device: { productId, deviceName } }
  }

  get storePath(): string | undefined {
    return this.#running?.options.storePath
  }

  get identity(): { productId: string; deviceName: string } | undefined {
    return this.#running?.options
  }

  /** how recordings are encrypted before they leave the device */
  get encryption(): CheckedEncryption | undefined {
    return this.#running?.options.encryption
  }

  get ca(): string | undefined {
    return this.#running?.options.ca
  }

  /** Starts connecting and returns; `onOnline` tells when the device is there. A failed init leaves nothing behind. */
  async init(given: SystemOptions | null | undefined): Promise<iv_err_code_e> {
    if (this.#running)
      return this.#refuse(
        iv_err_code_e.IV_ERR_SYS_INIT_PRM_RANGE,
        'sysInit was called already; call sysExit first',
      )
    const checked = checkSystem(given)
    if ('faults' in checked)
      return this.#refuse(
        checked.faults[0]!.code,
        checked.faults.map((fault) => fault.message).join('; '),
      )
    const options = checked.value
    this.log = given?.logger ?? this.log
    const session = this.#sessionOf(options, {
      clock: this.clock,
      log: this.log,
      onOnline: () => {
        this.#connections++
        this.#beat()
        this.plans?.refresh()
        for (const listener of this.#onlineListeners) listener()
        this.#call('onOnline', () => given?.onOnline?.(this.clock.nowMs()))
      },
      onOffline: (reason) => this.#call('onOffline', () => given?.onOffline?.(reason)),
      onMessage: (message) => this.#received(message),
    })
    const plans = new Plans(
      (channel, timeoutMs) => this.#askPlan(channel, timeoutMs),
      this.clock,
      this.random,
      this.log,
    )
    this.#running = { options, session, plans, heartbeat: undefined }
    this.#lastError = ''
    this.scheduler.budget = this.#budget(options)
    session?.start()
    return iv_err_code_e.IV_ERR_NONE
  }

  /** Ends the connection. Cloud storage is to be left first. */
  async exit(): Promise<iv_err_code_e> {
    const running = this.#running
    if (!running)
      return this.#refuse(iv_err_code_e.IV_ERR_SYS_INIT_PRM_NULL, 'sysInit was not called')
    this.#running = undefined
    running.heartbeat?.cancel()
    running.plans.stop()
    this.scheduler.close()
    this.#relay = undefined
    await running.session?.stop()
    return iv_err_code_e.IV_ERR_NONE
  }

  /** Asks for leave to upload to a channel. */
  async credentials(channel: number): Promise<Credentials | Denied> {
    const running = this.#running
    if (!running) return { denied: 'offline', message: 'sysInit was not called' }
    if (!running.session) return { denied: 'refused', message: 'there is no cloud' }
    const timeoutMs = running.options.commandTimeoutMs
    const reply = await running.session.ask(
      'service',
      { method: 'upload_token', params: { channel } },
      timeoutMs,
    )
    if (reply?.method !== 'upload_token_reply')
      return {
        denied: 'offline',
        message:
          running.session.lastError || `the cloud gave no upload token within ${timeoutMs} ms`,
      }
    if (reply.code === ReplyCode.ok && reply.data) return reply.data
    return {
      denied: reply.code === ReplyCode.noPlan ? 'plan' : 'refused',
      message: `${reply.code} ${reply.status}`,
    }
  }

  /** Numbers of a channel's slices never repeat within a start of the program, whatever is left and initialised again. */
  takeSliceNumber(channel: number): number {
    const number = (this.#sliceNumbers.get(channel) ?? 0) + 1
    this.#sliceNumbers.set(channel, number)
    return number
  }

  /** Names an event for good: boot id and number, as slices have them. */
  takeEventKey(channel: number): string {
    const number = (this.#eventNumbers.get(channel) ?? 0) + 1
    this.#eventNumbers.set(channel, number)
    return `${this.bootId}-${String(number % 100_000_000).padStart(8, '0')}`
  }

  /** The number of the newest slice of a channel; 0 before the first. */
  sliceNumber(channel: number): number {
    return this.#sliceNumbers.get(channel) ?? 0
  }

  /** The number of the newest event of a channel; 0 before the first. */
  eventNumber(channel: number): number {
    return this.#eventNumbers.get(channel) ?? 0
  }

  /** Asks the cloud; undefined when there was no answer in time. */
  ask(kind: TopicKind, message: Ask, timeoutMs: number): Promise<Reply | undefined> {
    return this.#running?.session?.ask(kind, message, timeoutMs) ?? Promise.resolve(undefined)
  }

  /** Tells of every connection that came about, until the returned function is called. */
  watchOnline(listener: () => void): () => void {
    this.#onlineListeners.add(listener)
    return () => this.#onlineListeners.delete(listener)
  }

  /** Tells of what analyses in the cloud find, until the returned function is called. */
  watchAi(listener: (result: AiResult) => void): () => void {
    this.#aiListeners.add(listener)
    return () => this.#aiListeners.delete(listener)
  }

  /** The connection to the broker, or the app's relay; none when recordings go to a bucket. */
  #sessionOf(
    options: CheckedSystemOptions,
    common: Omit<RelaySessionOptions, 'relay'>,
  ): SessionLike | undefined {
    const { cloudUrl, relay } = options
    if (relay) {
      this.#relay = new RelaySession({ ...common, relay })
      return this.#relay
    }
    if (cloudUrl === undefined) return undefined
    return this.#openSession({
      ...common,
      url: brokerUrl(cloudUrl)!,
      productId: options.productId,
      deviceName: options.deviceName,
      login: () => this.#login(options),
      keepAliveMs: options.keepAliveMs,
      ca: options.ca,
      random: this.random,
    })
  }

  /**
   * With a relay: what the cloud sent unasked (a plan that changed, what an analysis found), as it came on a `down` topic.
   * @returns false when it is no message of the cloud
   */
  receive(message: string): boolean {
    return this.#relay?.receive(message) ?? false
  }

  #budget({ dailyBytes, storePath }: CheckedSystemOptions): DayBudget | undefined {
    if (dailyBytes === undefined) return undefined
    const { clock, log } = this
    const path = storePath && join(storePath, 'day-budget.json')
    return new DayBudget({ clock, log, limitBytes: dailyBytes, path })
  }

  #login(options: CheckedSystemOptions): MqttLogin {
    const { productId, deviceName, deviceSecret = '' } = options
    if (options.login === 'static') return staticLogin(productId, deviceName, deviceSecret)
    const nowMs = this.clock.nowMs()
    const expiryS =
      nowMs < CLOCK_UNSET_BEFORE_MS ? EXPIRY_WITHOUT_CLOCK_S : nowMs / 1000 + LOGIN_LIFE_S
    const connectionId = randomBytes(5).toString('hex').slice(0, 5)
    return hmacLogin(productId, deviceName, deviceSecret, expiryS, connectionId)
  }

  async #askPlan(channel: number, timeoutMs: number) {
    const running = this.#running
    if (!running) return undefined
    // a bucket asks for no plan: without a cloud, and unless the app tells another, recording is always on
    if (!running.session) return { ...ALWAYS }
    const question = { method: 'get_status' as const, params: { channel } }
    const reply = await running.session.ask('property', question, timeoutMs)
    if (reply?.method !== 'get_status_reply') return undefined
    if (reply.code === ReplyCode.ok && reply.data) return balanceOf(reply.data)
    this.log.warn(`the cloud does not say what the plan is: ${reply.code} ${reply.status}`)
    return undefined
  }

  #received(message: DownMessage): void {
    const running = this.#running
    if (!running?.session) return
    const done = { code: ReplyCode.ok, status: 'ok' }
    if (message.method === 'control') {
      running.plans.set(message.params.channel, balanceOf(message.params))
      const reply = { method: 'control_reply', ...done } as const
      running.session.tell('property', reply, message.clientToken)
    } else if (message.method === 'ai_result') {
      for (const listener of this.#aiListeners)
        this.#call('onAiServiceNotify', () => listener(message.params))
      const reply = { method: 'ai_result_reply', ...done } as const
      running.session.tell('service', reply, message.clientToken)
    }
  }

  #beat(): void {
    const running = this.#running
    if (!running) return
    running.heartbeat?.cancel()
    running.heartbeat = this.clock.after(HEARTBEAT_MS, () => this.#beat())
    running.session?.tell('event', {
      method: 'heartbeat',
      params: {
        utcMs: Math.max(0, Math.round(this.clock.nowMs())),
        intervalMs: HEARTBEAT_MS,
        bootId: this.bootId,
        version: VERSION,
        channels: running.plans.watched,
      },
    })
  }

  #refuse(code: iv_err_code_e, message: string): iv_err_code_e {
    this.#lastError = message
    this.log.error(`${iv_err_code_e[code]}: ${message}`)
    return code
  }

  #call(name: string, callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.log.error(`${name} threw: ${errorText(error)}`)
    }
  }
}
