import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as abi from '../../core-wasm/abi.gen.ts'
import {
  type Core,
  FORMAT_FMP4,
  FORMAT_TS,
  SliceRecord,
  statusName,
  VIDEO_NONE,
} from '../../core-wasm/index.ts'
import { adts } from '../fuzz/seeds.ts'
import { idr, openCore, p, push, pushMany, UTC } from './synthetic.ts'

const slices = (core: Core): SliceRecord[] =>
  [...Array(core.nextSlice).keys()].map((n) => core.slice(n, new SliceRecord())!)
const sound = (core: Core, ptsMs: number, frame = adts(100)) =>
  statusName(core.copyAudio(frame, ptsMs, UTC + ptsMs, 0))
const BOTH = abi.TRACK_VIDEO | abi.TRACK_AUDIO

const formats: [name: string, format: number][] = [
  ['TS', FORMAT_TS],
  ['fMP4', FORMAT_FMP4],
]
for (const [name, format] of formats) {
  const open = (more = {}) => openCore({ format, audioInput: abi.AUDIO_AAC, ...more })

  test(`${name}: audio within 200 ms of the first picture is announced in the first slice`, async () => {
    const core = await open()
    push(core, idr(), 0, true)
    if (format === FORMAT_TS) assert.equal(core.head, 0, 'the header waits')
    assert.equal(sound(core, 0), 'OK')
    if (format === FORMAT_TS) assert.ok(core.head > 0, 'and is shown as soon as audio is there')
    pushMany(core, 40, 25, 1)
    assert.equal(slices(core)[0]!.tracks, BOTH)
    assert.equal(core.audioRate, 16_000)
  })

  test(`${name}: audio pushed before the first picture waits; what is older than it is dropped and counted`, async () => {
    const core = await open()
    for (const pts of [0, 64, 128, 192]) assert.equal(sound(core, pts), 'NOTICE_AUDIO_WAITS')
    push(core, idr(), 128, true)
    assert.equal(core.counters().audioEarly, 2)
    assert.equal(sound(core, 256), 'OK')
    core.flush(abi.CLOSED_STOP)
    assert.equal(slices(core)[0]!.audioFrames, 3)
    assert.equal(slices(core)[0]!.tracks, BOTH)
  })

  test(`${name}: audio older than the first picture that comes behind it is dropped and counted`, async () => {
    const core = await open()
    push(core, idr(), 1000, true)
    assert.equal(sound(core, 936), 'NOTICE_AUDIO_EARLY')
    assert.equal(sound(core, 1000), 'OK')
    assert.equal(core.counters().audioEarly, 1)
  })

  test(`${name}: without audio the header does not wait longer than it may`, async () => {
    const core = await open()
    pushMany(core, 0, format === FORMAT_TS ? 6 : 14)
    assert.ok(core.head > 0)
    assert.equal(slices(core)[0]!.tracks, abi.TRACK_VIDEO)
  })

  test(`${name}: audio that starts later ends the slice at the next IDR and is announced from there`, async () => {
    const core = await open()
    pushMany(core, 0, 20, 20) // the header is out
    assert.equal(sound(core, 790), 'OK')
    assert.equal(push(core, p(), 800), 'OK')
    assert.equal(push(core, idr(), 840, true), 'OK')
    sound(core, 854)
    core.flush(abi.CLOSED_STOP)
    assert.deepEqual(
      slices(core).map((slice) => [slice.tracks, slice.closed, slice.audioFrames]),
      [
        [abi.TRACK_VIDEO, abi.CLOSED_AUDIO, 0],
        [BOTH, abi.CLOSED_STOP, 1],
      ],
    )
  })

  test(`${name}: later slices announce what the one before did`, async () => {
    const core = await open({ sliceMinMs: 400 })
    push(core, idr(), 0, true)
    sound(core, 0)
    pushMany(core, 40, 30, 10)
    core.flush(abi.CLOSED_STOP)
    assert.ok(core.nextSlice >= 3)
    assert.ok(slices(core).every((slice) => slice.tracks === BOTH))
  })

  test(`${name}: no audio is lost at a cut, late or not`, async () => {
    for (const late of [0, 150]) {
      const core = await open({ sliceMinMs: 1000 })
      let sounds = 0
      let dropped = 0
      for (let i = 0; i < 100; i++) {
        const key = i % 25 === 0
        push(core, key ? idr() : p(200, i % 16), i * 40, key)
        for (; sounds * 64 <= i * 40 - late; sounds++)
          if (sound(core, sounds * 64) !== 'OK') dropped++
      }
      core.flush(abi.CLOSED_STOP)
      assert.equal(dropped, 0)
      assert.equal(core.nextSlice, 4)
      assert.equal(
        slices(core).reduce((sum, slice) => sum + slice.audioFrames, 0),
        sounds,
      )
    }
  })

  test(`${name}: several ADTS frames in one push, damaged ones refused whole`, async () => {
    const core = await open()
    push(core, idr(), 0, true)
    assert.equal(sound(core, 0, Buffer.concat([adts(100), adts(50), adts(70)])), 'OK')
    const faults: [frame: Uint8Array, status: string][] = [
      [new Uint8Array(0), 'AUDIO_EMPTY'],
      [new Uint8Array(50), 'AUDIO_SYNC'],
      [Buffer.concat([adts(100), adts(50).subarray(0, 20)]), 'AUDIO_LENGTH'],
      [adts(100, 3), 'AUDIO_RATE'],
      [adts(100, 8, 2), 'AUDIO_CHANNELS'],
    ]
    for (const [frame, status] of faults) assert.equal(sound(core, 300, frame), status)
    assert.equal(sound(core, 128), 'AUDIO_STEP_BACK')
    assert.equal(sound(core, 192), 'OK')
    assert.equal(core.counters().refusedAudio, faults.length + 1)
  })

  test(`${name}: G.711 and PCM take exactly 1024 samples per channel`, async () => {
    const core = await openCore({
      format,
      audioInput: abi.AUDIO_PCM,
      sampleRate: 16_000,
      channels: 2,
    })
    push(core, idr(), 0, true)
    assert.equal(sound(core, 0, new Uint8Array(4096)), 'OK')
    assert.equal(sound(core, 64, new Uint8Array(4095)), 'AUDIO_LENGTH')
    assert.equal(sound(core, 64, new Uint8Array(2048)), 'AUDIO_LENGTH')
    assert.equal(
      sound(core, 64, new Uint8Array(4096)),
      'NOTICE_AUDIO_EARLY',
      'priming, older than the stream',
    )
    assert.equal(sound(core, 64, new Uint8Array(4096)), 'AUDIO_STEP_BACK')
    assert.equal(sound(core, 128, new Uint8Array(4096)), 'OK')
  })

  test(`${name}: sound alone makes slices of the slice time`, async () => {
    const core = await openCore({
      format,
      audioInput: abi.AUDIO_AAC,
      videoCodec: VIDEO_NONE,
      sliceMinMs: 2000,
    })
    for (let i = 0; i < 100; i++) assert.equal(sound(core, i * 64), 'OK')
    core.flush(abi.CLOSED_STOP)
    assert.deepEqual(
      slices(core).map((slice) => slice.ptsMsA),
      [0, 2048, 4096, 6144],
    )
    assert.equal(
      slices(core).reduce((sum, slice) => sum + slice.audioFrames, 0),
      100,
    )
    assert.ok(slices(core).every((slice) => slice.tracks === abi.TRACK_AUDIO))
  })
}
