/** Random sequences of calls: good frames, damaged ones, odd times, odd positions, in every configuration. */
import assert from 'node:assert/strict'
import * as abi from '../../core-wasm/abi.gen.ts'
import { type CoreConfig, statusName, type Variant } from '../../core-wasm/index.ts'
import { random } from '../support/random.ts'
import { integer, mutate, noise, pick, type Random } from './mutate.ts'
import { type Operation, Player, type Scenario, toJson } from './operations.ts'
import { adts, picture } from './seeds.ts'

const ODD_NUMBERS = [
  0,
  -1,
  1,
  1e300,
  -1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  2 ** 63,
  1e-300,
]
const ODD_INTEGERS = [0, -1, 1, 4, 65536, 0x7fffffff, -0x80000000]
const UTC = 1.7e12
export const STEPS = 60

const randomConfig = (rng: Random): CoreConfig => {
  const audioInput = pick(rng, [abi.AUDIO_NONE, abi.AUDIO_AAC, abi.AUDIO_AAC, abi.AUDIO_G711U])
  const hasVideo = audioInput === abi.AUDIO_NONE || rng() < 0.85
  return {
    ringBytes: 4096 * pick(rng, [1, 2, 4, 8, 16, 40]),
    format: pick(rng, [abi.FORMAT_TS, abi.FORMAT_FMP4]),
    videoCodec: hasVideo ? pick(rng, [abi.VIDEO_H264, abi.VIDEO_H265]) : abi.VIDEO_NONE,
    audioInput,
    sampleRate: audioInput === abi.AUDIO_G711U ? 8000 : 0,
    channels: audioInput === abi.AUDIO_G711U ? 1 : 0,
    nominalFps: pick(rng, [0, 15, 25, 60]),
    sliceMinMs: pick(rng, [100, 500, 2000, 10_000]),
    sliceMaxMs: pick(rng, [10_000, 60_000]),
    fullPolicy: pick(rng, [abi.POLICY_EVICT, abi.POLICY_EVICT, abi.POLICY_REFUSE]),
  }
}

/** Makes up operations one by one; what it needs to know of the ring it asks the player. */
class Generator {
  readonly #rng: Random
  readonly #config: CoreConfig
  readonly #player: Player
  #pts: number
  #audioPts = 0
  #gop = 0

  constructor(rng: Random, config: CoreConfig, player: Player) {
    this.#rng = rng
    this.#config = config
    this.#player = player
    this.#pts = integer(rng, 1000)
  }

  get codec(): 'h264' | 'h265' {
    return this.#config.videoCodec === abi.VIDEO_H265 ? 'h265' : 'h264'
  }

  get pts(): number {
    return this.#pts
  }

