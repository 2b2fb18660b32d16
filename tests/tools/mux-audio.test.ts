import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readAdtsFrames } from '../../runtime/source/adts.ts'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { checkTs } from '../../tools/check-ts.ts'
import { fileChunks } from '../../tools/cli/file-chunks.ts'
import { openAudio } from '../../tools/mux/audio-source.ts'
import { parseWavHeader, sampleBlocks } from '../../tools/mux/wav.ts'
import { MUX_DEFAULTS, mux, muxFiles } from '../../tools/mux.ts'
import {
  aacClip,
  audioFrameMd5s,
  decodeComplaints,
  ffprobe,
  g711Clip,
  videoClip,
  wavClip,
} from '../support/ffmpeg.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

const u16 = (value: number) => Buffer.from([value & 255, value >> 8])
const u32 = (value: number) => Buffer.concat([u16(value % 65536), u16(Math.floor(value / 65536))])
const chunk = (id: string, body: Buffer, size = body.length) =>
  Buffer.concat([Buffer.from(id), u32(size), body])
const format = (tag: number, channels: number, rate: number, bits: number) =>
  chunk('fmt ', Buffer.concat([u16(tag), u16(channels), u32(rate), u32(0), u16(0), u16(bits)]))
const wav = (...chunks: Buffer[]) => Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVE'), ...chunks])

describe('WAV headers', () => {
  const data = chunk('data', Buffer.alloc(8))
  const GOOD: [string, Buffer, object][] = [
    [
      'PCM',
      wav(format(1, 2, 48000, 16), data),
      { coding: 'pcm', channels: 2, sampleRate: 48000, dataOffset: 44, dataBytes: 8 },
    ],
    [
      'A-law',
      wav(format(6, 1, 8000, 8), data),
      { coding: 'g711a', channels: 1, sampleRate: 8000, dataOffset: 44, dataBytes: 8 },
    ],
    [
      'u-law',
      wav(format(7, 1, 8000, 8), data),
      { coding: 'g711u', channels: 1, sampleRate: 8000, dataOffset: 44, dataBytes: 8 },
    ],
    [
      'other chunks',
      wav(chunk('LIST', Buffer.alloc(3)), Buffer.alloc(1), format(1, 1, 8000, 16), data),
      { coding: 'pcm', channels: 1, sampleRate: 8000, dataOffset: 56, dataBytes: 8 },
    ],
    [
      'size unknown',
      wav(format(1, 1, 8000, 16), chunk('data', Buffer.alloc(8), 0xffffffff)),
      {
        coding: 'pcm',
        channels: 1,
        sampleRate: 8000,
        dataOffset: 44,
        dataBytes: Number.POSITIVE_INFINITY,
      },
    ],
  ]
  for (const [name, bytes, expected] of GOOD)
    test(name, () => assert.deepEqual(parseWavHeader(bytes, 'x.wav'), expected))

  const BAD: [string, Buffer, RegExp][] = [
    [
      '24 bits',
      wav(format(1, 1, 8000, 24), data),
      /x\.wav: format 1 with 24 bits per sample; only 16-bit PCM and 8-bit G\.711/,
    ],
    ['float', wav(format(3, 1, 8000, 32), data), /format 3 with 32 bits/],
    ['no samples', wav(format(1, 1, 8000, 16)), /no format or no samples/],
    ['no format', wav(data), /no format or no samples/],
  ]
  for (const [name, bytes, message] of BAD)
    test(name, () => assert.throws(() => parseWavHeader(bytes, 'x.wav'), message))
})

test('blocks of samples, the last one filled up', () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i)
  for (const size of [1, 3, 7, 20]) {
    const chunks = Array.from({ length: Math.ceil(20 / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    )
    const blocks = Array.from(sampleBlocks(chunks, 8, 0xee, 3, 14), (block) => [...block])
    const whole = Array.from({ length: 14 }, (_, i) => i + 3)
    assert.deepEqual(blocks, [whole.slice(0, 8), [...whole.slice(8), 0xee, 0xee]])
  }
})

