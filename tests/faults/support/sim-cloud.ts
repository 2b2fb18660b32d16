import { applyIndex } from '../../../cloud/server/ingest/slice-index.ts'
import type { Slice } from '../../../cloud/server/store/index/types.ts'
import type { Clock } from '../../../runtime/clock.ts'
import type { Loss, SliceStart } from '../../../runtime/mqtt/messages.ts'
import type { Ask, Reply, SessionOptions } from '../../../runtime/mqtt/session.ts'
import type { HttpTimeouts } from '../../../runtime/upload/http.ts'
import type { Outcome } from '../../../runtime/upload/retry.ts'
import type { Append, SliceClient, TusAnswer } from '../../../runtime/upload/tus.ts'
import { numbersIn } from './marked-frames.ts'

/** What the line and the cloud do just now. */
export type Weather = {
  /** `down`: nothing arrives · `deaf`: what is sent arrives, its answer does not · else every request is answered so, `ok` as it should be */
  http: 'ok' | 'down' | 'deaf' | Exclude<Outcome, 'ok' | 'gone' | 'reject'>
  /** whether the broker can be reached */
  mqtt: boolean
  latencyMs: number
  /** of bodies */
  bytesPerS: number
  /** so many of a hundred requests are lost, their answers as often as they themselves */
  lossPercent: number
}

export const FAIR: Weather = {
  http: 'ok',
  mqtt: true,
  latencyMs: 40,
  bytesPerS: Number.POSITIVE_INFINITY,
  lossPercent: 0,
}

const FULL_TIME = {
  _sys_cs_status: 1,
  _sys_cs_type: 1,
  _sys_cs_days: 7,
  _sys_cs_trial_sec: 0,
}
const NO_PLAN = { _sys_cs_status: 0, _sys_cs_type: 0, _sys_cs_days: 0, _sys_cs_trial_sec: 0 }
const RECONNECT_MS = 2000

type SimSlice = { start: SliceStart; index: Slice; bytes: Buffer }

/** Waits of a device that may be killed while it waits: then nothing more happens on its side. */
export type Life = { clock: Clock; isDead: boolean }

/**
 * A cloud in memory, as far as a device can tell: it keeps to docs/PROTOCOL.md, with the real server's rules of indexes. It has one device
 * with one channel.
 */
export class SimCloud {
  readonly #growing = new Map<string, SimSlice>()
  /** lengths of slices that are complete, or were let go of; their pictures have been counted and their bytes are gone */
  readonly #ended = new Map<string, number>()
  /** what the device has told to be missing */
  readonly losses = new Map<string, Loss>()
  /** how often each picture, by its number, has arrived */
  readonly arrived: Uint8Array
  /** what no cloud should ever see */
  readonly faults: string[] = []
  weather: Weather = { ...FAIR }
  hasPlan = true
  requests = 0
  /** what has not grown for so long is counted and let go of; a device must not come back to it */
  forgetMs = Number.POSITIVE_INFINITY
  readonly #random: () => number
  readonly #sessions = new Set<SimSession>()

  /** @param pictures how many there will be at most */
  constructor(random: () => number, pictures: number) {
    this.#random = random
    this.arrived = new Uint8Array(pictures)
  }

  /** Counts the pictures of what has not ended. */
  close(): void {
    for (const slice of this.#growing.values()) this.#count(slice)
  }

  #count(slice: SimSlice): void {
    const { start, bytes } = slice
    for (const number of numbersIn(start.format, bytes))
      if (++this.arrived[number]! > 1)
        this.faults.push(`picture ${number} is in ${start.id} and before`)
    // a day of video would be all that the memory's figures show
    this.#growing.delete(start.id)
    this.#ended.set(start.id, bytes.length)
  }

  #forget(nowMs: number): void {
    for (const slice of this.#growing.values())
      if (slice.start.startUtcMs < nowMs - this.forgetMs) this.#count(slice)
  }

