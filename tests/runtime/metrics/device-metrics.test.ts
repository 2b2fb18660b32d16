import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Channel } from '../../../runtime/channel/channel.ts'
import { openCore } from '../../../runtime/channel/core-store.ts'
import { Latency } from '../../../runtime/channel/latency.ts'
import { checkInit } from '../../../runtime/options.ts'
import { FailureCounts } from '../../../runtime/upload/failure.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { type ReadFamily, readOpenMetrics } from '../../support/openmetrics.ts'
import { initParams, quiet, TestCamera } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }

/** A reader that others wrote: python's prometheus_client. The system's python has the package of the distribution. */
const python = ['/usr/bin/python3', 'python3'].find(
  (path) => spawnSync(path, ['-c', 'import prometheus_client']).status === 0,
)
const skip =
  python === undefined && process.env.CI !== 'true'
    ? 'prometheus_client is not installed (apt-get install python3-prometheus-client)'
    : false
const PYTHON_READER = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.read()))
print(len(families), sum(len(family.samples) for family in families))
`

const sampleOf = (
  families: readonly ReadFamily[],
  name: string,
  labels: Record<string, string> = {},
): number => {
  const found = families
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) =>
        sample.name === name &&
        Object.entries(labels).every(([key, text]) => sample.labels.get(key) === text),
    )
  assert.equal(found.length, 1, `${found.length} samples of ${name} ${JSON.stringify(labels)}`)
  return found[0]!.value
}

describe('metrics of a device', { timeout: 110_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  let text: string
  let muxed: Buffer
  let camera: TestCamera
  before(async () => {
    cloud = await new FakeCloud().start()
    const all = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    frames = all.filter(({ ptsMs }) => ptsMs < 12_280)
    muxed = await muxedTs(frames)
    let appends = 0
    cloud.fault = ({ method }) => {
      if (method !== 'PATCH') return undefined
      appends++
      if (appends === 1) return { kind: 'cut' }
      if (appends === 2) return { kind: 'answer', status: 401 }
      return appends === 3 ? { kind: 'answer', status: 500 } : undefined
    }
    camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    // a P frame before the first IDR is refused
    camera.push(frames.find(({ kind, key }) => kind === 'video' && !key)!)
    await camera.record(frames)
    camera.system.plans!.set(0, { ...camera.system.plans!.get(0)!, cs_switch: 0 })
    for (let turn = 0; turn < 6000 && camera.storage.stats(0)!.bufferedBytes > 0; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    text = camera.storage.openMetrics()
  })
  after(async () => {
    await camera.close()
    await cloud.stop()
  })

  test('the text is OpenMetrics, and says what happened', () => {
    const families = readOpenMetrics(text)
    const channel = '0'
    const is = (name: string, value: number, labels: Record<string, string> = { channel }) =>
      assert.equal(sampleOf(families, name, labels), value, name)
    const count = (kind: string) => frames.filter((frame) => frame.kind === kind).length
    is('skyrill_frames_total', count('video'), { channel, kind: 'video' })
    is('skyrill_frames_total', count('audio'), { channel, kind: 'audio' })
    is('skyrill_frames_refused_total', 1)
    is(
      'skyrill_pushed_bytes_total',
      frames.reduce((bytes, { data }) => bytes + data.length, 0),
    )
    is('skyrill_muxed_bytes_total', muxed.length)
    is('skyrill_acknowledged_bytes_total', muxed.length)
    is('skyrill_buffered_bytes', 0)
    is('skyrill_ring_bytes', camera.storage.stats(0)!.capacityBytes)
    is('skyrill_slices_total', 2, { channel, result: 'ok' })
    is('skyrill_slices_total', 0, { channel, result: 'failed' })
    is('skyrill_upload_failures_total', 1, { channel, cause: 'reset', class: 'retry' })
    is('skyrill_upload_failures_total', 1, { channel, cause: 'token', class: 'credentials' })
    is('skyrill_upload_failures_total', 1, { channel, cause: 'wrong', class: 'retry' })
    is('skyrill_credential_fetches_total', cloud.tokens)
    is('skyrill_acknowledge_seconds_count', frames.length)
    is('skyrill_lag_seconds', 0)
    is('skyrill_unacknowledged_seconds', 0)
    is('skyrill_online', 1, {})
    is('skyrill_broker_connections_total', 1, {})
    is('skyrill_clock_steps_total', 0, {})
    is('skyrill_lane_failures_total', 3, { lane: 'live' })
    assert.ok(sampleOf(families, 'skyrill_lane_sent_bytes_total', { lane: 'live' }) >= muxed.length)
    assert.ok(sampleOf(families, 'skyrill_line_bytes_per_second') > 0)
    assert.ok(sampleOf(families, 'skyrill_sockets_open') >= 1)
  })

  test('another reader agrees (prometheus_client)', { skip }, () => {
    const read = spawnSync(python ?? 'python3', ['-c', PYTHON_READER], { input: text })
    assert.equal(read.status, 0, String(read.stderr))
    const families = readOpenMetrics(text)
    const samples = families.reduce((sum, family) => sum + family.samples.length, 0)
    assert.equal(String(read.stdout).trim(), `${families.length} ${samples}`)
  })

  test('stats() has the same figures, typed', () => {
    const channel = camera.storage.stats(0)!
    assert.equal(channel.acknowledgedBytes, muxed.length)
    assert.equal(channel.muxedBytes, muxed.length)
    assert.deepEqual(channel.failures, {
      retry: 2,
      credentials: 1,
      plan: 0,
      configuration: 0,
      data: 0,
    })
    assert.equal(channel.credentialFetches, cloud.tokens)
    const system = camera.system.stats()
    assert.equal(system.online, true)
    assert.equal(system.lanes.live.failed, 3)
    assert.equal(system.lanes.live.underWay, 0)
    assert.equal(system.budget, undefined)
  })
})

test('families of channels end with exitCs, and come back', async () => {
  const cloud = await new FakeCloud().start()
  const camera = new TestCamera()
  await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
  const names = () => readOpenMetrics(camera.storage.openMetrics()).map(({ name }) => name)
  assert.ok(names().includes('skyrill_frames'))
  await camera.storage.exitCs()
  assert.ok(!names().includes('skyrill_frames'))
  await camera.init()
  assert.ok(names().includes('skyrill_frames'))
  await camera.close()
  await cloud.stop()
})

/** The heap before and after, with nothing collected in between, tells what was allocated. Bun tells only what a collection left. */
const heapTells = !('Bun' in globalThis) && !('Deno' in globalThis)
const skipHeap = heapTells ? false : 'Node alone tells what is allocated'

/** Bytes that one call allocates, once the engine knows the code: the median, since a collection in between makes a round look better than it was. */
const allocatedBy = (call: () => void): number => {
  const CALLS = 512
  const costs: number[] = []
  for (let round = 0; round < 60; round++) {
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < CALLS; at++) call()
    costs.push((process.memoryUsage().heapUsed - before) / CALLS)
  }
  return costs.slice(-21).sort((a, b) => a - b)[10]!
}

test('counting allocates nothing', { skip: skipHeap }, () => {
  const latency = new Latency()
  const failures = new FailureCounts()
  let at = 0
  const bytes = allocatedBy(() => {
    latency.pushed(++at, at)
    latency.acknowledged(at, at + (at & 1023))
    failures.count('reset')
  })
  // what reading the heap itself takes, spread over the calls
  assert.ok(bytes < 8, `${bytes} bytes a call`)
})

test('a push allocates no object, at most a few numbers that the engine boxes', {
  skip: skipHeap,
}, async () => {
  const checked = checkInit(initParams({ u32MaxGopSize: 512 * 1024 }))
  assert.ok('value' in checked)
  const options = checked.value.channels[0]!
  const core = await openCore(options, true)
  assert.ok(!('message' in core))
  const { callbacks } = checked.value
  const channel = new Channel(options, { clock: new FakeClock(), log: quiet, core, callbacks })
  channel.plan(true)
  const packs = (await framesOf(clip('clip.h264'), 'h264')).map(({ data, key }) => ({
    pu8Addr: data,
    u32Len: data.length,
    u64PTS: 0.5,
    u32Seq: 0,
    eFrameType: key ? 0 : 1,
  }))
  let next = 0
  const bytes = allocatedBy(() => {
    const pack = packs[next % packs.length]!
    pack.u64PTS = next * 40 + 0.5
    pack.u32Seq = next++
    assert.ok(channel.push(1, pack) === 0)
    channel.acknowledged(core.head, core.tail)
    core.release(core.head)
  })
  channel.close()
  assert.ok(bytes < 100, `${Math.round(bytes)} bytes a push`)
})
