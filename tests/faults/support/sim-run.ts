import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Timer } from '../../../runtime/clock.ts'
import { CloudStorage, iv_cs_format_e, System } from '../../../runtime/index.ts'
import type { Loss } from '../../../runtime/mqtt/messages.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { random } from '../../support/random.ts'
import { channelParams, quiet } from '../../support/test-camera.ts'
import { markedFrame } from './marked-frames.ts'
import type { Happening, Schedule } from './schedule.ts'
import { FAIR, type Life, SimCloud } from './sim-cloud.ts'

/** A camera of few and small pictures: what matters is when, not how much. */
const FRAME_MS = 200
const GOP_FRAMES = 10
const IDR_BYTES = 1200
const P_BYTES = 300
/** Appends and looks at the clock are rarer than in life, so that hours pass in seconds. */
const APPEND_INTERVAL_MS = 1000
/** How long a camera goes on after the last storm, at most, for the spool to be sent. */
const FINISH_TURNS = 50
const FINISH_FRAMES = 600

/** The pictures that the camera pushed, by their numbers; made once, so that a day of them does not look like a leak. */
export class PushedPictures {
  count = 0
  /** what the wall clock said; NaN: no picture of this number was pushed */
  readonly wallMs: Float64Array
  /** what it would have said had it not been set since the last IDR: labels go on by timestamps until the next one */
  readonly labelMs: Float64Array
  readonly code: Int32Array

  constructor(most: number) {
    this.wallMs = new Float64Array(most).fill(Number.NaN)
    this.labelMs = new Float64Array(most)
    this.code = new Int32Array(most)
  }

  add(number: number, wallMs: number, labelMs: number, code: number): void {
    this.count++
    this.wallMs[number] = wallMs
    this.labelMs[number] = labelMs
    this.code[number] = code
  }
}

export type SimResult = {
  cloud: SimCloud
  pushed: PushedPictures
  losses: Loss[]
  boots: number
  /** what did not settle; empty when all is well */
  unsettled: string
}

/** Clock of one start of the program: when that is killed, its timers never run. */
class BootClock implements Clock, Life {
  readonly #clock: FakeClock
  isDead = false
  timers = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  get clock(): Clock {
    return this
  }

  nowMs(): number {
    return this.#clock.nowMs()
  }

  monoMs(): number {
    return this.#clock.monoMs()
  }

  after(delayMs: number, run: () => void): Timer {
    let isOpen = true
    this.timers++
    const close = (): void => {
      if (isOpen) this.timers--
      isOpen = false
    }
    const timer = this.#clock.after(delayMs, () => {
      close()
      if (!this.isDead) run()
    })
    return {
      cancel: () => {
        close()
        timer.cancel()
      },
    }
  }
}

/** Files of a run lie in memory where there is such a folder: thousands of syncs of a disk would tell nothing. */
const makeFolder = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'skyrill-sim-'))

/** A device with the real runtime, on a clock that is moved, before a cloud in memory. */
export class SimRun {
  readonly clock = new FakeClock(Date.UTC(2026, 5, 1))
  readonly cloud: SimCloud
  readonly pushed: PushedPictures
  readonly #schedule: Schedule
  readonly #random: () => number
  readonly #folder = makeFolder()
  #boot!: BootClock
  #storage!: CloudStorage
  #system!: System
  boots = 0
  #isUp = false
  #ptsMs = 0
  #inGop = 0
  #number = 0
  #labelOffsetMs = 0
  #silentUntilMs = 0
  #upAtMs = 0

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.#random = random(schedule.seed ^ 0x5ca1ab1e)
    const pictures = (schedule.hours * 3_600_000) / FRAME_MS + FINISH_TURNS * FINISH_FRAMES + 1
    this.pushed = new PushedPictures(pictures)
    this.cloud = new SimCloud(this.#random, pictures)
  }

  get storage(): CloudStorage {
    return this.#storage
  }

  /** Timers of the program that runs. */
  get timers(): number {
    return this.#boot.timers
  }

