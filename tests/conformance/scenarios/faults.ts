/** What cameras and applications get wrong: a status each, and recording goes on at the next IDR. */
import * as abi from '../../../core-wasm/abi.gen.ts'
import { type Scenario, scenario } from '../scenario.ts'

const aac = { audioInput: abi.AUDIO_AAC, sampleRate: 16000, channels: 1 }

const video: Scenario[] = [
  scenario('fault-p-first', 'a P picture before any IDR', {}, (s) =>
    s
      .video('h264.p1', 0, { status: 'PICTURE_NEED_IDR' })
      .video('h264.sets', 0, { status: 'PICTURE_NONE' })
      .video('h264.p2', 40, { status: 'PICTURE_NEED_IDR' })
      .gop('h264.idr', ['h264.p1'], 80, 3, 40)
      .flush()
      .drain(),
  ),
  scenario('fault-input', 'empty, garbage, a bare start code, parameter sets alone', {}, (s) =>
    s
      .video('empty', 0, { status: 'PICTURE_EMPTY' })
      .video('garbage', 0, { status: 'PICTURE_NO_START_CODE' })
      .video('start-code-only', 0, { status: 'PICTURE_NONE' })
      .video('h264.sets', 0, { status: 'PICTURE_NONE' })
      .gop('h264.idr', ['h264.p1'], 0, 2, 40)
      .video('garbage', 80, { status: 'PICTURE_NO_START_CODE' })
      .video('h264.p1', 120, { status: 'PICTURE_NEED_IDR' })
      .gop('h264.idr', ['h264.p1'], 160, 2, 40)
      .flush()
      .drain(),
  ),
  scenario('fault-several', 'two pictures in one push', {}, (s) =>
    s
      .video('h264.idr', 0)
      .video('h264.two', 40, { status: 'PICTURE_SEVERAL' })
      .video('h264.p1', 80, { status: 'PICTURE_NEED_IDR' })
      .gop('h264.idr', ['h264.p1'], 120, 2, 40)
      .flush()
      .drain(),
  ),
  scenario('fault-b-slice', 'B pictures', {}, (s) =>
    s
      .video('h264.idr', 0)
      .video('h264.b', 40, { status: 'PICTURE_B_SLICE' })
      .gop('h264.idr', ['h264.p1'], 80, 2, 40)
      .flush()
      .drain(),
  ),
  scenario('fault-b-slice-h265', 'B pictures of H.265', { videoCodec: abi.VIDEO_H265 }, (s) =>
    s
      .video('h265.idr', 0)
      .video('h265.b', 40, { status: 'PICTURE_B_SLICE' })
      .gop('h265.idr', ['h265.p1'], 80, 2, 40)
      .flush()
      .drain(),
  ),
  scenario(
    'fault-rasl',
    'recording starts at a CRA: its RASL picture is dropped',
    { videoCodec: abi.VIDEO_H265 },
    (s) =>
      s
        .video('h265.cra', 0)
        .video('h265.rasl', 40, { status: 'NOTICE_RASL_DROPPED' })
        .video('h265.p1', 80)
        .video('h265.p2', 120)
        .flush()
        .drain(),
  ),
  scenario(
    'fault-sets',
    'IDR without parameter sets: refused, then given the cached ones',
    {},
    (s) =>
      s
        .video('h264.idr-no-sets', 0, { status: 'PICTURE_NO_PARAMETER_SETS' })
        .gop('h264.idr', ['h264.p1'], 40, 2, 40)
        .video('h264.idr-no-sets', 120)
        .video('h264.p1', 160)
        .flush()
        .drain(),
  ),
  scenario('fault-format', 'another picture size in the middle of the stream', {}, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 0, 2, 40)
      .video('h264.other.idr', 80, { status: 'PICTURE_FORMAT_CHANGED' })
      .video('h264.idr', 120)
      .flush()
      .drain(),
  ),
  scenario(
    'fault-frame-type',
    'eFrameType contradicts the NAL units: counted, not obeyed',
    {},
    (s) =>
      s
        .video('h264.idr', 0, { type: abi.FRAME_P })
        .video('h264.p1', 40, { type: abi.FRAME_I })
        .video('h264.p2', 80)
        .flush()
        .drain(),
  ),
  scenario('fault-too-large', 'a picture larger than the ring', { ringBytes: 8192 }, (s) =>
    s
      .video('h264.large.idr', 0, { status: 'RING_TOO_SMALL' })
      .gop('h264.idr', ['h264.p1'], 40, 2, 40)
      .flush()
      .drain(),
  ),
]

