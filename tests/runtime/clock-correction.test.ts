/** A device whose clock is wrong, on a fake clock: what it tells the cloud, and what the cloud makes of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ClockEpoch, EventStop } from '../../runtime/mqtt/messages.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type Frame, framesOf, looped } from '../support/frames.ts'
import { SimCloud, SimDevice } from '../support/sim-device.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const CLIP_MS = 20_480
const TRUE_MS = Date.UTC(2026, 5, 1)
const HOUR = 3_600_000

let frames: Frame[]
let folder: string
before(async () => {
  frames = looped(await framesOf(CLIP, 'h264'), 7, CLIP_MS)
})
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-clock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = async (wallMs: number) => {
  const clock = new FakeClock(wallMs)
  const cloud = new SimCloud(clock)
  const device = await new SimDevice({ clock, cloud, storePath: folder }).open()
  return { clock, cloud, device }
}
const push = async (clock: FakeClock, device: SimDevice, given: readonly Frame[]) => {
  for (const [at, frame] of given.entries()) {
    assert.equal(device.push(frame), 0, device.storage.lastError(0).message)
    if (at % 5 === 4) await clock.advance(200)
  }
}
const epochsOf = (cloud: SimCloud): ClockEpoch[] =>
  cloud.messages.flatMap((message) => (message.method === 'clock_epoch' ? [message.params] : []))

/** Starts of slices as the cloud has them once it has corrected what it was told to. */
const correctedStarts = (cloud: SimCloud): number[] => {
  const shifts = epochsOf(cloud).at(-1)?.shifts ?? []
  return [...cloud.slices.values()].map(({ slice }) => {
    const number = Number(slice.id.slice(17))
    const shift = shifts.find(
      ({ kind, first, last }) => kind === 'slice' && number >= first && number <= last,
    )
    return slice.startUtcMs + (shift?.shiftMs ?? 0)
  })
}

for (const { name, wallMs } of [
  { name: 'boot in 1970, two minutes are recorded, NTP steps forward', wallMs: 5000 },
  { name: 'a clock that is an hour fast, NTP steps back', wallMs: TRUE_MS + HOUR },
])
  test(`${name}: every slice has its true time afterwards`, async () => {
    const { clock, cloud, device } = await open(wallMs)
    const stepMs = TRUE_MS - wallMs
    const startMs = clock.nowMs() + stepMs
    const two = frames.filter(({ ptsMs }) => ptsMs < 120_000)
    await push(clock, device, two)
    clock.step(stepMs)
    await push(clock, device, frames.slice(two.length))
    await device.close()
    const ids = [...cloud.slices.keys()]
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.length > 10)
    const starts = correctedStarts(cloud)
    const sorted = [...cloud.slices.values()]
    for (const [at, { slice }] of sorted.entries()) {
      const trueMs = startMs + slice.startPtsMs
      assert.ok(
        Math.abs(starts[at]! - trueMs) < 1500,
        `${slice.id}: ${starts[at]! - trueMs} ms off`,
      )
    }
    // the labels jumped, the recording did not: nothing is missing
    assert.deepEqual(device.storage.losses(0), [])
    assert.deepEqual(cloud.faults, [])
  })

test('set by hand after hours: what was recorded stays, the hole in the labels is in the ledger', async () => {
  const { clock, cloud, device } = await open(TRUE_MS)
  await clock.advance(1.1 * HOUR)
  await push(clock, device, frames.slice(0, 200))
  clock.step(HOUR)
  await clock.advance(1500)
  await push(clock, device, frames.slice(200, 500))
  const [loss] = device.storage.losses(0)
  assert.equal(loss?.cause, 'clock')
  assert.ok(Math.abs(loss.endMs - loss.startMs - HOUR) < 5000, `${loss.endMs - loss.startMs}`)
  await device.close()
  assert.deepEqual(epochsOf(cloud), [])
})

test('the correction survives a restart until the cloud has taken it', async () => {
  const { clock, cloud, device } = await open(5000)
  cloud.network = 'down'
  await push(clock, device, frames.slice(0, 200))
  clock.step(TRUE_MS)
  await clock.advance(1500)
  await push(clock, device, frames.slice(200, 400))
  assert.deepEqual(epochsOf(cloud), [])
  device.kill()
  cloud.network = 'up'
  const again = await new SimDevice({ clock, cloud, storePath: folder }).open()
  for (let at = 0; at < 30; at++) await clock.advance(1000)
  const [told] = epochsOf(cloud)
  assert.equal(told?.bootId, device.bootId)
  assert.equal(told.shifts[0]?.shiftMs, TRUE_MS)
  // told once it is known
  assert.equal(epochsOf(cloud).length, 1)
  await again.close()
})

/** An event begins, the clock is stepped, the event ends 60 s after it began. */
const STOPS: { name: string; stepMs: number; args: (startS: number, nowS: number) => number[] }[] =
  [
    { name: 'stop without times, stepped forward', stepMs: HOUR, args: () => [] },
    { name: 'stop without times, stepped back', stepMs: -HOUR, args: () => [] },
    {
      name: 'an absolute time of the new clock, forward',
      stepMs: HOUR,
      args: (_, now) => [now, now],
    },
    {
      name: 'an absolute time of the new clock, back',
      stepMs: -HOUR,
      args: (_, now) => [now, now],
    },
    {
      name: 'an absolute time of the clock of its start, forward',
      stepMs: HOUR,
      args: (start) => [start + 60, start + 60],
    },
    {
      name: 'an absolute time of the clock of its start, back',
      stepMs: -HOUR,
      args: (start) => [start + 60, start + 60],
    },
    { name: 'a relative time', stepMs: HOUR, args: () => [1, 1] },
  ]
for (const { name, stepMs, args } of STOPS)
  test(`the stop of an event is read by the clock of its start: ${name}`, async () => {
    const { clock, cloud, device } = await open(TRUE_MS)
    await clock.advance(1.1 * HOUR)
    const startMs = clock.nowMs()
    assert.equal(device.storage.startCsEvent(0, 5, 'et=5;'), 0)
    await push(clock, device, frames.slice(0, 750))
    clock.step(stepMs)
    await push(clock, device, frames.slice(750, 1500))
    const given = args(Math.floor(startMs / 1000), Math.floor(clock.nowMs() / 1000))
    const code =
      given.length === 0
        ? device.storage.stopCsEvent(0, 5, 'et=5;')
        : device.storage.stopCsEventExt(0, 5, 'et=5;', given[0]!, given[1]!)
    assert.equal(code, 0, device.storage.lastError(0).message)
    for (let at = 0; at < 15; at++) await clock.advance(1000)
    const stops = cloud.messages.flatMap((message): EventStop[] =>
      message.method === 'event_stop' ? [message.params] : [],
    )
    const stop = stops[0]!
    assert.ok(Math.abs(stop.startMs - startMs) < 1000)
    assert.ok(Math.abs(stop.endMs - startMs - 60_000) < 2500, `${stop.endMs - startMs} ms long`)
    await device.close()
  })