  next(): Operation {
    const dice = this.#rng()
    if (dice < 0.6 && this.#config.videoCodec !== abi.VIDEO_NONE) return this.#video()
    if (dice < 0.8 && this.#config.audioInput !== abi.AUDIO_NONE) return this.#audio()
    return this.#call()
  }

  #time(): number {
    const rng = this.#rng
    if (rng() < 0.02) return pick(rng, ODD_NUMBERS)
    this.#pts +=
      rng() < 0.03 ? pick(rng, [0, -500, 20_000, 40_000, 1]) : pick(rng, [40, 40, 40, 33, 67, 200])
    return this.#pts
  }

  #video(): Operation {
    const rng = this.#rng
    const key = rng() < 0.15 || this.#gop === 0
    this.#gop = (this.#gop + 1) % 12
    let data = picture(rng, this.codec, key)
    if (rng() < 0.25) data = mutate(rng, data)
    if (rng() < 0.02) data = noise(rng, integer(rng, 300))
    const how = pick(rng, ['copy', 'copy', 'copy', 'reserve', 'foreign'] as const)
    const between: Operation[] = []
    if (how === 'reserve' && rng() < 0.3) between.push(this.#audio())
    if (how === 'reserve' && rng() < 0.1)
      between.push({ op: 'call', name: 'closeFragment', args: [] })
    const type = rng() < 0.95 ? (key ? 0 : 1) : integer(rng, 5)
    const pts = this.#time()
    return {
      op: 'video',
      how,
      data,
      pts,
      utc: UTC + this.#pts,
      seq: this.#gop,
      type,
      extra: integer(rng, 50),
      between,
    }
  }

  #audio(): Operation {
    const rng = this.#rng
    const follows = Math.max(
      this.#audioPts + 64,
      this.#config.videoCodec === abi.VIDEO_NONE ? 0 : this.#pts - 200,
    )
    this.#audioPts = rng() < 0.95 ? follows : this.#pts + integer(rng, 30_000)
    const pts = rng() < 0.02 ? pick(rng, ODD_NUMBERS) : this.#audioPts
    return { op: 'audio', data: this.#sound(), pts, utc: UTC + this.#audioPts }
  }

  #sound(): Uint8Array {
    const rng = this.#rng
    if (this.#config.audioInput === abi.AUDIO_G711U)
      return noise(rng, rng() < 0.95 ? 1024 : integer(rng, 2000))
    const frames = [adts(pick(rng, [1, 100, 256, 700, 2000]))]
    for (let more = rng() < 0.1 ? integer(rng, 4) : 0; more > 0; more--) frames.push(adts(100))
    const data = new Uint8Array(Buffer.concat(frames))
    return rng() < 0.1 ? mutate(rng, data) : data
  }

  #call(): Operation {
    const rng = this.#rng
    const { head, tail } = this.#player.core
    const inside = tail + Math.floor(rng() * (head - tail + 1))
    const odd = () => pick(rng, ODD_NUMBERS)
    const calls: Operation[] = [
      { op: 'call', name: 'release', args: [head] },
      { op: 'call', name: 'release', args: [head] },
      { op: 'call', name: 'release', args: [inside] },
      {
        op: 'call',
        name: 'hold',
        args: [inside, inside + Math.floor(rng() * (head - inside + 1))],
      },
      { op: 'call', name: 'hold', args: [0, 0] },
      { op: 'call', name: 'closeFragment', args: [] },
      { op: 'call', name: 'flush', args: [1 + integer(rng, 9)] },
      { op: 'call', name: 'release', args: [odd()] },
      { op: 'call', name: 'hold', args: [odd(), odd()] },
      { op: 'call', name: 'odd', args: [pick(rng, ODD_INTEGERS), pick(rng, ODD_INTEGERS), odd()] },
    ]
    return pick(rng, calls)
  }
}

/** After all that, a good stream must be accepted. */
const checkUsable = (
  player: Player,
  config: CoreConfig,
  codec: 'h264' | 'h265',
  fromMs: number,
): void => {
  const { core } = player
  core.unhold()
  core.flush(abi.CLOSED_STOP)
  core.release(core.head)
  if (config.videoCodec === abi.VIDEO_NONE || core.ringSize < 16_000) return
  let pts = fromMs + 1000
  for (const key of [true, false, false]) {
    pts += 40
    const status = core.copyVideo(
      picture(() => 0.5, codec, key),
      pts,
      UTC + pts,
      0,
      key ? 0 : 1,
    )
    // a damaged SPS that still parses may have fixed another size as the channel's
    if (status === abi.PICTURE_FORMAT_CHANGED) return
    assert.ok(status >= 0, `a good frame gave ${statusName(status)}`)
  }
}

/** A failure with everything that is needed to see it again. */
export class FuzzError extends Error {
  readonly scenario: Scenario

  constructor(message: string, scenario: Scenario) {
    super(message)
    this.scenario = scenario
  }

  get corpusEntry(): string {
    return toJson(this.scenario)
  }
}

/** One scenario of STEPS cases; throws a FuzzError when something is wrong. */
export const fuzzPushes = async (seed: number, variant: Variant = 'simd'): Promise<number> => {
  const rng = random(seed)
  const config = randomConfig(rng)
  const player = await Player.open(config, variant)
  const generator = new Generator(rng, config, player)
  const operations: Operation[] = []
  try {
    for (let step = 0; step < STEPS; step++) {
      const operation = generator.next()
      operations.push(operation)
      player.apply(operation)
      if (step % 4 === 3) player.guard.check()
    }
    checkUsable(player, config, generator.codec, generator.pts)
    player.guard.check()
  } catch (error) {
    throw new FuzzError(`push sequence of seed ${seed}: ${(error as Error).stack}`, {
      config,
      operations,
    })
  }
  return STEPS
}

/** Runs a corpus entry again. */
export const replay = async (scenario: Scenario, variant: Variant = 'simd'): Promise<void> => {
  const player = await Player.open(scenario.config, variant)
  for (const operation of scenario.operations) {
    player.apply(operation)
    player.guard.check()
  }
}
