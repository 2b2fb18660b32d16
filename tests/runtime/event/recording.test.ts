import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { UnitRecord } from '../../../core-wasm/index.ts'
import { Channel } from '../../../runtime/channel/channel.ts'
import { type ChannelCore, openCore } from '../../../runtime/channel/core-store.ts'
import { positionFrom, positionTo } from '../../../runtime/event/positions.ts'
import { iv_err_code_e } from '../../../runtime/status.ts'
import { iv_cm_stream_type_e, iv_cs_format_e } from '../../../runtime/types.ts'
import { memoryLog } from '../../support/event-bench.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf, packOf } from '../../support/frames.ts'
import { channelParams } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const SOUND = fileURLToPath(new URL('../../../tools/demo/clip.aac', import.meta.url))
/** 25 pictures a second, an IDR every two. */
const FRAMES = await framesOf(CLIP, 'h264')
const { IV_ERR_NONE, IV_ERR_CS_APPLY_NO_SERVICE, IV_ERR_CS_NEED_IDR_FRAME } = iv_err_code_e

/** A channel on a real core whose uplink never takes anything. */
const openChannel = async (format = iv_cs_format_e.IV_CS_FORMAT_TS) => {
  const clock = new FakeClock()
  const told: string[] = []
  const options = channelParams({ u32MaxGopSize: 4 * 1024 * 1024, cs_fmt: format })
  const core = (await openCore(options as never)) as ChannelCore
  const channel = new Channel(options as never, {
    clock,
    log: memoryLog(),
    core,
    callbacks: {
      onStartPushStream: () => void told.push('start'),
      onStopPushStream: () => void told.push('stop'),
    },
  })
  const push = (frame: Frame): iv_err_code_e =>
    channel.push(iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, packOf(frame))
  const units = (): UnitRecord[] => {
    const list: UnitRecord[] = []
    for (let number = core.firstUnit; number < core.nextUnit; number++) {
      const unit = new UnitRecord()
      if (core.readUnit(number, unit)) list.push(unit)
    }
    return list
  }
  return { clock, told, core, channel, push, units }
}

const secondsOf = (from: number, to: number): Frame[] =>
  FRAMES.filter(({ ptsMs }) => ptsMs >= from * 1000 && ptsMs < to * 1000)

test('the first picture stands for the stream’s start, whenever it arrives', async () => {
  const { clock, channel, push, units } = await openChannel()
  const startMs = clock.nowMs() - 15_000
  channel.demand(true, startMs)
  await clock.advance(3000)
  for (const frame of secondsOf(0, 10)) assert.equal(push(frame), IV_ERR_NONE)
  assert.deepEqual(
    units().map(({ utcMs }) => utcMs - startMs),
    [0, 2000, 4000, 6000, 8000],
  )
})

test('sound that comes before the first picture does not set the clock', async () => {
  const { clock, channel, units, push } = await openChannel()
  const startMs = clock.nowMs() - 15_000
  channel.demand(true, startMs)
  const sound = (await framesOf(CLIP, 'h264', { audioPath: SOUND })).find(
    ({ kind }) => kind === 'audio',
  )!
  const pack = { pu8Addr: sound.data, u64PTS: sound.ptsMs, u32Seq: 0 }
  const taken = channel.push(iv_cm_stream_type_e.IV_CM_STREAM_TYPE_AUDIO, pack as never)
  assert.equal(taken, IV_ERR_NONE)
  push(FRAMES[0]!)
  assert.equal(units()[0]?.utcMs, startMs)
})

test('pictures before the first IDR are refused but keep their time', async () => {
  const { clock, channel, push, units } = await openChannel()
  const startMs = clock.nowMs() - 15_000
  channel.demand(true, startMs)
  for (const frame of secondsOf(1, 3))
    assert.equal(push(frame), frame.ptsMs < 2000 ? IV_ERR_CS_NEED_IDR_FRAME : IV_ERR_NONE)
  assert.equal(units()[0]?.utcMs, startMs + 1000)
})

test('a live recording begins with the first picture that is accepted', async () => {
  const { clock, channel, push, units } = await openChannel()
  channel.demand(true)
  push(secondsOf(1, 3)[0]!)
  await clock.advance(1000)
  push(secondsOf(2, 3)[0]!)
  assert.equal(units()[0]?.utcMs, clock.nowMs())
})

test('kept video that overlaps the recording before: skipped up to the next IDR, counted, no gap in time', async () => {
  const { clock, told, channel, push, units } = await openChannel()
  channel.demand(true)
  const liveMs = clock.nowMs()
  for (const frame of secondsOf(0, 5)) {
    push(frame)
    await clock.advance(40)
  }
  channel.demand(false)
  // 10 s later the app gives what it kept from 4 s after the beginning on
  await clock.advance(10_000)
  channel.demand(true, liveMs + 4000)
  for (const frame of secondsOf(4, 10)) assert.equal(push(frame), IV_ERR_NONE)
  assert.deepEqual(told, ['start', 'stop', 'start'])
  assert.deepEqual(
    units().map(({ utcMs }) => utcMs - liveMs),
    [0, 2000, 4000, 6000, 8000],
  )
  assert.equal(channel.window.skipped, 50)
})

test('full time and events together: one start, one stop, whatever ends first', async () => {
  const { told, channel } = await openChannel()
  channel.demand(true)
  channel.plan(true)
  channel.demand(false)
  assert.deepEqual(told, ['start'])
  channel.demand(true)
  channel.plan(false)
  assert.deepEqual(told, ['start'])
  channel.demand(false)
  assert.deepEqual(told, ['start', 'stop'])
})

test('without a demand pushes are refused', async () => {
  const { channel, push } = await openChannel()
  assert.equal(push(FRAMES[0]!), IV_ERR_CS_APPLY_NO_SERVICE)
  channel.demand(true)
  channel.window.cutoff(0)
  assert.equal(push(FRAMES[0]!), IV_ERR_CS_APPLY_NO_SERVICE)
})

for (const format of [iv_cs_format_e.IV_CS_FORMAT_TS, iv_cs_format_e.IV_CS_FORMAT_FMP4])
  test(`positions in ${iv_cs_format_e[format]}: what is open is closed, so that an end can be acknowledged`, async () => {
    const { clock, core, channel, push, units } = await openChannel(format)
    const startMs = clock.nowMs() - 15_000
    channel.demand(true, startMs)
    assert.deepEqual(positionFrom(core, channel.window, startMs), { position: 0, released: false })
    for (const frame of secondsOf(0, 5)) push(frame)
    const end = positionTo(core, clock.nowMs())
    assert.equal(end, core.head)
    const closed = units()
    assert.ok(closed.every((unit) => unit.end <= end))
    const middle = closed.find(({ utcMs }) => utcMs > startMs + 3000)!
    assert.equal(positionTo(core, startMs + 3000), middle.start)
    const from = positionFrom(core, channel.window, startMs + 3000)
    assert.ok(from.position <= middle.start && !from.released)
    // the cloud has the first four seconds
    const acknowledged = closed.find(({ utcMs }) => utcMs >= startMs + 4000)!.start
    core.release(acknowledged)
    assert.deepEqual(positionFrom(core, channel.window, startMs + 3000), {
      position: acknowledged,
      released: true,
    })
    core.release(core.head)
    assert.deepEqual(positionFrom(core, channel.window, startMs + 3000), {
      position: core.head,
      released: true,
    })
  })
