/**
 * Random sequences of pushes, plan changes, silences, clock steps, network faults and a cloud that forgets or refuses slices, on a fake clock, against a small model: what the
 * app saw (codes, callbacks, dumped bytes, slice results) and what a cloud in memory has must fit together. The cloud reads an append's bytes when it
 * answers, not when it is asked, as a socket may: bytes that are reused too early are noticed.
 *
 * SKYRILL_SEQUENCES sets how many; a failure prints its seed and the shrunk sequence.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Channel } from '../../runtime/channel/channel.ts'
import { openCore } from '../../runtime/channel/core-store.ts'
import { Dump } from '../../runtime/channel/dump.ts'
import { SliceIds } from '../../runtime/channel/slice-ids.ts'
import { iv_err_code_e } from '../../runtime/index.ts'
import { checkInit } from '../../runtime/options.ts'
import { CredentialStore } from '../../runtime/upload/credentials.ts'
import type { Outcome } from '../../runtime/upload/retry.ts'
import { Scheduler } from '../../runtime/upload/scheduler.ts'
import type { SliceResult } from '../../runtime/upload/slice-work.ts'
import type { Append, SliceClient, TusAnswer } from '../../runtime/upload/tus.ts'
import { Uplink } from '../../runtime/upload/uplink.ts'
import { DumpFiles } from '../support/dump-files.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { initParams, quiet } from '../support/test-camera.ts'

/** All of them on Bun, which is what cameras run; enough elsewhere to see that it is the same. */
const DEFAULT_SEQUENCES = 'Bun' in globalThis ? 1000 : 200
const SEQUENCES = Number(process.env.SKYRILL_SEQUENCES ?? DEFAULT_SEQUENCES)
/** The same sequences on every run; SKYRILL_SEED gives others. */
const SEED = Number(process.env.SKYRILL_SEED ?? 1)
const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const {
  IV_ERR_NONE: OK,
  IV_ERR_CS_INIT_PRM_RANGE: RANGE,
  IV_ERR_CS_NEED_IDR_FRAME: NEED_IDR,
  IV_ERR_CS_APPLY_NO_SERVICE: NO_SERVICE,
  IV_ERR_CS_HTTP_DATA_FAIL: FULL,
} = iv_err_code_e

/** The core refuses a P frame behind a longer gap: what it refers to is another stream's. */
const PTS_JUMP_MS = 10_000
/** of the clip, muxed */
const GOP_MAX_BYTES = 128 * 1024

type Network =
  | 'up'
  /** no answer, nothing arrives */
  | 'down'
  /** what is sent arrives, its answer does not */
  | 'deaf'
  /** `reject`: a 400, the slice is refused for good */
  | Extract<Outcome, 'wrong' | 'token' | 'later' | 'checksum' | 'full' | 'plan' | 'reject'>

class ModelCloud implements SliceClient {
  readonly slices = new Map<string, { bytes: Buffer; length: number | undefined }>()
  /** slices that it has refused, for good */
  readonly refused = new Set<string>()
  /** what it had of slices when it forgot them */
  readonly forgotten: Buffer[] = []
  network: Network = 'up'
  latencyMs = 20
  readonly #clock: FakeClock

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** What grows is unknown from now on: every request for it is answered by a 404. */
  forget(): void {
    for (const [id, { bytes, length }] of this.slices) {
      if (length !== undefined) continue
      this.slices.delete(id)
      this.forgotten.push(bytes)
    }
  }

  async #answer(id: string, carryOut: () => TusAnswer): Promise<TusAnswer> {
    await new Promise<void>((resolve) => this.#clock.after(this.latencyMs, resolve))
    if (this.network === 'up') return carryOut()
    if (this.network === 'deaf') carryOut()
    if (this.network === 'down' || this.network === 'deaf')
      return { outcome: 'retry', status: 0, message: this.network }
    if (this.network === 'reject') this.refused.add(id)
    return { outcome: this.network, status: 500, message: this.network }
  }

  create(_: URL, __: string, start: { id: string }): Promise<TusAnswer> {
    return this.#answer(start.id, () => {
      const location = new URL(`http://cloud/${start.id}`)
      const known = this.slices.get(start.id)
      if (known)
        return { outcome: 'ok', status: 200, message: '', location, offset: known.bytes.length }
      this.slices.set(start.id, { bytes: Buffer.alloc(0), length: undefined })
      return { outcome: 'ok', status: 201, message: '', location, offset: 0 }
    })
  }

  append(location: URL, _: string, append: Append): Promise<TusAnswer> {
    const id = idOf(location)
    return this.#answer(id, () => {
      const slice = this.slices.get(id)
      if (!slice) return { outcome: 'unknown', status: 404, message: '' }
      if (append.offset !== slice.bytes.length)
        return { outcome: 'offset', status: 409, message: '' }
      slice.bytes = Buffer.concat([slice.bytes, ...append.views])
      slice.length = append.total
      return { outcome: 'ok', status: 204, message: '', offset: slice.bytes.length }
    })
  }

  ask(location: URL): Promise<TusAnswer> {
    const id = idOf(location)
    return this.#answer(id, () => {
      const slice = this.slices.get(id)
      if (!slice) return { outcome: 'unknown', status: 404, message: '' }
      const offset = slice.bytes.length
      const { length } = slice
      return {
        outcome: 'ok',
        status: 200,
        message: '',
        offset,
        ...(length === undefined ? {} : { length }),
      }
    })
  }

  close(): void {}
}

