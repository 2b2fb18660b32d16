/** What a camera does when all is well, in both containers. */
import * as abi from '../../../core-wasm/abi.gen.ts'
import { type Scenario, type Steps, scenario } from '../scenario.ts'

const P = ['h264.p1', 'h264.p2', 'h264.p3']
const AAC_FRAME_MS = 64 // 1024 samples at 16 kHz
const aac = { audioInput: abi.AUDIO_AAC, sampleRate: 16000, channels: 1 }

/** Pictures every 40 ms and the audio that belongs between them. */
const interleave = (s: Steps, frames: number, gop: number, audio: readonly string[]): Steps => {
  let audioPts = 0
  let audioFrames = 0
  for (let i = 0; i < frames; i++) {
    const pts = i * 40
    for (; audioPts <= pts; audioPts += AAC_FRAME_MS)
      s.audio(
        audio[audioFrames++ % audio.length] as string,
        audioPts,
        i === 0 ? 'NOTICE_AUDIO_WAITS' : 'OK',
      )
    s.video(i % gop === 0 ? 'h264.idr' : (P[i % P.length] as string), pts)
    if (i % 3 === 2) s.drain()
  }
  return s.flush().drain()
}

const containers: [string, number][] = [
  ['ts', abi.FORMAT_TS],
  ['fmp4', abi.FORMAT_FMP4],
]

const inContainer = ([prefix, format]: [string, number]): Scenario[] => [
  scenario(
    `${prefix}-h264`,
    'two GOPs, three- and four-byte start codes, AUD, SEI, several slices, trailing zeros',
    { format },
    (s) =>
      s
        .gop('h264.idr', P, 0, 6, 40)
        .drain()
        .video('h264.idr-aud-sei', 240)
        .video('h264.p-aud', 280)
        .video('h264.p-trailing-zeros', 320)
        .video('h264.idr-slices', 360)
        .video('h264.p1', 400)
        .drain()
        .flush()
        .drain(),
  ),
  scenario(`${prefix}-short-codes`, 'three-byte start codes only', { format }, (s) =>
    s
      .video('h264.short.idr', 0)
      .video('h264.short.p', 40)
      .video('h264.short.p', 80)
      .video('h264.short.idr', 120)
      .flush()
      .drain(),
  ),
  scenario(`${prefix}-high`, 'High profile', { format }, (s) =>
    s.gop('h264.high.idr', ['h264.high.p'], 0, 4, 33).flush().drain(),
  ),
  scenario(`${prefix}-h264-aac`, 'video with ADTS AAC', { format, ...aac }, (s) =>
    interleave(s, 30, 10, ['aac.mono1', 'aac.mono2']),
  ),
  scenario(
    `${prefix}-aac-together`,
    'three ADTS frames in one push; rate and channels come from the header',
    { format, audioInput: abi.AUDIO_AAC },
    (s) => {
      for (let i = 0; i < 20; i++) {
        s.video(i % 10 === 0 ? 'h264.idr' : 'h264.p1', i * 40)
        if (i % 5 === 0) s.audio('aac.three', 1 + i * 40)
      }
      return s.flush().drain()
    },
  ),
  scenario(
    `${prefix}-audio-late`,
    'audio starts after the header: the next IDR starts a slice that announces it',
    { format, ...aac },
    (s) => {
      for (let i = 0; i < 24; i++) {
        s.video(i % 8 === 0 ? 'h264.idr' : 'h264.p1', i * 40)
        if (i >= 10 && i % 2 === 0) s.audio('aac.mono1', 400 + ((i - 10) / 2) * AAC_FRAME_MS)
      }
      return s.flush().drain()
    },
  ),
  scenario(
    `${prefix}-slices`,
    'two pictures a second: slices end at the first IDR after ten seconds',
    { format },
    (s) => {
      for (let i = 0; i < 60; i++) {
        s.video(i % 6 === 0 ? 'h264.idr' : (P[i % 3] as string), i * 500)
        if (i % 4 === 3) s.drain()
      }
      return s.flush().drain()
    },
  ),
  scenario(
    `${prefix}-no-idr`,
    'no IDR for the longest slice time: the slice ends, then P pictures are refused',
    { format, sliceMinMs: 1000, sliceMaxMs: 2000 },
    (s) => {
      s.gop('h264.idr', P, 0, 4, 500)
      s.video('h264.p1', 2000, { status: 'PICTURE_NEED_IDR' })
      return s.gop('h264.idr', P, 3000, 3, 500).flush().drain()
    },
  ),
  scenario(
    `${prefix}-h265`,
    'H.265: IDR, trailing pictures, CRA in the middle of the stream',
    { format, videoCodec: abi.VIDEO_H265 },
    (s) =>
      s
        .gop('h265.idr', ['h265.p1', 'h265.p2'], 0, 6, 40)
        .video('h265.cra', 240)
        .video('h265.p1', 280)
        .video('h265.idr-aud', 320)
        .video('h265.p2', 360)
        .flush()
        .drain(),
  ),
  scenario(
    `${prefix}-close-fragment`,
    'a second of silence: what waits becomes visible; recording goes on',
    { format, ...aac },
    (s) =>
      s
        .video('h264.idr', 0)
        .audio('aac.mono1', 0)
        .video('h264.p1', 40)
        .audio('aac.mono2', 64)
        .closeFragment()
        .drain()
        .video('h264.p2', 1500)
        .audio('aac.mono1', 1500)
        .flush()
        .drain(),
  ),
  scenario(`${prefix}-wrap33`, 'PTS crosses 2^33 ticks of 90 kHz', { format, ...aac }, (s) => {
    const start = 95_443_600 // 2^33 / 90 = 95443717.7
    for (let i = 0; i < 8; i++) {
      s.video(i % 4 === 0 ? 'h264.idr' : 'h264.p1', start + i * 40)
      s.audio('aac.mono1', start + 1 + i * AAC_FRAME_MS)
    }
    return s.flush().drain()
  }),
  scenario(
    `${prefix}-reasons`,
    'slices that end at pause, clock and format changes',
    { format },
    (s) =>
      s
        .gop('h264.idr', P, 0, 3, 40)
        .flush(abi.CLOSED_PAUSE)
        .video('h264.p1', 5000, { status: 'PICTURE_NEED_IDR' })
        .gop('h264.idr', P, 5040, 3, 40, 'NOTICE_DISCONTINUITY')
        .flush(abi.CLOSED_CLOCK)
        .gop('h264.idr', P, 5160, 2, 40, 'NOTICE_DISCONTINUITY')
        .flush(abi.CLOSED_FORMAT)
        .drain()
        .gop('h264.idr-aud-sei', P, 5300, 2, 40, 'NOTICE_DISCONTINUITY')
        .flush()
        .flush()
        .drain(),
  ),
  scenario(
    `${prefix}-audio-only`,
    'a channel without video',
    { format, videoCodec: abi.VIDEO_NONE, ...aac, sliceMinMs: 500, sliceMaxMs: 1000 },
    (s) => {
      for (let i = 0; i < 20; i++) s.audio(i % 2 ? 'aac.mono1' : 'aac.mono2', i * AAC_FRAME_MS)
      return s.video('h264.idr', 0, { status: 'PICTURE_NOT_CONFIGURED' }).flush().drain()
    },
  ),
]

export const streamScenarios: Scenario[] = containers.flatMap(inContainer)
