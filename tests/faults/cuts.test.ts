/**
 * An upload that broke off at any byte: what is there plays, our checkers and a strict decoder find nothing wrong up to the last whole picture (TS) or
 * fragment (fMP4), and at most a second of what had been sent is missing. SKYRILL_CUTS sets how many cuts there are, over both codecs and formats.
 */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { checkTs } from '../../tools/check-ts.ts'
import { mux } from '../interop/mux.ts'
import { hasSoundInTs, wholeInFmp4, wholeInTs } from '../support/cut-points.ts'
import { aacClip, decodeComplaints, run, videoClip } from '../support/ffmpeg.ts'
import { random } from '../support/random.ts'
import { needTool, toolPath } from '../support/tools.ts'

const CUTS = Number(process.env.SKYRILL_CUTS ?? 100)
const SEED = Number(process.env.SKYRILL_SEED ?? 0x5ca1ab1e)
const FPS = 25
const SECONDS = 4

const playedPictures = (path: string): number => {
  const args = ['-v', 'quiet', '-count_frames', '-select_streams', 'v', '-of', 'csv=p=0']
  const done = run(toolPath('ffprobe'), [...args, '-show_entries', 'stream=nb_read_frames', path])
  return Number.parseInt(done.stdout.toString('utf8'), 10) || 0
}

/** Pictures of which the first byte had been sent, at most: those that are whole and all of the piece that was cut. */
const begun = (whole: readonly number[], cut: number): number => {
  const next = whole.find((end) => end > cut)
  return next === undefined ? whole.length : whole.filter((end) => end <= next).length
}

describe(`uploads cut at ${CUTS} random offsets (seed ${SEED})`, {
  timeout: 300_000 + CUTS * 5000,
  skip: needTool('ffmpeg'),
}, () => {
  let missingMost = 0
  for (const codec of ['h264', 'h265'] as const)
    for (const format of ['ts', 'fmp4'] as const)
      test(`${codec} in ${format}`, () => {
        const video = videoClip({ codec, frames: FPS * SECONDS, gop: FPS })
        const audio = aacClip({ seconds: SECONDS })
        const [slice] = mux(['--video', video, '--audio', audio, '--format', format])
        assert.ok(slice)
        const bytes = readFileSync(slice.path)
        const whole = format === 'ts' ? wholeInTs(bytes) : wholeInFmp4(bytes)
        assert.equal(whole.length, slice.frames)
        const path = `${slice.path}.cut`
        const next = random(SEED)
        const clean = new Set<number>()
        try {
          for (let count = 0; count < Math.ceil(CUTS / 4); count++) {
            const cut = Math.floor(next() * bytes.length)
            const end = whole.findLast((offset) => offset <= cut)
            writeFileSync(path, bytes.subarray(0, cut))
            const played = playedPictures(path)
            const wanted = whole.filter((offset) => offset <= cut).length
            assert.ok(played >= wanted, `cut at ${cut}: ${played} play, ${wanted} are there`)
            const missing = begun(whole, cut) - played
            missingMost = Math.max(missingMost, missing)
            assert.ok(missing <= FPS, `cut at ${cut}: ${missing} pictures are missing`)
            if (end === undefined || clean.has(end)) continue
            clean.add(end)
            const part = bytes.subarray(0, end)
            assert.deepEqual(format === 'ts' ? checkTs(part) : checkMp4(part), [], `up to ${end}`)
            // a decoder says of announced sound that it cannot know its parameters before it has begun
            if (format === 'ts' && !hasSoundInTs(part)) continue
            writeFileSync(path, part)
            assert.equal(decodeComplaints(path), '', `cut at ${cut}, decoded up to ${end}`)
          }
        } finally {
          rmSync(path, { force: true })
        }
        console.log(`# ${codec} in ${format}: at most ${missingMost / FPS} s missing so far`)
      })
})