const idOf = (location: URL): string => location.pathname.slice(1)

type Step =
  | { do: 'push'; frames: number }
  | { do: 'skip'; frames: number }
  | { do: 'wait'; ms: number }
  | { do: 'plan'; on: boolean }
  | { do: 'network'; network: Network }
  | { do: 'forget' }
  | { do: 'latency'; ms: number }
  | { do: 'clock'; ms: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('push' as const),
        frames: fc.integer({ min: 1, max: 120 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('skip' as const),
        frames: fc.integer({ min: 1, max: 60 }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('wait' as const),
        ms: fc.constantFrom(10, 200, 1500, 9000, 130_000),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('plan' as const), on: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('network' as const),
        network: fc.constantFrom<Network>(
          'up',
          'up',
          'down',
          'deaf',
          'wrong',
          'token',
          'later',
          'checksum',
          'full',
          'plan',
          'reject',
        ),
      }),
    },
    { weight: 1, arbitrary: fc.constant({ do: 'forget' as const }) },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('latency' as const),
        ms: fc.constantFrom(1, 20, 500, 3000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant('clock' as const),
        ms: fc.constantFrom(-86_400_000, -2000, 2000, 86_400_000),
      }),
    },
  ),
  { minLength: 1, maxLength: 25 },
)

class World {
  readonly clock = new FakeClock()
  readonly cloud = new ModelCloud(this.clock)
  readonly dump = new DumpFiles()
  readonly calls: string[] = []
  readonly results: SliceResult[] = []
  readonly evicts: boolean
  channel!: Channel
  uplink!: Uplink
  #frames: readonly Frame[]
  #next = 0
  #ptsMs = 0
  #lastPtsMs = 0
  #lastTakenMs = 0
  #on = false

  constructor(frames: readonly Frame[], evicts: boolean) {
    this.#frames = frames
    this.evicts = evicts
  }

  async open(): Promise<void> {
    const checked = checkInit(
      initParams(
        { u32MaxGopSize: 160 * 1024 },
        {
          onStartPushStream: () => void this.calls.push('start'),
          onStopPushStream: () => void this.calls.push('stop'),
        },
      ),
    )
    assert.ok('value' in checked)
    const options = checked.value.channels[0]!
    const core = await openCore(options, this.evicts)
    assert.ok(!('message' in core))
    const { clock } = this
    let number = 0
    const ids = new SliceIds('0123456789abcdef', () => ++number)
    const channel = new Channel(options, {
      clock,
      log: quiet,
      core,
      callbacks: checked.value.callbacks,
    })
    this.channel = channel
    const { callback } = this.dump
    const onError = (error: unknown): void => {
      throw error
    }
    channel.attachDump(new Dump({ channel: 0, store: core, ids, callback, onDumped() {}, onError }))
    const token = { token: 't', url: 'http://cloud/', expiresAtMs: Number.MAX_SAFE_INTEGER }
    this.uplink = new Uplink({
      store: core,
      ids,
      leavesRest: this.evicts,
      credentials: new CredentialStore(
        0,
        async () => token,
        clock,
        () => 0.5,
      ),
      client: this.cloud,
      clock,
      random: () => 0.5,
      log: quiet,
      scheduler: new Scheduler(clock),
      source: { lagMs: () => 0, isEvent: () => false },
      times: () => ({ sendMs: 6000, replyMs: 5000 }),
      onAcknowledged: (position) => channel.acknowledged(position),
      onReleased: () => channel.released(),
      // the record is the core's: it is read now
      onSlice: (result) => void this.results.push({ ...result }),
      onConnectFail: () => void this.calls.push('fail'),
      onConnectRecover: () => void this.calls.push('recover'),
      onServiceWrong: () => {},
      askPlan: async () => this.cloud.network !== 'plan',
    })
    channel.attach(this.uplink)
    this.uplink.start()
  }

  async step(step: Step): Promise<void> {
    switch (step.do) {
      case 'push':
        for (let count = 0; count < step.frames; count++) this.#push()
        return settle()
      case 'skip':
        this.#next += step.frames
        this.#ptsMs += step.frames * 40
        return
      case 'wait':
        return this.wait(step.ms)
      case 'plan':
        this.#on = step.on
        return this.channel.plan(step.on)
      case 'network':
        this.cloud.network = step.network
        return
      case 'forget':
        return this.cloud.forget()
      case 'latency':
        this.cloud.latencyMs = step.ms
        return
      case 'clock':
        this.clock.step(step.ms)
        return this.channel.clockStepped()
    }
  }

