import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileChunks } from '../../tools/cli/file-chunks.ts'
import { detectFileType } from '../../tools/report/file-type.ts'
import { inspectMp4 } from '../../tools/report/inspect-mp4.ts'
import { inspectRaw } from '../../tools/report/inspect-raw.ts'
import { inspectTs } from '../../tools/report/inspect-ts.ts'
import { reportText } from '../../tools/report/text.ts'
import { videoClip } from '../support/ffmpeg.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { buildMp4 } from './mp4/mp4-builder.ts'
import { adtsFrame, annexB, h264, tinyVideo } from './tiny-streams.ts'
import { AUDIO_PID, buildTs, VIDEO_PID } from './ts/ts-builder.ts'

const rawStream = (codec: 'h264' | 'h265', count = 30, gop = 10): Buffer =>
  Buffer.concat(tinyVideo(codec, count, gop, false).map((nals) => annexB(nals)))

describe('file types by content', () => {
  const cases: [string, Uint8Array, string | undefined][] = [
    ['TS', buildTs(), 'ts'],
    ['fMP4', buildMp4(), 'fmp4'],
    ['H.264', rawStream('h264'), 'h264'],
    ['H.264 with delimiters', Buffer.concat(tinyVideo('h264', 3, 3, true).map(annexB)), 'h264'],
    ['H.265', rawStream('h265'), 'h265'],
    ['H.265 with delimiters', Buffer.concat(tinyVideo('h265', 3, 3, true).map(annexB)), 'h265'],
    ['ADTS', Buffer.concat([adtsFrame(), adtsFrame()]), 'adts'],
    ['WAV', Buffer.concat([Buffer.from('RIFF\0\0\0\0WAVEfmt '), Buffer.alloc(20)]), 'wav'],
    ['text', Buffer.from('hello world, this is text'), undefined],
    ['nothing', Buffer.alloc(0), undefined],
    ['zeros', Buffer.alloc(1000), undefined],
  ]
  for (const [name, bytes, type] of cases)
    test(name, () => assert.equal(detectFileType(bytes), type))
})

test('a transport stream', () => {
  const report = inspectTs('x.ts', [buildTs()])
  assert.equal(report.errors + report.warnings, 0)
  assert.deepEqual(
    report.tracks.map(({ id, codec, frames }) => [id, codec, frames]),
    [
      [VIDEO_PID, 'h264', 30],
      [AUDIO_PID, 'aac', 19],
    ],
  )
  const [video, audio] = report.tracks
  assert.equal(video!.fps, 25)
  assert.equal(video!.codecs, 'avc1.42c00a')
  assert.equal(video!.durationMs, 1200)
  assert.deepEqual(video!.gops, {
    count: 3,
    pictures: 30,
    keyPictures: 3,
    minPictures: 10,
    maxPictures: 10,
    maxMs: 400,
    maxBytes: video!.bytes / 3,
    maxKeyPictureBytes: video!.gops!.maxKeyPictureBytes,
  })
  assert.equal(audio!.sampleRate, 16000)
  assert.equal(report.overheadBytes, report.bytes - video!.bytes - audio!.bytes)
})

test('a fragmented MP4 file', () => {
  const report = inspectMp4('x.mp4', [buildMp4({ codec: 'h265' })])
  assert.equal(report.errors + report.warnings, 0)
  assert.equal(report.structure.fragments, 3)
  assert.equal(report.tracks[0]!.codecs, 'hvc1.1.6A2C4806.L30.90.11.22.33.44.55')
  assert.equal(report.tracks[0]!.frames, 30)
  assert.equal(report.tracks[1]!.frames, 19)
})

