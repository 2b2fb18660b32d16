/** A slice whose upload broke off anywhere plays up to its last whole packet (TS) or fragment (fMP4). */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { aacClip, run, videoClip } from '../support/ffmpeg.ts'
import { random } from '../support/random.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { mux } from './mux.ts'

/** Of each slice; `npm run soak` cuts each 200 times. */
const CUTS = Number(process.env.SKYRILL_CUTS ?? 25)
const SEED = 0x5ca1ab1e
const TS_PACKET = 188
const VIDEO_STREAM_IDS = 0xe0

/** Offsets at which a picture is whole, in order: the start of the next video PES, or the end of the slice. */
const wholeInTs = (bytes: Buffer): number[] => {
  const starts: number[] = []
  for (let at = 0; at + TS_PACKET <= bytes.length; at += TS_PACKET) {
    const payloadStart = (bytes[at + 1]! & 0x40) !== 0
    const payload = at + 4 + ((bytes[at + 3]! & 0x20) !== 0 ? 1 + bytes[at + 4]! : 0)
    const isPes =
      payloadStart && payload + 4 <= at + TS_PACKET && bytes.readUIntBE(payload, 3) === 1
    if (isPes && (bytes[payload + 3]! & 0xf0) === VIDEO_STREAM_IDS) starts.push(at)
  }
  return [...starts.slice(1), bytes.length]
}

/** Offsets at which a fragment is whole, each repeated for the pictures in it. */
const wholeInFmp4 = (bytes: Buffer): number[] => {
  const whole: number[] = []
  let samples = 0
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'moof') samples = bytes.readUInt32BE(bytes.indexOf('trun', at) + 8)
    at += size
    if (type === 'mdat') for (let i = 0; i < samples; i++) whole.push(at)
  }
  return whole
}

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
