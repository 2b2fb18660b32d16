/**
 * Flash and beep: a white picture and a tone start together once a second. The slices are decoded by ffmpeg and the two
 * onsets measured: sound from any input kind stays within one picture of the light.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aacClip, g711Clip, run, videoClip, wavClip } from '../support/ffmpeg.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { mux } from './mux.ts'

const FPS = 25
const SECONDS = 8
const FRAME_S = 1 / FPS
const FLASH_S = 0.2

const video = () =>
  videoClip({
    codec: 'h264',
    fps: FPS,
    frames: FPS * SECONDS,
    gop: FPS * 2,
    source: `color=black:size=$SIZE:rate=$FPS,drawbox=enable='lt(mod(t+0.5\\,1)\\,${FLASH_S})':color=white:t=fill`,
  })

const sound = (rate: number) => ({
  rate,
  seconds: SECONDS,
  source: `aevalsrc='if(lt(mod(t+0.5\\,1)\\,${FLASH_S})\\,0.5*sin(2*PI*1000*t)\\,0)':sample_rate=${rate}`,
})

/** Between two onsets there is at least this much quiet: within a tone the measure may dip. */
const QUIET_S = 0.3

/** Times at which a per-frame measure rises through a threshold, in seconds. */
const onsets = (graph: string, tag: string, threshold: number): number[] => {
  const probe = run(toolPath('ffprobe'), [
    ...['-v', 'error', '-f', 'lavfi', '-i', graph, '-of', 'csv=p=0'],
    ...['-show_entries', `frame=pts_time:frame_tags=${tag}`],
  ])
  assert.equal(probe.status, 0, probe.stderr)
  const times: number[] = []
  let lastHigh = Number.NEGATIVE_INFINITY
  for (const line of probe.stdout.toString('utf8').split('\n')) {
    const [time, value] = line.split(',').map(Number)
    if (time === undefined || value === undefined || Number.isNaN(time)) continue
    // astats says -inf for silence, which Number() does not read
    if (Number.isNaN(value) || value <= threshold) continue
    if (time - lastHigh > QUIET_S) times.push(time)
    lastHigh = time
  }
  return times
}

const flashes = (file: string): number[] =>
  onsets(`movie=${file},signalstats`, 'lavfi.signalstats.YAVG', 100)

const SOUND_WINDOW = 32
const beeps = (file: string): number[] =>
  onsets(
    `amovie=${file},asetnsamples=${SOUND_WINDOW}:p=0,astats=metadata=1:reset=1`,
    'lavfi.astats.Overall.Peak_level',
    -20,
  )

/** ffmpeg's encoder puts 1024 samples in front; a camera's own AAC is passed through as it comes, delay and all. */
const AAC_PRIMING_S = 1024 / 16_000

const INPUTS: { name: string; primingS?: number; args: () => string[] }[] = [
  { name: 'AAC', primingS: AAC_PRIMING_S, args: () => ['--audio', aacClip(sound(16_000))] },
  { name: 'PCM 16 kHz', args: () => ['--audio', wavClip(sound(16_000))] },
  { name: 'PCM 48 kHz', args: () => ['--audio', wavClip(sound(48_000))] },
  { name: 'G.711 A-law', args: () => ['--audio', g711Clip('a', sound(8000)), '--rate', '8000'] },
  { name: 'G.711 mu-law', args: () => ['--audio', g711Clip('u', sound(8000)), '--rate', '8000'] },
]

describe('flash and beep', { skip: needTool('ffmpeg') }, () => {
  for (const format of ['ts', 'fmp4'] as const)
    for (const input of INPUTS)
      test(`${input.name} in ${format}`, () => {
        const [slice] = mux(['--video', video(), ...input.args(), '--format', format])
        assert.ok(slice)
        const light = flashes(slice.path)
        const tone = beeps(slice.path)
        assert.ok(light.length >= SECONDS - 1, `${light.length} flashes`)
        assert.equal(tone.length, light.length)
        for (const [index, time] of light.entries()) {
          const offset = tone[index]! - time - (input.primingS ?? 0)
          assert.ok(
            Math.abs(offset) <= FRAME_S,
            `beep ${index} is ${(offset * 1000).toFixed(1)} ms from its flash; one picture is ${FRAME_S * 1000} ms`,
          )
        }
      })
})
