import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { checkTs } from '../../tools/check-ts.ts'
import { MUX_DEFAULTS, type MuxOptions, type MuxReport, muxFiles } from '../../tools/mux.ts'
import { aacClip, audioFrameMd5s, videoClip, videoFrameMd5s } from '../support/ffmpeg.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../support/media.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

const FORMATS = ['ts', 'fmp4'] as const
type Format = (typeof FORMATS)[number]

const muxTo = (out: string, format: Format, options: Partial<MuxOptions>): Promise<MuxReport> =>
  muxFiles({ ...MUX_DEFAULTS, out, ...options, format })

const faults = (path: string, format: Format) => {
  const bytes = readFileSync(path)
  return format === 'ts' ? checkTs(bytes) : checkMp4(bytes)
}

/** What is true of every result: files as reported, nothing else, no faults, every slice decodes alone to its own frames. */
const checkReport = (report: MuxReport, format: Format): string[] => {
  const names = readdirSync(report.out).sort()
  assert.deepEqual(
    names,
    report.slices.map((slice) => slice.file),
  )
  const md5s: string[] = []
  for (const slice of report.slices) {
    const path = join(report.out, slice.file)
    assert.equal(statSync(path).size, slice.bytes)
    assert.deepEqual(faults(path, format), [])
    if (slice.frames === 0) continue
    const own = videoFrameMd5s(path)
    assert.equal(own.length, slice.frames)
    md5s.push(...own)
  }
  return md5s
}

/** Encoders as cameras use them. */
const CAMERAS = [
  { codec: 'h264', width: 640, height: 360, fps: 15, gop: 30, frames: 400 },
  {
    codec: 'h264',
    width: 322,
    height: 182,
    fps: 25,
    gop: 50,
    frames: 120,
    params: 'slices=4:aud=1',
  },
  {
    codec: 'h264',
    width: 1280,
    height: 720,
    fps: '30000/1001',
    gop: 60,
    frames: 70,
    preset: 'veryfast',
  },
  { codec: 'h265', width: 640, height: 360, fps: 20, gop: 40, frames: 420 },
  {
    codec: 'h265',
    width: 320,
    height: 182,
    fps: 25,
    gop: 25,
    frames: 60,
    params: 'slices=3:aud=1',
  },
] as const

describe('camera-like streams come out as they went in', { skip: needTool('ffmpeg') }, () => {
  for (const camera of CAMERAS)
    for (const format of FORMATS)
      test(`${camera.codec} ${camera.width}x${camera.height} ${camera.fps} fps in ${format}`, () =>
        withTempFolder(async (out) => {
          const videoPath = videoClip(camera)
          const report = await muxTo(out, format, { videoPath })
          assert.deepEqual(report.refused, [])
          assert.equal(report.video?.frames, camera.frames)
          assert.deepEqual(checkReport(report, format), videoFrameMd5s(videoPath))
        }))
})

describe('test streams without B frames', () => {
  for (const stream of MEDIA_STREAMS.filter((candidate) => !candidate.bFrames))
    for (const format of FORMATS)
      test(
        `${stream.name} in ${format}`,
        { skip: needMedia(stream.name) || needTool('ffmpeg') },
        () =>
          withTempFolder(async (out) => {
            const videoPath = mediaPath(stream.name)
            const report = await muxTo(out, format, { videoPath })
            assert.deepEqual(report.refused, [])
            assert.deepEqual(checkReport(report, format), videoFrameMd5s(videoPath))
          }),
      )
})

describe('slices', { skip: needTool('ffmpeg') }, () => {
  for (const format of FORMATS)
    test(`${format}: cut at the first IDR 10 s after their start, with all of the sound`, () =>
      withTempFolder(async (out) => {
        const videoPath = videoClip({ codec: 'h264', frames: 750, gop: 75, width: 160, height: 96 })
        const audioPath = aacClip({ seconds: 30 })
        const report = await muxTo(out, format, { videoPath, audioPath, utcMs: 1.7e12 })
        assert.deepEqual(
          report.slices.map((slice) => [slice.startPtsMs, slice.durationMs, slice.frames]),
          [
            [0, 12_000, 300],
            [12_000, 12_000, 300],
            [24_000, 6000, 150],
          ],
        )
        assert.equal(report.slices[1]!.startUtcMs, 1.7e12 + 12_000)
        assert.ok(report.slices.every((slice) => slice.tracks.join() === 'video,audio'))
        checkReport(report, format)
        const sound = report.slices.flatMap((slice) => audioFrameMd5s(join(out, slice.file)))
        assert.equal(report.audio?.frames, audioFrameMd5s(audioPath).length)
        assert.equal(sound.length, report.audio?.frames)
      }))

  test('the same input gives the same bytes', async () => {
    const videoPath = videoClip({ codec: 'h264', frames: 50 })
    const audioPath = aacClip()
    for (const format of FORMATS) {
      const runs: Buffer[] = []
      for (let run = 0; run < 2; run++)
        await withTempFolder(async (out) => {
          const report = await muxTo(out, format, { videoPath, audioPath })
          runs.push(readFileSync(join(out, report.slices[0]!.file)))
        })
      assert.deepEqual(runs[0], runs[1])
    }
  })

  test('slices of an earlier run go, other files stay', () =>
    withTempFolder(async (out) => {
      writeFileSync(join(out, 'slice-000007.ts'), 'old')
      writeFileSync(join(out, 'notes.txt'), 'mine')
      await muxTo(out, 'ts', { videoPath: videoClip({ codec: 'h264', frames: 50 }) })
      assert.deepEqual(readdirSync(out).sort(), ['notes.txt', 'slice-000000.ts'])
    }))
})

test('sound alone', { skip: needTool('ffmpeg') }, async () => {
  const audioPath = aacClip({ seconds: 12, rate: 16000 })
  for (const format of FORMATS)
    await withTempFolder(async (out) => {
      const report = await muxTo(out, format, { audioPath })
      assert.deepEqual(report.refused, [])
      assert.equal(report.audio?.frames, audioFrameMd5s(audioPath).length)
      assert.ok(report.slices.every((slice) => slice.tracks.join() === 'audio'))
      checkReport(report, format)
    })
})

test(
  'a new picture size begins a new slice, as a camera that is opened again',
  { skip: needTool('ffmpeg') },
  () =>
    withTempFolder(async (folder) => {
      const clips = [320, 160].map((width) =>
        videoClip({ codec: 'h264', width, height: 96, frames: 25 }),
      )
      const videoPath = join(folder, 'both.h264')
      writeFileSync(videoPath, Buffer.concat(clips.map((path) => readFileSync(path))))
      const report = await muxTo(join(folder, 'out'), 'ts', { videoPath })
      assert.deepEqual(report.refused, [])
      assert.deepEqual(
        report.slices.map((slice) => slice.frames),
        [25, 25],
      )
      assert.deepEqual(
        checkReport(report, 'ts'),
        clips.flatMap((path) => videoFrameMd5s(path)),
      )
    }),
)

test('B frames are refused and counted', { skip: needMedia('h264/test-25fps.h264') }, () =>
  withTempFolder(async (out) => {
    const report = await muxTo(out, 'ts', { videoPath: mediaPath('h264/test-25fps.h264') })
    const statuses = report.refused.map((refusal) => refusal.status)
    assert.ok(statuses.includes('PICTURE_B_SLICE'))
    const refused = report.refused.reduce((sum, refusal) => sum + refusal.count, 0)
    assert.equal(refused + report.video!.frames, 250)
  }),
)
