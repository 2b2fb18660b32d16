import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as abi from '../../core-wasm/abi.gen.ts'
import {
  Core,
  type CoreConfig,
  FORMAT_FMP4,
  FORMAT_TS,
  type Variant,
} from '../../core-wasm/index.ts'
import { loadModule } from '../../core-wasm/loader.ts'
import { integer, mutate } from '../fuzz/mutate.ts'
import { adts, picture } from '../fuzz/seeds.ts'
import { random } from '../support/random.ts'
import { openCore } from './synthetic.ts'

const VARIANTS: Variant[] = ['simd', 'scalar', 'threads']

/** A few hundred pushes, damaged ones among them: every byte and every status. */
const record = async (
  variant: Variant,
  config: Partial<CoreConfig>,
  codec: 'h264' | 'h265',
  seed: number,
): Promise<Buffer> => {
  const rng = random(seed)
  const core = await openCore(config, { variant })
  const log: Buffer[] = []
  let read = 0
  const take = () => {
    for (const view of core.span(read, core.head - read)) log.push(Buffer.from(view))
    read = core.head
    core.release(read)
  }
  const samples = new Uint8Array(2048)
  for (let i = 0; i < 300; i++) {
    const key = i % 12 === 0
    let frame = picture(rng, codec, key)
    if (rng() < 0.1) frame = mutate(rng, frame)
    const status = [core.copyVideo(frame, i * 40, 1.7e12 + i * 40, i, key ? 0 : 1)]
    if (config.audioInput === abi.AUDIO_AAC)
      status.push(core.copyAudio(adts(100 + (i % 50)), i * 40, 1.7e12, i))
    if (config.audioInput === abi.AUDIO_PCM) {
      for (let k = 0; k < samples.length; k++) samples[k] = integer(rng, 256)
      status.push(core.copyAudio(samples, i * 64, 1.7e12, i))
    }
    log.push(Buffer.from(status.join()))
    take()
  }
  core.flush(abi.CLOSED_STOP)
  take()
  for (let id = 0; id < 3; id++) log.push(Buffer.from(core.initSegment(id)))
  return Buffer.concat(log)
}

for (const format of [FORMAT_TS, FORMAT_FMP4])
  for (const codec of ['h264', 'h265'] as const)
    for (const audioInput of [abi.AUDIO_NONE, abi.AUDIO_AAC, abi.AUDIO_PCM])
      test(`SIMD, scalar and threads builds give the same bytes: format ${format}, ${codec}, audio ${audioInput}`, async () => {
        const videoCodec = codec === 'h264' ? abi.VIDEO_H264 : abi.VIDEO_H265
        const [simd, scalar, threads] = await Promise.all(
          VARIANTS.map((variant) =>
            record(variant, { format, videoCodec, audioInput, nominalFps: 25 }, codec, 7),
          ),
        )
        assert.ok(simd!.length > 50_000)
        assert.ok(simd!.equals(scalar!), 'SIMD and scalar differ')
        assert.ok(simd!.equals(threads!), 'SIMD and threads differ')
      })

test('no build imports anything; the threads build has a shared memory', async () => {
  for (const variant of VARIANTS) {
    const module = await loadModule(variant)
    assert.deepEqual(WebAssembly.Module.imports(module), [], variant)
    const core = await Core.create({ ringBytes: 4096 }, { variant })
    assert.equal(core.memory.buffer instanceof SharedArrayBuffer, variant === 'threads')
  }
})
