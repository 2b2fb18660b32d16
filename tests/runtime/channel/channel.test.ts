import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SliceRecord } from '../../../core-wasm/index.ts'
import { Channel, PAUSE_AFTER_MS } from '../../../runtime/channel/channel.ts'
import { type ChannelCore, openCore } from '../../../runtime/channel/core-store.ts'
import {
  type iv_cs_channel_params_s,
  iv_cs_notify_msg_type_e,
  iv_err_code_e,
} from '../../../runtime/index.ts'
import { checkInit } from '../../../runtime/options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { initParams, quiet } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const START_MS = Date.UTC(2026, 5, 1, 12)
const {
  IV_ERR_NONE: OK,
  IV_ERR_CS_NEED_IDR_FRAME: NEED_IDR,
  IV_ERR_CS_APPLY_NO_SERVICE: NO_SERVICE,
} = iv_err_code_e

/** A channel on a fake clock, whose slices stay in its ring. */
class Bench {
  readonly clock = new FakeClock(START_MS)
  readonly calls: string[] = []
  /** since when it says to record; undefined: no longer */
  readonly marks: (number | undefined)[] = []
  channel!: Channel
  core!: ChannelCore

  async open(given: Partial<iv_cs_channel_params_s> = {}): Promise<this> {
    const checked = checkInit(
      initParams(given, {
        onStartPushStream: () => void this.calls.push('start'),
        onStopPushStream: () => void this.calls.push('stop'),
        onNotify: (_, type) => void this.calls.push(iv_cs_notify_msg_type_e[type]!),
      }),
    )
    if (!('value' in checked)) throw new Error(checked.faults[0]!.message)
    const options = checked.value.channels[0]!
    const core = await openCore(options)
    if ('message' in core) throw new Error(core.message)
    this.core = core
    this.channel = new Channel(options, {
      clock: this.clock,
      log: quiet,
      core,
      callbacks: checked.value.callbacks,
      onRecording: (sinceMs) => void this.marks.push(sinceMs),
    })
    return this
  }

  push(frame: Frame, ptsMs = frame.ptsMs): number {
    return this.channel.push(1, {
      pu8Addr: frame.data,
      u64PTS: ptsMs,
      u32Seq: frame.seq,
      eFrameType: frame.key ? 0 : 1,
    })
  }

  /** Slices so far. */
  get slices(): SliceRecord[] {
    return Array.from({ length: this.core.nextSlice }, (_, number) => {
      const record = new SliceRecord()
      this.core.readSlice(number, record)
      return record
    })
  }

