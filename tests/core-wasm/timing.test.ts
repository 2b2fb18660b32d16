import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as abi from '../../core-wasm/abi.gen.ts'
import {
  AUDIO_AAC,
  FORMAT_FMP4,
  FORMAT_TS,
  SliceRecord,
  statusName,
} from '../../core-wasm/index.ts'
import { adts } from '../fuzz/seeds.ts'
import { idr, openCore, p, push, pushMany, UTC } from './synthetic.ts'

const formats: [name: string, format: number][] = [
  ['TS', FORMAT_TS],
  ['fMP4', FORMAT_FMP4],
]

for (const [name, format] of formats) {
  const faults: [fault: string, pts: number, status: string][] = [
    ['a step back', 900, 'TIME_STEP_BACK'],
    ['the same PTS again', 960, 'TIME_STEP_BACK'],
    ['a jump of more than 10 s', 11_000, 'TIME_JUMP'],
  ]
  for (const [fault, pts, status] of faults) {
    test(`${name}: ${fault} at a P frame is refused, the next IDR starts a marked slice`, async () => {
      const core = await openCore({ format })
      pushMany(core, 0, 25)
      assert.equal(push(core, p(), pts), status)
      assert.equal(core.slice(0, new SliceRecord())!.closed, abi.CLOSED_TIME)
      assert.equal(push(core, p(), pts + 40), 'PICTURE_NEED_IDR')
      assert.equal(push(core, idr(), pts + 80, true), 'NOTICE_DISCONTINUITY')
      assert.equal(push(core, p(), pts + 120), 'OK')
      assert.equal(core.slice(1, new SliceRecord())!.discontinuity, true)
    })

    test(`${name}: ${fault} at an IDR starts a marked slice at once`, async () => {
      const core = await openCore({ format })
      pushMany(core, 0, 25)
      assert.equal(push(core, idr(), pts, true), 'NOTICE_DISCONTINUITY')
      assert.equal(push(core, p(), pts + 40), 'OK')
      assert.equal(core.counters().discontinuities, 1)
    })
  }

  test(`${name}: variable frame rate, down to one picture in 9 s, is no fault`, async () => {
    const core = await openCore({ format, ringBytes: 1 << 20 })
    push(core, idr(), 0, true)
    let pts = 0
    for (const step of [33, 34, 33, 100, 200, 1000, 9000, 16, 17, 5000, 40]) {
      pts += step
      assert.equal(push(core, p(), pts), 'OK')
    }
  })
}

test('microseconds are suspected from the second step on, and stay refused', async () => {
  const core = await openCore()
  const status: string[] = []
  for (let i = 0; i < 8; i++)
    status.push(push(core, i % 4 === 0 ? idr() : p(), i * 40_000, i % 4 === 0))
  assert.deepEqual(status.slice(0, 3), ['OK', 'TIME_JUMP', 'TIME_MICROSECONDS'])
  assert.ok(status.slice(3).every((name) => name === 'TIME_MICROSECONDS'))
  assert.equal(push(core, idr(), 280_040, true), 'NOTICE_DISCONTINUITY', 'milliseconds again')
})

test('frame numbers are suspected after a dozen, and stay refused', async () => {
  const core = await openCore()
  const status = [...Array(30).keys()].map((i) =>
    push(core, i % 10 === 0 ? idr() : p(), i, i % 10 === 0),
  )
  assert.ok(status.slice(0, 12).every((name) => name === 'OK'))
  assert.ok(
    status.slice(12).every((name) => name === 'TIME_FRAME_NUMBERS'),
    status.join(),
  )
  assert.ok(core.counters().refusedTime > 0)
})

test('audio on another epoch is refused, video goes on', async () => {
  const core = await openCore({ audioInput: AUDIO_AAC })
  push(core, idr(), 1_000_000, true)
  assert.equal(statusName(core.copyAudio(adts(100), 5, UTC, 0)), 'TIME_AV_DISTANCE')
  assert.equal(statusName(core.copyAudio(adts(100), 2_000_000, UTC, 0)), 'TIME_AV_DISTANCE')
  assert.equal(push(core, p(), 1_000_040), 'OK')
  assert.equal(statusName(core.copyAudio(adts(100), 1_000_030, UTC, 0)), 'OK')
  assert.equal(core.counters().refusedTime, 2)
})

test('TS: PTS, DTS and PCR wrap at 2^33 and stay continuous', async () => {
  const wrapMs = 2 ** 33 / 90
  const start = Math.floor(wrapMs) - 2000
  const core = await openCore()
  pushMany(core, start, 100)
  const stream = Buffer.concat(core.span(0, core.head))
  const pts: number[] = []
  const pcr: number[] = []
  for (let at = 0; at < stream.length; at += 188) {
    if ((((stream[at + 1]! & 31) << 8) | stream[at + 2]!) !== 0x100) continue
    const field = (stream[at + 3]! & 0x20) !== 0 ? 1 + stream[at + 4]! : 0
    if (field > 1 && (stream[at + 5]! & 0x10) !== 0)
      pcr.push(stream.readUInt32BE(at + 6) * 2 + (stream[at + 10]! >> 7))
    if ((stream[at + 1]! & 0x40) === 0) continue
    const pes = at + 4 + field
    pts.push(
      ((stream[pes + 9]! >> 1) & 7) * 2 ** 30 +
        (stream.readUInt16BE(pes + 10) >> 1) * 2 ** 15 +
        (stream.readUInt16BE(pes + 12) >> 1),
    )
  }
  assert.equal(pts.length, 100)
  const steps = (times: number[]) =>
    new Set(times.slice(1).map((time, index) => (time - times[index]! + 2 ** 33) % 2 ** 33))
  assert.deepEqual([...steps(pts)], [3600])
  assert.deepEqual([...steps(pcr)], [3600])
  assert.ok(
    pts.some((time, index) => index > 0 && time < pts[index - 1]!) &&
      pcr.some((time, index) => index > 0 && time < pcr[index - 1]!),
  )
})

test('fMP4: tfdt is cumulative beyond 32 bits and goes on over a break', async () => {
  const core = await openCore({ format: FORMAT_FMP4, sliceMinMs: 10_000 })
  const times: bigint[] = []
  let read = 0
  const take = () => {
    const bytes = Buffer.concat(core.span(read, core.head - read))
    read = core.head
    core.release(read)
    for (let at = bytes.indexOf('tfdt'); at >= 0; at = bytes.indexOf('tfdt', at + 4))
      times.push(bytes.readBigUInt64BE(at + 8))
  }
  // a picture every 8 s: 2^32 ticks of 90 kHz are 13.3 h
  let pts = 5_000
  for (let i = 0; i < 6100; i++, pts += 8000) {
    assert.equal(push(core, idr(), pts, true), 'OK')
    take()
  }
  assert.equal(push(core, idr(), 100, true), 'NOTICE_DISCONTINUITY')
  push(core, p(), 140)
  core.flush(abi.CLOSED_STOP)
  take()
  assert.equal(times.length, 6101)
  assert.ok(times.at(-1)! > 2n ** 32n)
  times.forEach((time, index) => {
    if (index > 0) assert.equal(time - times[index - 1]!, 720_000n, `fragment ${index}`)
  })
})