describe('sound that has to be encoded', { skip: needTool('ffmpeg') }, () => {
  const INPUTS = [
    ['wav', () => wavClip({ rate: 16000, seconds: 4 }), 1, 16000],
    ['stereo wav', () => wavClip({ rate: 48000, channels: 2, seconds: 4 }), 2, 48000],
    ['g711a', () => g711Clip('a', { seconds: 4 }), 1, 8000],
    ['g711u', () => g711Clip('u', { seconds: 4 }), 1, 8000],
  ] as const
  for (const [name, path, channels, rate] of INPUTS) {
    test(`${name} as ADTS`, () =>
      withTempFolder(async (folder) => {
        const out = join(folder, 'out.aac')
        assert.equal(await mux(['--audio', path(), '--format', 'adts', '--out', out]), 0)
        assert.equal(decodeComplaints(out), '')
        const stream = ffprobe(out).streams[0]
        assert.equal(stream.profile, 'LC')
        assert.equal(stream.channels, channels)
        assert.equal(Number(stream.sample_rate), rate)
        let frames = 0
        for await (const { data } of readAdtsFrames(fileChunks(out)))
          frames += Math.sign(data.length)
        // all of the samples, and what the encoder's delay adds
        const needed = Math.ceil((4 * rate) / 1024)
        assert.ok(frames >= needed && frames <= needed + 2, `${frames} frames, ${needed} needed`)
      }))

    for (const container of ['ts', 'fmp4'] as const)
      test(`${name} beside pictures in ${container}`, () =>
        withTempFolder(async (out) => {
          const videoPath = videoClip({ codec: 'h264', frames: 100 })
          const report = await muxFiles({
            ...MUX_DEFAULTS,
            out,
            format: container,
            videoPath,
            audioPath: path(),
          })
          assert.deepEqual(report.refused, [])
          const file = join(out, report.slices[0]!.file)
          const bytes = readFileSync(file)
          assert.deepEqual(container === 'ts' ? checkTs(bytes) : checkMp4(bytes), [])
          assert.equal(audioFrameMd5s(file).length, report.audio!.frames)
          assert.ok(report.audio!.frames >= (4 * rate) / 1024 - 1)
        }))
  }

  test('the bit rate asked for', () =>
    withTempFolder(async (folder) => {
      const path = wavClip({
        rate: 16000,
        seconds: 20,
        source: 'anoisesrc=color=pink:sample_rate=16000:seed=1',
      })
      for (const bitRate of [24_000, 48_000]) {
        const out = join(folder, `${bitRate}.aac`)
        await mux(['--audio', path, '--format', 'adts', '--out', out, '--bitrate', String(bitRate)])
        const measured = (statSync(out).size * 8) / 20
        assert.ok(Math.abs(measured / bitRate - 1) < 0.05, `${measured} bit/s for ${bitRate}`)
      }
    }))
})

describe('what --audio does not take', { skip: needTool('ffmpeg') }, () => {
  test('a rate that is not that of the file', () => {
    assert.throws(
      () => openAudio(wavClip({ rate: 16000 }), 8000),
      /--rate 8000: .* has 16000 Hz; there is no resampling/,
    )
    assert.throws(() => openAudio(aacClip({ rate: 16000 }), 8000), /--rate 8000/)
  })
  test('a file without header and without a name that says what it is', () => {
    assert.throws(
      () => openAudio(videoClip({ codec: 'h264', frames: 50 }), undefined),
      /neither ADTS nor WAV/,
    )
  })
  test('a rate that AAC does not have', () =>
    withTempFolder(async (out) => {
      const audioPath = g711Clip('a')
      await assert.rejects(
        muxFiles({ ...MUX_DEFAULTS, out, format: 'ts', audioPath, rate: 9000 }),
        /CONFIG_RATE_RANGE/,
      )
    }))
})
