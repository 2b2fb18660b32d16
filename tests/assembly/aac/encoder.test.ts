import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../support/ffmpeg.ts'
import { withTempFolder } from '../../support/paths.ts'
import { needTool, toolPath } from '../../support/tools.ts'
import { encodeAll, type Inside, insideModule } from './inside.ts'
import { bytes, pcm, RATES, signals } from './signals.ts'
import { parseRawDataBlock, type RawDataBlock } from './syntax.ts'

const KINDS = { PCM: 0, 'A-law': 1, 'mu-law': 2 } as const
const HEADER_BYTES = 7
const BUFFER_BITS = 6144

const open = (rate: number, channels: number, kind: number, bitRate = 0, simd = true): Inside => {
  const inside = new WebAssembly.Instance(insideModule(simd)).exports as unknown as Inside
  assert.equal(inside.aac_open!(rate, channels, kind, bitRate), 0)
  return inside
}

/** Encodes, and checks every frame: its header, its syntax, its size, the reservoir. */
const encode = (
  rate: number,
  channels: number,
  kind: number,
  samples: Uint8Array,
  bitRate = 0,
): { frames: Uint8Array[]; blocks: RawDataBlock[] } => {
  const inside = open(rate, channels, kind, bitRate)
  const frames = encodeAll(inside, samples, 1024 * channels * (kind === 0 ? 2 : 1), () => {
    const saved = inside.reservoirBits!()
    assert.ok(saved >= 0 && saved <= inside.reservoirCapacity!(), `reservoir ${saved}`)
  })
  const blocks = frames.map((frame) => {
    const payload = frame.subarray(HEADER_BYTES)
    assert.equal(((frame[3]! & 3) << 11) | (frame[4]! << 3) | (frame[5]! >> 5), frame.length)
    assert.ok(payload.length * 8 <= BUFFER_BITS * channels, `${payload.length} bytes`)
    return parseRawDataBlock(payload, rate)
  })
  return { frames, blocks }
}

const join8 = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)

/** Decodes with ffmpeg; it must have nothing to say. */
const decode = (adts: Uint8Array, channels: number): Promise<Float32Array> =>
  withTempFolder((folder) => {
    const path = join(folder, 'x.aac')
    writeFileSync(path, adts)
    const done = run(toolPath('ffmpeg'), [
      ...[
        '-hide_banner',
        '-nostdin',
        '-v',
        'warning',
        '-xerror',
        '-err_detect',
        'explode',
        '-f',
        'aac',
        '-i',
        path,
      ],
      ...['-f', 'f32le', '-ac', String(channels), '-'],
    ])
    const complaints = done.stderr.replace(/.*Estimating duration from bitrate.*\n?/, '')
    assert.equal(complaints, '')
    assert.equal(done.status, 0)
    return new Float32Array(done.stdout.buffer, done.stdout.byteOffset, done.stdout.length >> 2)
  })

const SECONDS = 1.5
const skip = needTool('ffmpeg')

for (const rate of RATES)
  for (const channels of [1, 2])
    test(`${rate} Hz, ${channels} ch: every input decodes without a message`, {
      skip,
    }, async () => {
      const samples = Math.round(rate * SECONDS)
      const all = [
        ...Object.values(signals).map((signal) =>
          encode(rate, channels, 0, pcm(signal, rate, channels, samples)),
        ),
        ...(['A-law', 'mu-law'] as const).map((name, i) =>
          encode(rate, channels, KINDS[name], bytes(samples * channels, i + 3)),
        ),
        encode(rate, channels, 0, bytes(2 * samples * channels, 9)),
      ]
      const adts = all.flatMap(({ frames }) => frames)
      const decoded = await decode(join8(adts), channels)
      assert.equal(decoded.length, adts.length * 1024 * channels)
      // the joints between the parts do not fit, and full scale overshoots; but nothing rings
      assert.ok(decoded.every((x) => Math.abs(x) < 3))
    })

test('the rate is kept, whatever the input', () => {
  for (const [rate, bitRate] of [
    [8000, 16000],
    [16000, 32000],
    [48000, 64000],
  ] as const)
    for (const [name, signal] of Object.entries(signals)) {
      const seconds = 6
      const { frames } = encode(rate, 1, 0, pcm(signal, rate, 1, rate * seconds), bitRate)
      const bits = 8 * join8(frames).length
      // one decoder's buffer may have been saved up before the start
      assert.ok(
        bits <= bitRate * ((frames.length * 1024) / rate) + BUFFER_BITS,
        `${name}: ${bits} bits`,
      )
    }
})

test('bit rates at both ends of the range', () => {
  for (const bitRate of [1, 1000, 8000, 288000, 2 ** 31 - 1])
    for (const signal of [signals['full-scale noise'], signals.sweep])
      encode(48000, 1, 0, pcm(signal, 48000, 1, 24000), bitRate)
})

