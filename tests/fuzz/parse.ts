/** Parsers on damaged input: no trap, no write outside of their records, the same answer twice. */
import assert from 'node:assert/strict'
import { buildSlice, buildPps as h264Pps } from '../assembly/h264/build.ts'
import { buildSegment, buildVps, buildPps as h265Pps } from '../assembly/h265/build.ts'
import { TestCore } from '../assembly/wasm.ts'
import { random } from '../support/random.ts'
import { integer, mutate, noise, pick } from './mutate.ts'
import { adts, H264_SPS, H265_SPS } from './seeds.ts'

const CANARY = 0xa5
const AREA = 16_384

type Target = {
  name: string
  seeds: Uint8Array[]
  run: (core: TestCore, at: number, length: number) => number
}

const TARGETS: Target[] = [
  {
    name: 'H.264 SPS',
    seeds: H264_SPS,
    run: (core, at, length) => core.x.h264_parse_sps(at, length),
  },
  {
    name: 'H.264 PPS',
    seeds: [h264Pps()],
    run: (core, at, length) => core.x.h264_parse_pps(at, length),
  },
  {
    name: 'H.264 slice',
    seeds: [buildSlice(), buildSlice({ idr: true })],
    run: (core, at, length) => core.x.h264_parse_slice(at, at + length),
  },
  {
    name: 'H.265 VPS',
    seeds: [buildVps()],
    run: (core, at, length) => core.x.h265_parse_vps(at, length),
  },
  {
    name: 'H.265 SPS',
    seeds: H265_SPS,
    run: (core, at, length) => core.x.h265_parse_sps(at, length),
  },
  {
    name: 'H.265 PPS',
    seeds: [h265Pps()],
    run: (core, at, length) => core.x.h265_parse_pps(at, length),
  },
  {
    name: 'H.265 slice',
    seeds: [buildSegment(), buildSegment({ nalType: 19 })],
    run: (core, at, length) => core.x.count_nal_units(at, length),
  },
  {
    name: 'ADTS',
    seeds: [adts(20), adts(300)],
    run: (core, at, length) => core.x.parseAdts(at, length),
  },
  {
    name: 'start codes',
    seeds: [Uint8Array.of(0, 0, 1, 9, 0, 0, 0, 1, 5)],
    run: (core, at, length) => core.x.countUnits(at, length),
  },
]

/** Runs `cases` damaged inputs through all parsers in turn. */
export const fuzzParsers = (seed: number, cases: number): number => {
  const rng = random(seed)
  const core = TestCore.open()
  core.bytes.fill(CANARY, core.at, core.at + AREA)
  for (let i = 0; i < cases; i++) {
    const target = TARGETS[i % TARGETS.length]!
    const input = rng() < 0.1 ? noise(rng, integer(rng, 64)) : mutate(rng, pick(rng, target.seeds))
    const at = core.at + 64 + integer(rng, 16)
    core.bytes.set(input, at)
    try {
      const status = target.run(core, at, input.length)
      assert.ok(Number.isInteger(status))
      assert.equal(target.run(core, at, input.length), status, 'another answer the second time')
      assert.deepEqual(core.take(at, input.length), input, 'the input was written to')
      core.bytes.fill(CANARY, at, at + input.length)
      const around = core.bytes.subarray(core.at, core.at + 1024)
      if (i % 16 === 0)
        assert.ok(
          around.every((byte) => byte === CANARY),
          'a byte beside the input was written',
        )
    } catch (error) {
      throw new Error(
        `${target.name}, seed ${seed}, case ${i}, input ${Buffer.from(input).toString('hex')}: ${(error as Error).stack}`,
      )
    }
  }
  return cases
}
