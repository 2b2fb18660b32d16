/** A slice whose upload broke off anywhere plays up to its last whole packet (TS) or fragment (fMP4). */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { wholeInFmp4, wholeInTs } from '../support/cut-points.ts'
import { aacClip, run, videoClip } from '../support/ffmpeg.ts'
import { random } from '../support/random.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { mux } from './mux.ts'

/** Of each slice; tests/faults/cuts.test.ts cuts more, and looks closer. */
const CUTS = 25
const SEED = 0x5ca1ab1e

const decodedPictures = (path: string): number => {
  const args = ['-v', 'quiet', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0']
  const done = run(toolPath('ffprobe'), [...args, '-show_entries', 'stream=nb_read_frames', path])
  return Number.parseInt(done.stdout.toString('utf8'), 10) || 0
}

describe(`slices cut at ${CUTS} random offsets (seed ${SEED})`, {
  skip: needTool('ffmpeg'),
}, () => {
  for (const codec of ['h264', 'h265'] as const)
    for (const format of ['ts', 'fmp4'] as const)
      test(`${codec} in ${format}`, () => {
        const video = videoClip({ codec, frames: 100, gop: 25 })
        const args = ['--video', video, '--audio', aacClip({ seconds: 4 }), '--format', format]
        const [slice] = mux(args)
        assert.ok(slice)
        const bytes = readFileSync(slice.path)
        const whole = format === 'ts' ? wholeInTs(bytes) : wholeInFmp4(bytes)
        assert.equal(whole.length, slice.frames)
        const path = `${slice.path}.cut`
        const next = random(SEED)
        try {
          for (let i = 0; i < CUTS; i++) {
            const cut = Math.floor(next() * bytes.length)
            const wanted = whole.filter((end) => end <= cut).length
            writeFileSync(path, bytes.subarray(0, cut))
            const got = decodedPictures(path)
            assert.ok(got >= wanted, `cut at ${cut}: ${got} pictures play, ${wanted} are there`)
          }
        } finally {
          rmSync(path, { force: true })
        }
      })
})
