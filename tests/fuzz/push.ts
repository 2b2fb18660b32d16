/** Random sequences of calls: good frames, damaged ones, odd times, odd positions, in every configuration. */
import assert from 'node:assert/strict'
import * as abi from '../../core-wasm/abi.gen.ts'
import { Core, statusName, type Variant } from '../../core-wasm/index.ts'
import { random } from '../support/random.ts'
import { Guard } from './guard.ts'
import { integer, mutate, noise, pick, type Random } from './mutate.ts'
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
const STEPS = 60

type Scenario = {
  core: Core
  guard: Guard
  codec: 'h264' | 'h265'
  hasVideo: boolean
  audio: number
  pts: number
  audioPts: number
  gop: number
}

const openScenario = async (rng: Random, variant: Variant): Promise<Scenario> => {
  const codec = pick(rng, ['h264', 'h265'] as const)
  const format = pick(rng, [abi.FORMAT_TS, abi.FORMAT_FMP4])
  const audio = pick(rng, [abi.AUDIO_NONE, abi.AUDIO_AAC, abi.AUDIO_AAC, abi.AUDIO_G711U])
  const hasVideo = audio === abi.AUDIO_NONE || rng() < 0.85
  const ringBytes = 4096 * pick(rng, [1, 2, 4, 8, 16, 40])
  const core = await Core.create(
    {
      ringBytes,
      format,
      videoCodec: !hasVideo ? abi.VIDEO_NONE : codec === 'h264' ? abi.VIDEO_H264 : abi.VIDEO_H265,
      audioInput: audio,
      sampleRate: audio === abi.AUDIO_G711U ? 8000 : 0,
      nominalFps: pick(rng, [0, 15, 25, 60]),
      sliceMinMs: pick(rng, [100, 500, 2000, 10_000]),
      sliceMaxMs: pick(rng, [10_000, 60_000]),
      fullPolicy: pick(rng, [abi.POLICY_EVICT, abi.POLICY_EVICT, abi.POLICY_REFUSE]),
    },
    { variant },
  )
  const guard = new Guard(
    core,
    format === abi.FORMAT_TS,
    ringBytes,
    audio === abi.AUDIO_G711U ? 120 * 1024 : 0,
  )
  return { core, guard, codec, hasVideo, audio, pts: integer(rng, 1000), audioPts: 0, gop: 0 }
}

const nextTime = (rng: Random, s: Scenario): number => {
  if (rng() < 0.02) return pick(rng, ODD_NUMBERS)
  s.pts +=
    rng() < 0.03 ? pick(rng, [0, -500, 20_000, 40_000, 1]) : pick(rng, [40, 40, 40, 33, 67, 200])
  return s.pts
}

const pushVideo = (rng: Random, s: Scenario): void => {
  const key = rng() < 0.15 || s.gop === 0
  s.gop = (s.gop + 1) % 12
  let frame = picture(rng, s.codec, key)
  if (rng() < 0.25) frame = mutate(rng, frame)
  if (rng() < 0.02) frame = noise(rng, integer(rng, 300))
  const { core, guard } = s
  const type = rng() < 0.95 ? (key ? 0 : 1) : integer(rng, 5)
  const how = rng()
  if (how < 0.6) core.copyVideo(frame, nextTime(rng, s), 1.7e12 + s.pts, s.gop, type)
  else if (how < 0.75) {
    // reserves more than it pushes, with something in between
    const address = core.reserve(frame.length + integer(rng, 50))
    if (address < 0) return
    core.bytes.set(frame, address)
    if (rng() < 0.3) pushAudio(rng, s)
    if (rng() < 0.1) core.closeFragment()
    core.pushVideo(address, frame.length, nextTime(rng, s), 1.7e12 + s.pts, s.gop, type)
  } else if (frame.length <= guard.scratchBytes) {
    core.bytes.set(frame, guard.scratch)
    core.pushVideo(guard.scratch, frame.length, nextTime(rng, s), 1.7e12 + s.pts, s.gop, type)
    guard.restoreScratch(frame.length)
  }
}