describe('a raw stream', () => {
  test('its GOPs and the ring for it', async () => {
    const bytes = rawStream('h264')
    const report = await inspectRaw('x.h264', 'h264', [bytes], undefined)
    assert.equal(report.errors, 0)
    assert.equal(report.bytes, bytes.length)
    assert.equal(report.tracks[0]!.gops!.count, 3)
    const advice = report.advice!
    assert.equal(advice.u32MaxGopSize % 4096, 0)
    // the largest GOP and, as in the document's example, 15 KB of sound per second
    const gop = report.tracks[0]!.gops!
    assert.ok(advice.u32MaxGopSize >= gop.maxBytes + gop.maxMs * 15)
    assert.ok(advice.u32MaxGopSize < (gop.maxBytes + gop.maxMs * 15.4) * 1.06 + 4096)
    assert.equal(advice.lowMark, Math.round(advice.u32MaxGopSize * 0.1))
    assert.equal(advice.warnMark, Math.round(advice.u32MaxGopSize * 0.4))
    assert.equal(advice.highMark, Math.round(advice.u32MaxGopSize * 0.8))
  })

  test('the frame rate that is given changes its length', async () => {
    const report = await inspectRaw('x.h264', 'h264', [rawStream('h264')], 10)
    assert.equal(report.durationMs, 3000)
    assert.equal(report.structure['frame rate from'], '--fps')
  })

  const FAULTS: [string, Buffer, string][] = [
    [
      'begins with a P picture',
      rawStream('h264').subarray(rawStream('h264').length - 400),
      'raw.start-key',
    ],
    ['a GOP of 12 s', rawStream('h264', 300, 300), 'raw.gop-length'],
    [
      'a key picture without parameter sets',
      Buffer.concat([rawStream('h264'), annexB([h264.slice({ idr: true })])]),
      'raw.parameter-sets',
    ],
    [
      'B slices',
      Buffer.concat([rawStream('h264'), annexB([h264.slice({ type: 6, frameNum: 11 })])]),
      'es.b-slice',
    ],
  ]
  for (const [name, bytes, rule] of FAULTS)
    test(name, async () => {
      const { faultCounts } = await inspectRaw('x.h264', 'h264', [bytes], undefined)
      assert.ok(faultCounts[rule], JSON.stringify(faultCounts))
    })
})

test('the text names everything', () => {
  const text = reportText(inspectTs('x.ts', [buildTs({ randomAccess: () => false })]))
  for (const part of [
    /x\.ts: MPEG-TS/,
    /16x16/,
    /25 fps/,
    /16000 Hz/,
    /3 GOPs of 10 to 10 pictures/,
    /error unit\.random-access at \d+/,
  ])
    assert.match(text, part)
})

test('the program: JSON, and exit code 1 with --strict', () =>
  withTempFolder((folder) => {
    const path = join(folder, 'bad.ts')
    writeFileSync(path, buildTs({ randomAccess: () => false }))
    const run = (...args: string[]) =>
      spawnSync(
        join(ROOT, 'node_modules', '.bin', 'bun'),
        [join(ROOT, 'tools', 'cli.ts'), 'inspect', path, ...args],
        { encoding: 'utf8' },
      )
    assert.equal(run().status, 0)
    const strict = run('--strict', '--json')
    assert.equal(strict.status, 1)
    const report = JSON.parse(strict.stdout)
    assert.equal(report.type, 'ts')
    assert.equal(report.errors, 3)
    assert.equal(report.faults[0].rule, 'unit.random-access')
  }))

test('memory does not grow with the file', { skip: needTool('ffmpeg') }, async () => {
  const clip = videoClip({ codec: 'h264', frames: 50, gop: 25 })
  const repeat = function* (times: number) {
    for (let i = 0; i < times; i++) for (const chunk of fileChunks(clip)) yield chunk.slice()
  }
  // long enough that the collector has found its pace: what grows after that grows with the file
  await inspectRaw('warm', 'h264', repeat(500), undefined)
  const before = process.memoryUsage().rss
  const report = await inspectRaw('large', 'h264', repeat(1500), undefined)
  const grown = process.memoryUsage().rss - before
  assert.equal(report.tracks[0]!.frames, 75_000)
  assert.ok(report.bytes > 150e6, `${report.bytes} bytes`)
  assert.ok(grown < 64e6, `grew by ${grown} bytes for a file of ${report.bytes}`)
})
