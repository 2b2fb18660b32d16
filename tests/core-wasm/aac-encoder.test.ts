import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AAC_BLOCK_SAMPLES,
  AacEncoder,
  type AacEncoderConfig,
} from '../../core-wasm/aac-encoder.ts'
import { CoreError } from '../../core-wasm/errors.ts'
import { bytes, pcm, signals } from '../assembly/aac/signals.ts'

const RATE = 16000
const samples = pcm(signals.sweep, RATE, 1, RATE + 77)

/** Lengths of the ADTS frames in a stream; throws where no frame begins. */
const frameLengths = (adts: Uint8Array): number[] => {
  const lengths: number[] = []
  for (let at = 0; at < adts.length; ) {
    assert.equal(adts[at], 0xff)
    assert.equal(adts[at + 1], 0xf1)
    const length = ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5)
    lengths.push(length)
    at += length
  }
  return lengths
}

const whole = async (config: AacEncoderConfig, input: Uint8Array): Promise<Buffer> => {
  const encoder = await AacEncoder.create(config)
  return Buffer.concat([encoder.write(input), encoder.end()])
}

test('a frame per block, and one of priming', async () => {
  const blocks = Math.ceil(samples.length / 2 / AAC_BLOCK_SAMPLES)
  assert.equal(frameLengths(await whole({ sampleRate: RATE }, samples)).length, blocks + 1)
})

test('how the input is cut does not matter', async () => {
  const expected = await whole({ sampleRate: RATE }, samples)
  for (const step of [1, 999, 2048, 5000]) {
    const encoder = await AacEncoder.create({ sampleRate: RATE })
    const parts: Uint8Array[] = []
    for (let at = 0; at < samples.length; at += step)
      parts.push(encoder.write(samples.subarray(at, at + step)))
    assert.ok(expected.equals(Buffer.concat([...parts, encoder.end()])), `step ${step}`)
  }
})

test('as blocks, without allocation', async () => {
  const encoder = await AacEncoder.create({ sampleRate: RATE })
  const parts: Uint8Array[] = []
  for (let at = 0; at + encoder.blockBytes <= samples.length; at += encoder.blockBytes) {
    const length = encoder.encodeBlock(samples.subarray(at, at + encoder.blockBytes))
    parts.push(encoder.frame.slice(0, length))
  }
  for (let length = encoder.flushBlock(); length > 0; length = encoder.flushBlock())
    parts.push(encoder.frame.slice(0, length))
  const cut = samples.subarray(0, samples.length - (samples.length % encoder.blockBytes))
  assert.ok((await whole({ sampleRate: RATE }, cut)).equals(Buffer.concat(parts)))
})

test('as a web stream', async () => {
  const source = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (let at = 0; at < samples.length; at += 3000)
        controller.enqueue(samples.subarray(at, at + 3000))
      controller.close()
    },
  })
  const encoder = await AacEncoder.create({ sampleRate: RATE })
  const parts: Uint8Array[] = []
  const reader = source.pipeThrough(encoder.stream()).getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read())
    parts.push(next.value)
  assert.ok((await whole({ sampleRate: RATE }, samples)).equals(Buffer.concat(parts)))
})

test('every variant gives the same bytes', async () => {
  const input = bytes(20000, 6)
  const [first, ...others] = await Promise.all(
    (['simd', 'scalar', 'threads'] as const).map(async (variant) => {
      const config = { sampleRate: 48000, channels: 2, input: 'g711u' } as const
      const encoder = await AacEncoder.create(config, { variant })
      return Buffer.concat([encoder.write(input), encoder.end()])
    }),
  )
  for (const other of others) assert.ok(first!.equals(other))
})

test('the last block is filled with silence', async () => {
  for (const [input, silence] of [
    ['g711a', 0xd5],
    ['g711u', 0xff],
    ['pcm', 0],
  ] as const) {
    const config = { sampleRate: 8000, input } as const
    const blockBytes = AAC_BLOCK_SAMPLES * (input === 'pcm' ? 2 : 1)
    const filled = new Uint8Array(blockBytes).fill(silence)
    filled.set([1, 2, 3, 4])
    assert.ok(
      (await whole(config, filled.subarray(0, 4))).equals(await whole(config, filled)),
      input,
    )
  }
})

test('a configuration out of range is refused with its status', async () => {
  for (const [config, code] of [
    [{ sampleRate: 16001 }, 'CONFIG_RATE_RANGE'],
    [{ sampleRate: 16000, channels: 3 as 2 }, 'CONFIG_CHANNELS_RANGE'],
    [{ sampleRate: 16000, bitRate: -1 }, 'CONFIG_BIT_RATE_RANGE'],
    [{ sampleRate: 16000, input: 'opus' as 'pcm' }, 'CONFIG_AUDIO_RANGE'],
  ] as const)
    await assert.rejects(AacEncoder.create(config), (error) => {
      assert.ok(error instanceof CoreError)
      assert.equal(error.code, code)
      return true
    })
})

test('a block of another length has a status', async () => {
  const encoder = await AacEncoder.create({ sampleRate: 16000 })
  assert.ok(encoder.encodeBlock(new Uint8Array(2047)) < 0)
  assert.ok(encoder.encodeBlock(new Uint8Array(0)) < 0)
})