  async wait(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      await this.clock.advance(Math.min(left, 1000))
      this.channel.tick()
    }
  }

  #push(): void {
    const frame = this.#frames[this.#next++ % this.#frames.length]!
    const ptsMs = this.#ptsMs
    const code = this.channel.push(1, {
      pu8Addr: frame.data,
      u64PTS: ptsMs,
      u32Seq: this.#next,
      eFrameType: frame.key ? 0 : 1,
    })
    this.#ptsMs += 40
    // the core measures from the last picture that it took, the channel from the last that was pushed
    const isJump = ptsMs - Math.min(this.#lastPtsMs, this.#lastTakenMs) > PTS_JUMP_MS
    this.#lastPtsMs = ptsMs
    if (code === OK) this.#lastTakenMs = ptsMs
    if (!this.#on) {
      assert.equal(code, NO_SERVICE)
      return
    }
    const permitted =
      code === OK ||
      (code === NEED_IDR && !frame.key) ||
      (code === RANGE && !frame.key && isJump) ||
      (code === FULL && !this.evicts)
    assert.ok(permitted, `code ${code}`)
  }

  /** The network is well again and the recording ends: everything must settle. */
  async end(): Promise<void> {
    this.cloud.network = 'up'
    this.cloud.latencyMs = 1
    this.channel.finish()
    this.uplink.flush()
    await this.wait(130_000)
    assert.ok(this.uplink.drained, `still ${this.uplink.state}`)
    this.uplink.close()
    this.channel.close()
    assert.equal(this.clock.timers, 0, 'no timer is left')
  }

  check(): void {
    const { dump, cloud, results } = this
    assert.deepEqual(dump.faults, [])
    assert.deepEqual(
      results.map(({ slice }) => slice.number).sort((a, b) => a - b),
      Array.from({ length: dump.files.size }, (_, number) => number),
      'each slice is told of exactly once',
    )
    const names = [...dump.files.keys()]
    for (const { slice, whole, totalBytes, uploadedBytes } of results) {
      const file = dump.files.get(names[slice.number]!)!
      assert.equal(totalBytes, file.bytes.length)
      if (!whole) continue
      const uploaded = cloud.slices.get(names[slice.number]!)!
      assert.ok(uploaded.bytes.equals(file.bytes), 'whole means every byte')
      assert.equal(uploaded.length, file.bytes.length)
      assert.equal(uploadedBytes, totalBytes)
    }
    /** bytes at the cloud, by the slice that they are of: what is left of one that lost bytes is a slice by itself */
    const there = new Map<string, number>()
    for (const [id, { bytes }] of cloud.slices) {
      const name = dump.files.has(id) ? id : this.#fileWith(bytes)
      assert.ok(name !== undefined, 'what is there is what was recorded')
      const { bytes: file } = dump.files.get(name)!
      assert.ok(name !== id || bytes.equals(file.subarray(0, bytes.length)))
      there.set(name, (there.get(name) ?? 0) + bytes.length)
    }
    if (!this.evicts) for (const name of names) this.#checkLost(name, there.get(name) ?? 0)
    const told = this.calls.filter((call) => call === 'start' || call === 'stop')
    assert.ok(
      told.every((call, at) => call === (at % 2 === 0 ? 'start' : 'stop')),
      told.join(),
    )
    const lines = this.calls.filter((call) => call === 'fail' || call === 'recover')
    assert.ok(
      lines.every((call, at) => call === (at % 2 === 0 ? 'fail' : 'recover')),
      lines.join(),
    )
  }

  #fileWith(bytes: Buffer): string | undefined {
    for (const [name, file] of this.dump.files) if (file.bytes.includes(bytes)) return name
    return undefined
  }

  /** Where nothing is evicted, nothing is lost but what the cloud has refused, or forgotten: of that also what comes up to the next IDR. */
  #checkLost(name: string, thereBytes: number): void {
    const { refused, forgotten } = this.cloud
    if (refused.size > 0) return
    const { bytes } = this.dump.files.get(name)!
    const gone = forgotten.filter((part) => part.length > 0 && bytes.includes(part))
    const most = gone.reduce((sum, part) => sum + part.length + GOP_MAX_BYTES, 0)
    const lost = bytes.length - thereBytes
    assert.ok(lost >= 0 && lost <= most, `${name}: ${lost} bytes are missing, ${most} may be`)
  }
}

let frames: Frame[]
before(async () => {
  frames = await framesOf(CLIP, 'h264')
})

test(`${SEQUENCES} random sequences`, { timeout: 110_000 + SEQUENCES * 100 }, () =>
  fc.assert(
    fc.asyncProperty(fc.boolean(), steps, async (evicts, sequence) => {
      const world = new World(frames, evicts)
      await world.open()
      await world.step({ do: 'plan', on: true })
      for (const step of sequence) await world.step(step)
      await world.end()
      world.check()
    }),
    { numRuns: SEQUENCES, seed: SEED },
  ),
)