const time: Scenario[] = [
  scenario('time-step-back', 'PTS steps back: P refused, an IDR starts a new slice', {}, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 1000, 3, 40)
      .video('h264.p2', 500, { status: 'TIME_STEP_BACK' })
      .video('h264.p1', 540, { status: 'PICTURE_NEED_IDR' })
      .video('h264.idr', 580, { status: 'NOTICE_DISCONTINUITY' })
      .video('h264.p1', 620)
      .video('h264.idr', 100, { status: 'NOTICE_DISCONTINUITY' })
      .video('h264.p1', 140)
      .flush()
      .drain(),
  ),
  scenario('time-jump', 'PTS jumps an hour', {}, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 0, 3, 40)
      .video('h264.p1', 3_600_000, { status: 'TIME_JUMP' })
      .video('h264.idr', 3_600_040, { status: 'NOTICE_DISCONTINUITY' })
      .video('h264.p1', 3_600_080)
      .flush()
      .drain(),
  ),
  scenario('time-range', 'negative PTS', {}, (s) =>
    s
      .video('h264.idr', -1, { status: 'TIME_RANGE' })
      .video('h264.idr', 9_007_199_254_740_992, { status: 'TIME_RANGE' })
      .gop('h264.idr', ['h264.p1'], 0, 2, 40)
      .flush()
      .drain(),
  ),
  scenario('time-av-distance', 'audio on another epoch than video', aac, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 1_000_000, 2, 40)
      .audio('aac.mono1', 0, 'TIME_AV_DISTANCE')
      .audio('aac.mono1', 1_000_080)
      .video('h264.p1', 1_000_080)
      .flush()
      .drain(),
  ),
]

const audio: Scenario[] = [
  scenario('fault-audio', 'ADTS frames that are none, or not as announced', aac, (s) =>
    s
      .video('h264.idr', 0)
      .audio('empty', 0, 'AUDIO_EMPTY')
      .audio('garbage', 0, 'AUDIO_SYNC')
      .audio('aac.main-profile', 0, 'AUDIO_PROFILE')
      .audio('aac.stereo', 0, 'AUDIO_RATE')
      .audio('aac.cut', 0, 'AUDIO_LENGTH')
      .audio('aac.mono1', 64)
      .audio('aac.mono2', 32, 'AUDIO_STEP_BACK')
      .audio('aac.mono2', 128)
      .video('h264.p1', 40)
      .flush()
      .drain(),
  ),
  scenario('fault-audio-none', 'audio pushed to a channel without', {}, (s) =>
    s.video('h264.idr', 0).audio('aac.mono1', 0, 'AUDIO_NOT_CONFIGURED').flush().drain(),
  ),
  scenario(
    'fault-pcm-length',
    'PCM that is not 1024 samples',
    { audioInput: abi.AUDIO_PCM, sampleRate: 16000, channels: 1 },
    (s) =>
      s
        .video('h264.idr', 0)
        .audio('pcm.short', 0, 'AUDIO_LENGTH')
        .audio('pcm.mono0', 0)
        .video('h264.p1', 40)
        .flush()
        .drain(),
  ),
]

const mutated: Scenario[] = [
  scenario('mutated-ts', 'damaged H.264 access units', {}, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 0, 2, 40)
      .mutate({
        pieces: ['h264.idr', 'h264.p1', 'h264.p3', 'h264.idr-aud-sei'],
        seed: 0x1234567,
        count: 400,
        pts: 80,
      })
      .flush()
      .drain(),
  ),
  scenario('mutated-fmp4', 'damaged H.264 access units', { format: abi.FORMAT_FMP4 }, (s) =>
    s
      .gop('h264.idr', ['h264.p1'], 0, 2, 40)
      .mutate({
        pieces: ['h264.idr-slices', 'h264.p2', 'h264.short.idr', 'h264.p-aud'],
        seed: 0x7654321,
        count: 400,
        pts: 80,
      })
      .flush()
      .drain(),
  ),
  scenario('mutated-h265', 'damaged H.265 access units', { videoCodec: abi.VIDEO_H265 }, (s) =>
    s
      .video('h265.idr', 0)
      .mutate({
        pieces: ['h265.idr', 'h265.p1', 'h265.cra', 'h265.rasl'],
        seed: 0x2468ace,
        count: 400,
        pts: 40,
      })
      .flush()
      .drain(),
  ),
]

export const faultScenarios: Scenario[] = [...video, ...time, ...audio, ...mutated]