  /** @param onHour called after each simulated hour */
  async run(onHour: (hour: number) => void = () => {}): Promise<SimResult> {
    try {
      await this.start()
      const endMs = this.#schedule.hours * 3_600_000
      const waiting = [...this.#schedule.happenings]
      for (let atMs = 0; atMs < endMs; atMs += FRAME_MS) {
        if (atMs > 0 && atMs % 3_600_000 === 0) onHour(atMs / 3_600_000)
        while (waiting[0] && waiting[0].atMs <= atMs) await this.#happen(waiting.shift()!)
        await this.frame()
      }
      return await this.finish()
    } finally {
      rmSync(this.#folder, { recursive: true, force: true })
    }
  }

  async start(): Promise<void> {
    const boot = new BootClock(this.clock)
    const { cloud } = this
    this.boots++
    this.#boot = boot
    this.#system = new System({
      clock: boot,
      random: this.#random,
      session: (options) => cloud.session(boot, options),
      slices: () => cloud.client(boot),
    })
    this.#storage = new CloudStorage(this.#system, { appendIntervalMs: APPEND_INTERVAL_MS })
    await this.#system.init({
      productId: 'SIM',
      deviceName: 'camera',
      deviceSecret: 'secret',
      cloudUrl: 'mqtt://cloud:1883',
      storePath: this.#folder,
      logger: quiet,
    })
    await this.#enter()
  }

  async #enter(): Promise<void> {
    const { format, ringBytes, spoolBytes, dropPolicy } = this.#schedule
    const code = await this.#storage.initCs({
      channel_num: 1,
      func_cb: { onStartPushStream() {}, onStopPushStream() {} },
      ch_params: [
        channelParams({
          u32MaxGopSize: ringBytes,
          cs_fmt:
            format === 'ts' ? iv_cs_format_e.IV_CS_FORMAT_TS : iv_cs_format_e.IV_CS_FORMAT_FMP4,
        }),
      ],
      drop_policy: dropPolicy,
      ...(spoolBytes !== undefined && { spool: { maxBytes: spoolBytes } }),
    })
    if (code !== 0) throw new Error(this.#storage.lastError(0).message)
    this.#isUp = true
    this.#inGop = 0
  }

  /** The time of one picture passes. */
  async frame(): Promise<void> {
    const { clock } = this
    if (!this.#isUp && this.#upAtMs > 0 && clock.monoMs() >= this.#upAtMs) {
      this.#upAtMs = 0
      await this.start()
    }
    if (clock.monoMs() >= this.#silentUntilMs) this.#push()
    this.#ptsMs += FRAME_MS
    await clock.advance(FRAME_MS)
    // syncs of files come back when the engine has its turn
    if (this.#number % GOP_FRAMES === 0) await new Promise((resolve) => setImmediate(resolve))
  }

  #push(): void {
    const isKey = this.#inGop === 0
    this.#inGop = (this.#inGop + 1) % GOP_FRAMES
    const number = this.#number++
    const wallMs = this.clock.nowMs()
    if (!this.#isUp) return
    if (isKey) this.#labelOffsetMs = wallMs - this.#ptsMs
    const code = this.#storage.pushCsStream(0, 1, {
      pu8Addr: markedFrame(number, isKey, isKey ? IDR_BYTES : P_BYTES),
      u64PTS: this.#ptsMs,
      u32Seq: number,
      eFrameType: isKey ? 0 : 1,
    })
    this.pushed.add(number, wallMs, this.#labelOffsetMs + this.#ptsMs, code)
  }

  async #happen(happening: Happening): Promise<void> {
    const { cloud, clock } = this
    switch (happening.do) {
      case 'weather':
        return cloud.setWeather(happening.weather)
      case 'plan':
        return cloud.plan(happening.on)
      case 'clock':
        return clock.step(happening.byMs)
      case 'silence':
        this.#silentUntilMs = clock.monoMs() + happening.forMs
        this.#inGop = 0
        return
      case 'garbage':
        for (let count = 0; count < happening.count; count++)
          if (this.#isUp)
            this.#storage.pushCsStream(0, 1, {
              pu8Addr: Uint8Array.of(0, 0, 0, 1, 0x41, 0xff, 0xff),
              u64PTS: this.#ptsMs,
              u32Seq: 0,
              eFrameType: 1,
            })
        return
      case 'reopen':
        if (!this.#isUp) return
        this.#isUp = false
        await this.#during(this.#storage.exitCs())
        return this.#enter()
      case 'kill':
        if (!this.#isUp) return
        this.#boot.isDead = true
        this.#isUp = false
        this.#upAtMs = clock.monoMs() + happening.downMs
    }
  }

  /** Time passes until something has come about. */
  async #during<T>(promise: Promise<T>): Promise<T> {
    let isDone = false
    const noting = promise.finally(() => {
      isDone = true
    })
    while (!isDone) {
      await this.clock.advance(100)
      await settle()
    }
    return noting
  }

  /** The storm is over: everything that can arrive does, and the module is left. */
  async finish(): Promise<SimResult> {
    const { cloud, clock } = this
    cloud.setWeather({ ...FAIR })
    cloud.plan(true)
    if (!this.#isUp) await this.start()
    this.#silentUntilMs = 0
    const isQuiet = (): boolean => {
      const status = this.#storage.spoolStatus()
      return status === undefined || status.slices <= 2
    }
    // a camera goes on; the spool has the rest of the line
    for (let turns = 0; turns < FINISH_TURNS && (turns < 2 || !isQuiet()); turns++)
      for (let frames = 0; frames < FINISH_FRAMES; frames++) await this.frame()
    await this.#during(this.#storage.exitCs())
    const losses = this.#storage.losses(0)
    // what the module was left with the spool sends at the next start
    await this.#enter()
    for (let seconds = 0; seconds < 120; seconds++) await clock.advance(1000)
    const left = this.#storage.spoolStatus()
    const after = this.#storage.losses(0)
    await this.#during(this.#storage.exitCs())
    await this.#system.exit()
    await clock.advance(0)
    cloud.close()
    const unsettled = [
      ...(left && left.slices > 0 ? [`${left.slices} slices are still in the spool`] : []),
      ...(this.timers > 0 ? [`${this.timers} timers are left`] : []),
    ]
    return {
      cloud,
      pushed: this.pushed,
      losses: [...losses, ...after],
      boots: this.boots,
      unsettled: unsettled.join('; '),
    }
  }
}