const pushAudio = (rng: Random, s: Scenario): void => {
  s.audioPts =
    rng() < 0.95
      ? Math.max(s.audioPts + 64, s.hasVideo ? s.pts - 200 : 0)
      : s.pts + integer(rng, 30_000)
  const pts = rng() < 0.02 ? pick(rng, ODD_NUMBERS) : s.audioPts
  if (s.audio === abi.AUDIO_G711U) {
    s.core.copyAudio(
      noise(rng, rng() < 0.95 ? 1024 : integer(rng, 2000)),
      pts,
      1.7e12 + s.audioPts,
      0,
    )
    return
  }
  let frame: Uint8Array = adts(pick(rng, [1, 100, 256, 700, 2000]))
  for (let more = rng() < 0.1 ? integer(rng, 4) : 0; more > 0; more--)
    frame = Buffer.concat([frame, adts(100)])
  if (rng() < 0.1) frame = mutate(rng, frame)
  s.core.copyAudio(frame, pts, 1.7e12 + s.audioPts, 0)
}

const readOrBreak = (rng: Random, s: Scenario): void => {
  const { core } = s
  const inside = core.tail + Math.floor(rng() * (core.head - core.tail + 1))
  switch (integer(rng, 9)) {
    case 0:
    case 1:
      core.release(core.head)
      break
    case 2:
      core.release(inside)
      break
    case 3:
      core.hold(inside, inside + Math.floor(rng() * (core.head - inside + 1)))
      break
    case 4:
      core.unhold()
      break
    case 5:
      core.closeFragment()
      break
    case 6:
      core.flush(1 + integer(rng, 9))
      break
    case 7:
      core.release(pick(rng, ODD_NUMBERS))
      core.hold(pick(rng, ODD_NUMBERS), pick(rng, ODD_NUMBERS))
      core.unhold()
      break
    default:
      oddCalls(rng, core)
  }
}

const oddCalls = (rng: Random, core: Core): void => {
  const n = pick(rng, ODD_INTEGERS)
  const m = pick(rng, ODD_INTEGERS)
  core.exports.push_audio(n, m, 0, 0, 0)
  core.exports.count_nal_units(n, m)
  core.exports.slice_address(n)
  core.exports.unit_address(n)
  core.exports.frame_address(n)
  core.exports.init_address(n)
  core.exports.init_length(n)
  core.exports.address_of(pick(rng, ODD_NUMBERS))
  if (core.exports.open() !== abi.CONFIG_ALREADY_OPEN) throw new Error('opened twice')
  core.exports.push_video(n, m, pick(rng, ODD_NUMBERS), 0, n, m)
  core.exports.reserve(m)
}

/** After all that, a good stream must be accepted. */
const checkUsable = (s: Scenario): void => {
  const { core } = s
  core.unhold()
  core.flush(abi.CLOSED_STOP)
  core.release(core.head)
  if (!s.hasVideo || core.ringSize < 16_000) return
  s.pts += 1000
  for (const key of [true, false, false]) {
    const frame = picture(() => 0.5, s.codec, key)
    const status = core.copyVideo(frame, (s.pts += 40), 1.7e12 + s.pts, 0, key ? 0 : 1)
    // a damaged SPS that still parses may have fixed another size as the channel's
    if (status === abi.PICTURE_FORMAT_CHANGED) return
    assert.ok(status >= 0, `a good frame gave ${statusName(status)}`)
  }
}

/** One scenario of STEPS cases; throws with the seed when something is wrong. */
export const fuzzPushes = async (seed: number, variant: Variant = 'simd'): Promise<number> => {
  const rng = random(seed)
  const scenario = await openScenario(rng, variant)
  try {
    for (let step = 0; step < STEPS; step++) {
      const dice = rng()
      if (dice < 0.6 && scenario.hasVideo) pushVideo(rng, scenario)
      else if (dice < 0.8 && scenario.audio !== abi.AUDIO_NONE) pushAudio(rng, scenario)
      else readOrBreak(rng, scenario)
      if (step % 4 === 3) scenario.guard.check()
    }
    checkUsable(scenario)
    scenario.guard.check()
  } catch (error) {
    throw new Error(`push sequence of seed ${seed}: ${(error as Error).stack}`)
  }
  return STEPS
}