test('noise, attacks and stationary sound use the tools made for them', () => {
  const used = (
    signal: (n: number, rate: number) => number,
    rate: number,
    channels: number,
    bitRate = 0,
  ): RawDataBlock[] =>
    encode(rate, channels, 0, pcm(signal, rate, channels, 2 * rate), bitRate).blocks
  const attacks = used(signals['tone bursts'], 48000, 1)
  assert.ok(attacks.some((b) => b.channels[0]!.sequence === 2))
  assert.ok(
    used(signals.DC, 48000, 1)
      .slice(3, -3)
      .every((b) => b.channels[0]!.sequence === 0),
  )
  const noisy = used(signals['full-scale noise'], 48000, 1, 32000)
  assert.ok(
    noisy.some((b) => b.channels[0]!.books[0]!.includes(13)),
    'noise substitution',
  )
  assert.ok(
    noisy.slice(2, -2).every((b) => b.channels[0]!.shape === 0),
    'sine window',
  )
  assert.ok(
    used(signals.sweep, 48000, 1).some((b) => b.channels[0]!.shape === 1),
    'KBD window',
  )
  const same = encode(48000, 2, 0, twice(pcm(signals['tone bursts'], 48000, 1, 48000)))
  assert.ok(
    same.blocks.slice(1).some((b) => b.msUsed.flat().some(Boolean)),
    'mid/side',
  )
  assert.ok(
    used(signals.swells, 8000, 1).some((b) => b.channels[0]!.tns.length > 0),
    'TNS',
  )
})

/** Mono samples as two equal channels. */
const twice = (mono: Uint8Array): Uint8Array => {
  const from = new Int16Array(mono.buffer)
  return new Uint8Array(
    Int16Array.from({ length: 2 * from.length }, (_, i) => from[i >> 1]!).buffer,
  )
}

test('silence costs a few bytes a frame', () => {
  const { frames } = encode(16000, 1, 0, pcm(signals.silence, 16000, 1, 16000))
  for (const frame of frames) assert.ok(frame.length <= HEADER_BYTES + 8, `${frame.length} bytes`)
})

test('the decoded sound is the sound, 1024 samples later', { skip }, async () => {
  for (const [rate, channels, bitRate] of [
    [16000, 1, 48000],
    [48000, 2, 256000],
  ] as const) {
    const samples = 2 * rate
    const tone = (n: number): number => 0.5 * Math.sin(n / 9) + 0.3 * Math.sin(n / 23 + 1)
    const input = new Int16Array(pcm(tone, rate, channels, samples).buffer)
    const { frames } = encode(rate, channels, 0, new Uint8Array(input.buffer), bitRate)
    const decoded = await decode(join8(frames), channels)
    let signal = 0
    let noise = 0
    for (let i = 4096 * channels; i < input.length - 4096 * channels; i++) {
      signal += input[i]! ** 2
      noise += (input[i]! - 32768 * decoded[i + 1024 * channels]!) ** 2
    }
    assert.ok(10 * Math.log10(signal / noise) > 40, `${10 * Math.log10(signal / noise)} dB`)
  }
})

test('G.711 encodes as its expansion does', () => {
  const codes = bytes(16000, 4)
  const inside = open(8000, 1, 0)
  for (const [kind, expand] of [
    [KINDS['A-law'], 'expandA'],
    [KINDS['mu-law'], 'expandU'],
  ] as const) {
    const expanded = new Uint8Array(Int16Array.from(codes, (code) => inside[expand]!(code)).buffer)
    const blocks = 1024 * Math.floor(codes.length / 1024)
    assert.deepEqual(
      join8(encode(8000, 1, kind, codes.subarray(0, blocks)).frames),
      join8(encode(8000, 1, 0, expanded.subarray(0, 2 * blocks)).frames),
    )
  }
})

test('the scalar build gives the same bytes', () => {
  for (const rate of [8000, 48000])
    for (const channels of [1, 2])
      for (const [name, signal] of Object.entries(signals)) {
        const samples = pcm(signal, rate, channels, rate)
        const both = [true, false].map((simd) =>
          join8(encodeAll(open(rate, channels, 0, 0, simd), samples, 2048 * channels)),
        )
        assert.ok(Buffer.compare(both[0]!, both[1]!) === 0, `${name}, ${rate} Hz, ${channels} ch`)
      }
})

test('state stays within the budget and memory does not grow', () => {
  for (const rate of RATES)
    for (const [channels, limit] of [
      [1, 120 * 1024],
      [2, 160 * 1024],
    ] as const) {
      const inside = open(rate, channels, 0)
      assert.ok(inside.encoderBytes!(rate, channels) <= limit)
      const before = inside.memory.buffer
      encodeAll(
        inside,
        pcm(signals['full-scale noise'], rate, channels, 20 * 1024),
        2048 * channels,
      )
      assert.equal(inside.memory.buffer, before)
    }
})

test('wrong formats, lengths and an encoder that is not open have a status', () => {
  const inside = new WebAssembly.Instance(insideModule()).exports as unknown as Inside
  assert.equal(inside.aac_encode!(2048), -1013)
  assert.equal(inside.aac_flush!(), -1013)
  assert.equal(inside.aac_open!(16001, 1, 0, 0), -1005)
  assert.equal(inside.aac_open!(7350, 1, 0, 0), -1005)
  assert.equal(inside.aac_open!(16000, 0, 0, 0), -1006)
  assert.equal(inside.aac_open!(16000, 3, 0, 0), -1006)
  assert.equal(inside.aac_open!(16000, 1, 4, 0), -1004)
  assert.equal(inside.aac_open!(16000, 1, 0, -1), -1007)
  assert.equal(inside.aac_open!(16000, 1, 0, 0), 0)
  for (const length of [0, -1, 1024, 2046, 2050, 4096])
    assert.equal(inside.aac_encode!(length), -1407)
  assert.equal(inside.aac_flush!(), 0)
})
