/** Our own strict checkers over what cameras send: rates, GOPs, sound and its absence. And TS overhead beside libavformat's. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FORMAT_FMP4, FORMAT_TS } from '../../core-wasm/index.ts'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { checkTs } from '../../tools/check-ts.ts'
import { adts } from '../fuzz/seeds.ts'
import { ffmpeg, videoClip } from '../support/ffmpeg.ts'
import { buildFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { accessUnits, mux, readFrames } from './mux-file.ts'

const onlyOnce = 'bun' in process.versions ? false : 'runs on Bun only'
const skip = onlyOnce || needTool('ffmpeg')

const sound = (seconds: number) =>
  Array.from({ length: Math.floor((seconds * 16_000) / 1024) }, (_, i) => adts(200 + (i % 60)))

const cases: [name: string, clip: Parameters<typeof videoClip>[0], withSound: boolean][] = [
  ['25 fps with sound', { codec: 'h264', frames: 300, gop: 50, width: 160, height: 90 }, true],
  ['25 fps without', { codec: 'h264', frames: 300, gop: 50, width: 160, height: 90 }, false],
  [
    '5 fps with sound',
    { codec: 'h264', fps: 5, frames: 80, gop: 20, width: 160, height: 90 },
    true,
  ],
  [
    '60 fps with sound',
    { codec: 'h264', fps: 60, frames: 700, gop: 120, width: 160, height: 90 },
    true,
  ],
  ['all intra', { codec: 'h264', frames: 50, gop: 1, width: 160, height: 90 }, true],
  ['a GOP of 12 s', { codec: 'h264', frames: 330, gop: 300, width: 160, height: 90 }, true],
  ['H.265 with sound', { codec: 'h265', frames: 120, gop: 40, width: 160, height: 90 }, true],
]
for (const [format, check, label] of [
  [FORMAT_TS, checkTs, 'TS'],
  [FORMAT_FMP4, checkMp4, 'fMP4'],
] as const)
  for (const [name, clip, withSound] of cases)
    test(`${label}, ${name}: no error and no warning in any slice`, { skip }, async () => {
      const fps = Number(clip.fps ?? 25)
      const video = readFrames(clip.codec, videoClip(clip))
      const { slices } = await mux({
        codec: clip.codec,
        format,
        video,
        fps,
        audio: withSound ? sound(video.length / fps) : [],
      })
      for (const { bytes, record } of slices) {
        const faults = check(bytes).filter(({ severity }) => severity !== 'note')
        assert.deepEqual(faults, [], `slice ${record.number}`)
      }
    })

test("TS overhead is at most libavformat's for the same input", { skip }, async () => {
  for (const options of [
    { frames: 250, width: 1280, height: 720, bitrateKbps: 4000 },
    { frames: 250, width: 160, height: 90 },
  ]) {
    const clip = videoClip({ codec: 'h264', gop: 50, ...options })
    const { slices } = await mux({
      codec: 'h264',
      format: FORMAT_TS,
      video: accessUnits('h264', readFileSync(clip)),
    })
    const ours = slices.reduce((sum, { bytes }) => sum + bytes.length, 0)
    const other = join(buildFolder('core-media'), `${process.pid}-overhead.ts`)
    ffmpeg('-r', '25', '-i', clip, '-c', 'copy', '-f', 'mpegts', '-y', other)
    const theirs = statSync(other).size
    rmSync(other)
    assert.ok(ours <= theirs, `${ours} bytes, libavformat ${theirs}`)
  }
})
