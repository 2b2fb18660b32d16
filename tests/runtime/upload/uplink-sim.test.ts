/** The uplink over a simulated line, on the fake clock: minutes of recording in milliseconds, the same on every run. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CredentialReason } from '../../../runtime/upload/credentials.ts'
import { DayBudget } from '../../../runtime/upload/day-budget.ts'
import { STALE_MS } from '../../../runtime/upload/outage.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type Frame, framesOf, looped } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { SimCloud, SimDevice } from '../../support/sim-line.ts'
import { quiet } from '../../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../../tools/demo/clip.h264', import.meta.url))
const CLIP_MS = 20_480
const KIB = 1024
let clip: Frame[]
before(async () => {
  clip = await framesOf(CLIP, 'h264')
})

const upTo = (ms: number): Frame[] =>
  looped(clip, Math.ceil(ms / CLIP_MS), CLIP_MS).filter(({ ptsMs }) => ptsMs < ms)

const setup = () => {
  const clock = new FakeClock()
  const cloud = new SimCloud(clock)
  return { clock, cloud, device: new SimDevice(clock, cloud) }
}

test('tokens of 60 s over ten minutes: renewed early, never refused, never waited for', async () => {
  const { clock, cloud, device } = setup()
  const reasons: CredentialReason[] = []
  const ends = new Map<string, number>()
  await device.open({}, async (_, reason) => {
    const token = `t${reasons.push(reason)}`
    const expiresAtMs = clock.nowMs() + 60_000
    ends.set(token, expiresAtMs)
    // the cloud takes its time
    await new Promise<void>((resolve) => clock.after(1500, resolve))
    return { token, url: 'http://cloud/', expiresAtMs }
  })
  let refused = 0
  cloud.fault = (_, token) => {
    if (clock.nowMs() < ends.get(token)!) return undefined
    refused++
    return { outcome: 'token', status: 401, message: 'expired' }
  }
  const frames = upTo(10 * 60_000)
  const codes = await device.record(frames)
  assert.ok(codes.every((code) => code === 0))
  assert.ok(await device.finish())
  assert.ok(cloud.bytes.equals(await muxedTs(frames)), 'every byte, once')
  assert.equal(refused, 0)
  assert.equal(reasons[0], 'first')
  assert.ok(reasons.length >= 11 && reasons.length <= 14, `${reasons.length} tokens`)
  assert.ok(reasons.slice(1).every((reason) => reason === 'early'))
  // appends go on while a token is renewed
  const appends = cloud.requests.filter(({ kind }) => kind === 'append').map(({ atMs }) => atMs)
  const pauses = appends.slice(1).map((atMs, at) => atMs - appends[at]!)
  assert.ok(Math.max(...pauses) < 500, `a pause of ${Math.max(...pauses)} ms`)
  device.close()
  assert.equal(clock.timers, 0)
})

test('a token that is refused is renewed once, at once; refused again, after a wait, and told of', async () => {
  const { cloud, device } = setup()
  let given = 0
  await device.open({}, async () => ({
    token: `t${++given}`,
    url: 'http://cloud/',
    expiresAtMs: Number.MAX_SAFE_INTEGER,
  }))
  // the first is revoked in the middle, the two after it are refused as well
  let appends = 0
  cloud.fault = (kind, token) =>
    (token === 't1' && kind === 'append' && ++appends > 5) || token === 't2' || token === 't3'
      ? { outcome: 'forbidden', status: 403, message: 'revoked' }
      : undefined
  const frames = upTo(12_000)
  await device.record(frames)
  assert.ok(await device.finish())
  assert.ok(cloud.bytes.equals(await muxedTs(frames)))
  assert.equal(given, 4)
  assert.deepEqual(device.notices, ['WRONG'])
  assert.equal(device.uplink.failures.of('forbidden'), 3)
  assert.equal(device.uplink.failures.ofClass('credentials'), 3)
  device.close()
})

test('1 KB/s: appends fit the line, bytes keep coming, all of it in the end', async () => {
  const { cloud, device } = setup()
  cloud.bytesPerS = 1000
  await device.open()
  const frames = upTo(2000)
  for (const frame of frames) assert.equal(device.push(frame), 0)
  const muxed = await muxedTs(frames)
  assert.ok(await device.finish(3600_000))
  assert.ok(cloud.bytes.equals(muxed))
  assert.ok(device.uplink.failures.of('timeout') <= 4)
  const seconds = cloud.requests.at(-1)!.atMs / 1000
  const share = muxed.length / 1000 / seconds
  assert.ok(share > 0.6, `the line carried video ${Math.round(share * 100)} % of the time`)
  device.close()
})

test('a line that was away is caught up with at full size: it was not slow', async () => {
  const { clock, cloud, device } = setup()
  await device.open({ u32MaxGopSize: 4096 * KIB })
  cloud.fault = () => ({ outcome: 'retry', status: 0, fault: 'refused', message: 'refused' })
  const frames = upTo(12_000)
  await device.record(frames)
  await clock.advance(60_000)
  assert.ok(device.uplink.failures.of('refused') > 10)
  cloud.fault = () => undefined
  assert.ok(await device.finish())
  const largest = Math.max(...cloud.requests.map(({ bytes }) => bytes))
  assert.ok(largest >= 256 * KIB, `${largest} bytes`)
  assert.ok(cloud.bytes.equals(await muxedTs(frames)))
  device.close()
})

test('kept video that is pushed at once goes as fast as the line, not as the clock', async () => {
  const { clock, cloud, device } = setup()
  cloud.bytesPerS = 1000 * KIB
  await device.open({ u32MaxGopSize: 4096 * KIB })
  const frames = upTo(20_000)
  const startMs = clock.monoMs()
  for (const frame of frames) assert.equal(device.push(frame), 0)
  assert.ok(await device.finish())
  const tookMs = clock.monoMs() - startMs
  const muxed = await muxedTs(frames)
  assert.ok(cloud.bytes.equals(muxed))
  const idealMs = muxed.length / cloud.bytesPerS
  assert.ok(tookMs < 1.5 * 1000 * idealMs + 500, `${tookMs} ms for ${muxed.length} bytes`)
  device.close()
})

test('backfill beside live video on a narrow line: live keeps up, backfill has the rest', async () => {
  const { clock, cloud, device } = setup()
  const frames = upTo(120_000)
  const muxed = await muxedTs(frames)
  const liveBytesPerS = muxed.length / 120
  cloud.bytesPerS = liveBytesPerS * 2
  await device.open()
  let backfilled = 0
  let isOver = false
  const backfill = async (): Promise<void> => {
    while (!isOver) {
      const leave = await device.scheduler.ask({ lane: 'backfill', bytes: 1e9 })
      if (!leave) return
      const views = [new Uint8Array(leave.bytes)]
      cloud.slices.set('old', { bytes: Buffer.alloc(0), length: undefined })
      const times = { sendMs: 6000, replyMs: 5000 }
      const append = { offset: 0, views, index: { pieces: [] } }
      const { outcome } = await cloud.append(new URL('http://cloud/old'), 't', append, times)
      cloud.slices.delete('old')
      if (outcome === 'ok') backfilled += leave.bytes
      leave.done(leave.bytes, outcome === 'ok')
    }
  }
  void backfill()
  let worstMs = 0
  for (let at = 0; at < frames.length; at += 25) {
    await device.record(frames.slice(at, at + 25))
    worstMs = Math.max(worstMs, device.channel.latency.lagMs(clock.monoMs()))
  }
  isOver = true
  assert.ok(await device.finish())
  assert.ok(cloud.bytes.equals(muxed))
  assert.ok(worstMs < 4000, `live was ${worstMs} ms behind`)
  const spare = (cloud.bytesPerS - liveBytesPerS) * 120
  assert.ok(backfilled > spare * 0.4, `backfill had ${Math.round((100 * backfilled) / spare)} %`)
  device.close()
})

test('a metered line that is used up: video waits, an event opens it, the next day goes on', async () => {
  const { clock, cloud, device } = setup()
  await device.open({ u32MaxGopSize: 4096 * KIB })
  const frames = upTo(12_000)
  const muxed = await muxedTs(frames)
  device.scheduler.budget = new DayBudget({ clock, log: quiet, limitBytes: muxed.length * 0.8 })
  await device.record(frames)
  await clock.advance(5000)
  assert.equal(device.uplink.state, 'budget')
  const first = cloud.bytes.length
  assert.ok(first >= muxed.length * 0.4 && first < muxed.length, `${first} of ${muxed.length}`)
  assert.deepEqual(device.notices, [], 'no outage')
  assert.equal(device.log.length, 1, device.log.join('; '))
  device.isEvent = true
  await clock.advance(5000)
  const second = cloud.bytes.length
  assert.ok(second > first, 'the reserve is for events')
  assert.equal(device.uplink.state, 'budget')
  await clock.advance(24 * 3600_000)
  device.isEvent = false
  assert.ok(await device.finish())
  assert.ok(cloud.bytes.equals(muxed))
  device.close()
})

const STALE: { name: string; fault: ReturnType<SimCloud['fault']>; notices: string[] }[] = [
  {
    name: '429 for a minute',
    fault: { outcome: 'later', status: 429, message: '429', waitMs: 5000 },
    notices: ['WRONG'],
  },
  {
    name: 'no answer for a minute',
    fault: { outcome: 'retry', status: 0, fault: 'timeout', message: 'timeout' },
    notices: ['FAIL', 'RECOVER'],
  },
  {
    name: 'a certificate that does not fit',
    fault: { outcome: 'config', status: 0, fault: 'tls', message: 'self-signed' },
    notices: ['FAIL', 'RECOVER'],
  },
]
for (const { name, fault, notices } of STALE)
  test(`bytes that wait for ${STALE_MS / 1000} s are told of: ${name}`, async () => {
    const { clock, cloud, device } = setup()
    await device.open({ u32MaxGopSize: 4096 * KIB })
    const frames = upTo(12_000)
    await device.record(frames.slice(0, 100))
    cloud.fault = () => fault
    await device.record(frames.slice(100))
    await clock.advance(60_000)
    assert.ok(device.log.some((line) => line.startsWith('no acknowledgement for 30 s')))
    assert.ok(device.uplink.waitingMs > STALE_MS)
    cloud.fault = () => undefined
    assert.ok(await device.finish(120_000))
    assert.deepEqual(device.notices, notices)
    assert.equal(device.uplink.waitingMs, 0)
    assert.ok(cloud.bytes.equals(await muxedTs(frames)))
    device.close()
  })

test('Retry-After is kept, also when the device comes online; other waits end then', async () => {
  for (const waitMs of [20_000, undefined]) {
    const { clock, cloud, device } = setup()
    await device.open()
    await device.record(upTo(1000))
    const later = { outcome: 'later', status: 429, message: '429' } as const
    cloud.fault = () => (waitMs === undefined ? later : { ...later, waitMs })
    await device.record(upTo(3000).slice(25))
    for (let turn = 0; turn < 100 && device.uplink.state !== 'wait'; turn++) await clock.advance(10)
    assert.equal(device.uplink.state, 'wait')
    const before = cloud.requests.length
    cloud.fault = () => undefined
    device.uplink.online()
    await clock.advance(1)
    assert.equal(cloud.requests.length > before, waitMs === undefined)
    await clock.advance(20_000)
    assert.ok(cloud.requests.length > before)
    device.close()
  }
})
