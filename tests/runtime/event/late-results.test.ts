import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iv_cs_event_report_opt_e } from '../../../runtime/types.ts'
import { EventBench, settle } from '../../support/event-bench.ts'
import { looped } from '../../support/frames.ts'
import { SimWorld } from '../../support/sim-world.ts'

const CLIP_MS = 20_480

/** An event that had its result before any of its video arrived. */
const failedBench = async (
  options: ConstructorParameters<typeof EventBench>[0] = {},
): Promise<EventBench> => {
  const bench = new EventBench(options)
  bench.events.start(1, 'et=1;')
  await settle()
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await bench.clock.advance(20_000)
  assert.deepEqual(
    bench.results.map(({ result_code }) => result_code),
    [0],
  )
  return bench
}

const tick = async (bench: EventBench): Promise<string[]> => {
  bench.events.tick()
  await settle()
  return bench.told.filter((call) => call.startsWith('late'))
}

test('told once, when its video has left the ring and does not wait in the spool', async () => {
  const bench = await failedBench()
  assert.deepEqual(await tick(bench), [])
  bench.recording.isHeld = true
  bench.recording.tail = bench.recording.head
  assert.deepEqual(await tick(bench), [])
  bench.recording.isHeld = false
  assert.deepEqual(await tick(bench), ['late 1 1'])
  assert.deepEqual(await tick(bench), ['late 1 1'])
  assert.equal(bench.results.length, 1)
})

test('not while the cloud does not know of the event', async () => {
  const bench = new EventBench()
  bench.stopCode = undefined
  bench.events.start(1, 'et=1;')
  await settle()
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await bench.clock.advance(20_000)
  bench.recording.tail = bench.recording.head
  assert.deepEqual(await tick(bench), [])
})

const NOT_TOLD: [string, (bench: EventBench) => void][] = [
  ['what was recorded was destroyed', (bench) => bench.events.discard()],
  ['the module was left', (bench) => bench.events.close()],
]
for (const [why, happens] of NOT_TOLD)
  test(`not told: ${why}`, async () => {
    const bench = await failedBench()
    happens(bench)
    bench.recording.tail = bench.recording.head
    assert.deepEqual(await tick(bench), [])
  })

test('not told: it is the picture that the rule asks for', async () => {
  const bench = await failedBench({ rule: iv_cs_event_report_opt_e.CS_EVENT_PIC_REQ })
  bench.recording.tail = bench.recording.head
  assert.deepEqual(await tick(bench), [])
})

test('not told: one that was a success', async () => {
  const bench = new EventBench()
  bench.events.start(1, 'et=1;')
  await settle()
  await bench.live(2000)
  bench.events.stop(1, 'et=1;')
  await bench.acknowledge()
  bench.recording.tail = bench.recording.head
  assert.deepEqual(await tick(bench), [])
})

const world = new SimWorld('late-results')

/** What the app hears of an event that was recorded while the line was dead. */
const recordEvent = async (maxBytes: number): Promise<string[]> => {
  const told: string[] = []
  const device = await world.open({
    channel: { u32MaxGopSize: 256 * 1024 },
    extra: { spool: { maxBytes, writeBytes: 65536 }, drop_policy: 'oldest' },
    callbacks: {
      onEventReportResult: (_, info) => void told.push(`result ${info.result_code}`),
      onEventLateResult: (_, info) => void told.push(`late ${info.result_code}`),
    },
  })
  world.cloud.network = 'down'
  const frames = looped(world.frames, 3, CLIP_MS)
  await world.push(device, frames.slice(0, 300))
  device.storage.startCsEvent(0, 1, '')
  await world.push(device, frames.slice(300, 500))
  device.storage.stopCsEvent(0, 1, '')
  await world.push(device, frames.slice(500))
  await world.clock.advance(20_000)
  assert.deepEqual(told, ['result 0'])
  world.cloud.network = 'up'
  device.online()
  await world.clock.advance(120_000)
  assert.equal(device.storage.spoolStatus()!.slices, 0)
  await device.close()
  return told
}

test('an event whose video went through the spool is told of when the line is back', async () => {
  assert.deepEqual(await recordEvent(64 * 1024 * 1024), ['result 0', 'late 1'])
})

test('one whose video was dropped by the spool is not', async () => {
  assert.deepEqual(await recordEvent(1024 * 1024), ['result 0'])
})