  client(life: Life): SliceClient {
    const send = (bytes: number, times: HttpTimeouts, carryOut: () => TusAnswer) =>
      this.#send(life, bytes, times, carryOut)
    return {
      create: (_, __, start, times) => send(0, times, () => this.#create(start)),
      append: (location, _, append, times) => {
        const bytes = append.views.reduce((sum, view) => sum + view.length, 0)
        return send(bytes, times, () => this.#append(location, append))
      },
      ask: (location, _, times) => send(0, times, () => this.#ask(location)),
      close() {},
    }
  }

  session(life: Life, options: SessionOptions): SimSession {
    const session = new SimSession(this, life, options)
    this.#sessions.add(session)
    return session
  }

  /** The plan changes; who is online is told. */
  plan(on: boolean): void {
    this.hasPlan = on
    for (const session of this.#sessions) session.tellPlan()
  }

  setWeather(weather: Partial<Weather>): void {
    Object.assign(this.weather, weather)
    for (const session of this.#sessions) session.look()
  }

  answer(message: Ask): Reply | undefined {
    const ok = { clientToken: 'sim', code: 0, status: 'ok' }
    const plan = this.hasPlan ? FULL_TIME : NO_PLAN
    switch (message.method) {
      case 'get_status': {
        const data = { channel: message.params.channel, ...plan }
        return { method: 'get_status_reply', ...ok, data }
      }
      case 'upload_token':
        if (!this.hasPlan)
          return { method: 'upload_token_reply', clientToken: 'sim', code: 402, status: 'no plan' }
        return {
          method: 'upload_token_reply',
          ...ok,
          data: { token: 't', url: 'http://cloud/', expiresAtMs: Number.MAX_SAFE_INTEGER },
        }
      case 'loss_report':
        for (const loss of message.params.losses) this.losses.set(loss.id, loss)
        for (const id of message.params.withdrawn) this.losses.delete(id)
        return { method: 'loss_report_reply', ...ok }
      default:
        return undefined
    }
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  async #send(
    { clock, isDead }: Life,
    bytes: number,
    times: HttpTimeouts,
    carryOut: () => TusAnswer,
  ): Promise<TusAnswer> {
    if (isDead) return new Promise(() => {})
    this.requests++
    const { http, latencyMs, bytesPerS, lossPercent } = this.weather
    const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
    const silent = async (): Promise<TusAnswer> => {
      await wait(times.replyMs)
      return { outcome: 'retry', status: 0, message: 'no answer' }
    }
    const lost = lossPercent > 0 && this.#random() * 100 < lossPercent
    if (http === 'down' || (lost && this.#random() < 0.5)) return silent()
    const tookMs = latencyMs + (bytes * 1000) / bytesPerS
    if (tookMs > times.sendMs + times.replyMs) return silent()
    await wait(tookMs)
    if (http !== 'ok' && http !== 'deaf')
      return {
        outcome: http,
        status: 599,
        message: http,
        ...(http === 'later' && { waitMs: 3000 }),
      }
    const answer = carryOut()
    return http === 'deaf' || lost ? silent() : answer
  }

  #create(start: SliceStart): TusAnswer {
    if (!this.hasPlan) return { outcome: 'plan', status: 402, message: 'no plan' }
    const location = new URL(`http://cloud/${start.id}`)
    const offset = this.#ended.get(start.id) ?? this.#growing.get(start.id)?.bytes.length
    if (offset !== undefined) return { outcome: 'ok', status: 200, message: '', location, offset }
    const index: Slice = { ...start, deviceId: 1, channel: 0, state: 'open', bytes: 0, pieces: [] }
    this.#growing.set(start.id, { start, index, bytes: Buffer.alloc(0) })
    this.#forget(start.startUtcMs)
    return { outcome: 'ok', status: 201, message: '', location, offset: 0 }
  }

  #append(location: URL, append: Append): TusAnswer {
    const id = location.pathname.slice(1)
    const ended = this.#ended.get(id)
    if (ended !== undefined) {
      if (append.offset !== ended) return { outcome: 'offset', status: 409, message: '' }
      if (append.views.every(({ length }) => length === 0)) return this.#ask(location)
      return this.#reject('appends to a slice that has ended', id)
    }
    const slice = this.#growing.get(id)
    if (!slice) return { outcome: 'unknown', status: 404, message: '' }
    if (append.offset !== slice.bytes.length) return { outcome: 'offset', status: 409, message: '' }
    const bytes = Buffer.concat([slice.bytes, ...append.views])
    const applied = applyIndex(slice.index, append.index, bytes.length)
    if ('fault' in applied) {
      const known = JSON.stringify(slice.index.pieces.slice(-3))
      return this.#reject(`${applied.fault}: ${JSON.stringify(append.index)} after ${known}`, id)
    }
    slice.bytes = bytes
    slice.index = { ...slice.index, pieces: applied.pieces, bytes: slice.bytes.length }
    if (append.total !== undefined) {
      if (append.total !== slice.bytes.length)
        return this.#reject(`total ${append.total}, ${slice.bytes.length} bytes`, id)
      this.#count(slice)
    }
    return this.#ask(location)
  }

  #ask(location: URL): TusAnswer {
    const id = location.pathname.slice(1)
    const length = this.#ended.get(id)
    const offset = length ?? this.#growing.get(id)?.bytes.length
    if (offset === undefined) return { outcome: 'unknown', status: 404, message: '' }
    const answer: TusAnswer = { outcome: 'ok', status: 204, message: '', offset }
    return length === undefined ? answer : { ...answer, length }
  }

  #reject(reason: string, id: string): TusAnswer {
    this.faults.push(`${id}: ${reason}`)
    return { outcome: 'reject', status: 400, message: reason }
  }
}

/** The connection to the broker: there while the weather lets it be. */
export class SimSession {
  readonly #cloud: SimCloud
  readonly #life: Life
  readonly #options: SessionOptions
  readonly lastError = ''
  online = false
  #isStopped = true
  #waiting: (() => void)[] = []

  constructor(cloud: SimCloud, life: Life, options: SessionOptions) {
    this.#cloud = cloud
    this.#life = life
    this.#options = options
  }

  start(): void {
    this.#isStopped = false
    this.look()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.online = false
  }

  tell(): boolean {
    return this.online
  }

  /** The weather has changed. */
  look(): void {
    const { isDead, clock } = this.#life
    if (this.#isStopped || isDead || this.online === this.#cloud.weather.mqtt) return
    if (this.online) {
      this.online = false
      this.#options.onOffline('connection lost')
      return
    }
    clock.after(RECONNECT_MS, () => {
      if (this.#isStopped || this.online || !this.#cloud.weather.mqtt) return
      this.online = true
      this.#options.onOnline()
      for (const wake of this.#waiting.splice(0)) wake()
    })
  }

  tellPlan(): void {
    if (!this.online) return
    const plan = this.#cloud.hasPlan ? FULL_TIME : NO_PLAN
    this.#options.onMessage({
      method: 'control',
      clientToken: 'sim',
      params: { channel: 0, ...plan },
    })
  }

  ask(_: unknown, message: Ask, timeoutMs: number): Promise<Reply | undefined> {
    const { clock } = this.#life
    return new Promise((resolve) => {
      const deadline = clock.after(timeoutMs, () => resolve(undefined))
      const pose = (): void => {
        if (!this.online) {
          this.#waiting.push(pose)
          return
        }
        clock.after(this.#cloud.weather.latencyMs, () => {
          if (!this.online) return pose()
          deadline.cancel()
          resolve(this.#cloud.answer(message))
        })
      }
      pose()
    })
  }
}