  /** Lets time pass with the module's tick once a second. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      await this.clock.advance(Math.min(1000, left))
      this.channel.tick()
    }
  }
}

describe('channel', () => {
  let bench: Bench
  let frames: Frame[]
  beforeEach(async () => {
    frames ??= await framesOf(CLIP, 'h264')
    bench = await new Bench().open()
  })

  test('the plan arms and disarms it, each told of once', () => {
    const { channel, calls } = bench
    assert.equal(bench.push(frames[0]!), NO_SERVICE)
    channel.plan(true)
    channel.plan(true)
    assert.equal(channel.state, 'armed')
    assert.equal(bench.push(frames[0]!), OK)
    assert.equal(channel.state, 'recording')
    channel.plan(false)
    channel.plan(false)
    assert.equal(bench.push(frames[1]!), NO_SERVICE)
    assert.deepEqual(calls, ['start', 'stop'])
    assert.notEqual(bench.slices[0]!.closed, 0, 'the slice ended with the plan')
  })

  test('a recording that has ended is one to tell of until its bytes have left the ring', async () => {
    const { channel, core, marks } = bench
    const release = (): void => core.release(core.head)
    channel.plan(true)
    assert.deepEqual(marks, [START_MS])
    for (const frame of frames.slice(0, 50)) bench.push(frame)
    // nothing more comes, or nothing more is taken: the line is away and the ring is full
    await bench.pass(PAUSE_AFTER_MS)
    assert.equal(channel.state, 'paused')
    await bench.pass(5000)
    assert.deepEqual(marks, [START_MS], 'a kill now would lose what waits')
    release()
    await bench.pass(1000)
    assert.deepEqual(marks, [START_MS, undefined])
    const againMs = bench.clock.nowMs()
    for (const frame of frames.slice(0, 50)) bench.push(frame, frame.ptsMs + 200_000)
    assert.deepEqual(marks.slice(2), [againMs])
    channel.plan(false)
    assert.deepEqual(marks.slice(2), [againMs])
    release()
    await bench.pass(1000)
    assert.deepEqual(marks.slice(2), [againMs, undefined])
    // nothing waits: at once
    channel.plan(true)
    channel.plan(false)
    assert.equal(marks.length, 6)
    assert.equal(marks.at(-1), undefined)
  })

  test('UTC follows PTS from the first picture, whenever frames arrive', async () => {
    bench.channel.plan(true)
    await bench.clock.advance(7000)
    bench.push(frames[1]!)
    for (const frame of frames.slice(0, 100)) bench.push(frame, frame.ptsMs + 500_000)
    await bench.clock.advance(60_000)
    const [slice] = bench.slices
    assert.equal(slice!.utcMsA, START_MS + 7000)
    assert.equal(slice!.utcMsB, START_MS + 7000 + 99 * 40)
  })

  test('timestamps that start anew take their UTC from the clock', async () => {
    bench.channel.plan(true)
    for (const frame of frames.slice(0, 50)) bench.push(frame, frame.ptsMs + 1_000_000)
    await bench.clock.advance(2000)
    // the encoder was restarted: its clock is back at 0
    for (const frame of frames.slice(50, 100)) bench.push(frame, frame.ptsMs - 2000)
    assert.deepEqual(
      bench.slices.map(({ utcMsA, discontinuity }) => [utcMsA - START_MS, discontinuity]),
      [
        [0, false],
        [2000, true],
      ],
    )
  })

  test(`${PAUSE_AFTER_MS / 1000} s without data pause it; the next IDR resumes`, async () => {
    bench.channel.plan(true)
    for (const frame of frames.slice(0, 25)) bench.push(frame)
    await bench.pass(PAUSE_AFTER_MS - 1000)
    assert.equal(bench.channel.state, 'recording')
    await bench.pass(1000)
    assert.equal(bench.channel.state, 'paused')
    assert.notEqual(bench.slices[0]!.closed, 0)
    assert.equal(bench.push(frames[25]!, 200_000), NEED_IDR)
    assert.equal(bench.channel.state, 'paused')
    assert.equal(bench.push(frames[50]!, 200_040), OK)
    assert.equal(bench.channel.state, 'recording')
    assert.equal(
      bench.slices[1]!.utcMsA,
      START_MS + PAUSE_AFTER_MS,
      'its UTC is that of its arrival',
    )
    assert.deepEqual(bench.calls, ['start'], 'the app is not called: it may pause as it likes')
  })

  for (const stepMs of [3_600_000, -3_600_000])
    test(`the wall clock steps by ${stepMs / 1000} s: a new slice at the next IDR, none is lost`, async () => {
      bench.channel.plan(true)
      for (const frame of frames.slice(0, 25)) bench.push(frame)
      bench.clock.step(stepMs)
      bench.channel.clockStepped()
      for (const frame of frames.slice(25, 100)) assert.equal(bench.push(frame), OK)
      const [before, after] = bench.slices
      assert.equal(before!.videoFrames + after!.videoFrames, 100)
      assert.equal(before!.utcMsB, START_MS + 49 * 40, 'until then the old time goes on')
      assert.equal(after!.utcMsA, START_MS + stepMs)
    })

  test('watermarks are told of on the way up, once, and again after they fell by a tenth', async () => {
    const marks = { low_mark: 30_000, warn_mark: 60_000, high_mark: 90_000, enable: 1 }
    await bench.open({ congestion_cfg: marks })
    const { channel, core, calls } = bench
    channel.plan(true)
    for (const frame of frames) if (core.head < 100_000) bench.push(frame)
    const all = ['LOW', 'WARN', 'HIGH'].map((name) => `IV_CS_AV_UPLOAD_WATERMARK_${name}`)
    assert.deepEqual(calls.slice(1), all)
    core.release(core.head - 85_000)
    channel.released()
    const pushed = core.head
    for (const frame of frames.slice(0, 2)) bench.push(frame, 1_000_000 + frame.ptsMs)
    assert.ok(core.head > pushed)
    assert.deepEqual(calls.slice(1), all, 'not fallen far enough: silence')
    core.release(core.head)
    channel.released()
    for (const frame of frames)
      if (core.head - core.tail < 40_000) bench.push(frame, 2_000_000 + frame.ptsMs)
    assert.deepEqual(calls.slice(4), all.slice(0, 1))
  })

  test('without enable no watermark is told of', async () => {
    const marks = { low_mark: 3000, warn_mark: 6000, high_mark: 9000, enable: 0 }
    await bench.open({ congestion_cfg: marks })
    bench.channel.plan(true)
    for (const frame of frames.slice(0, 50)) bench.push(frame)
    assert.deepEqual(bench.calls, ['start'])
  })

  test('a callback that throws is logged and harms nothing', () => {
    const { channel } = bench
    bench.calls.push = () => {
      throw new Error('the app is broken')
    }
    channel.plan(true)
    assert.equal(bench.push(frames[0]!), OK)
    channel.plan(false)
    assert.equal(channel.state, 'off')
  })

  test('drained resolves when half of the buffer is free, and when the channel is closed', async () => {
    await bench.open({ u32MaxGopSize: 64 * 1024 })
    const { channel, core } = bench
    channel.plan(true)
    for (const frame of frames) if (bench.push(frame) !== OK) break
    assert.ok(channel.room.free < 32 * 1024)
    let resolved = 0
    void channel.room.drained().then(() => resolved++)
    core.release(core.tail + 1000)
    channel.released()
    await bench.clock.advance(0)
    assert.equal(resolved, 0)
    core.release(core.head - 1000)
    channel.released()
    await bench.clock.advance(0)
    assert.equal(resolved, 1)
  })
})
