import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCloud, type TestCloud, until } from './support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from './support/device.ts'

const MINUTE = 60_000
const WAIT_MS = 30_000

let cloud: TestCloud
/** a day behind, since it runs for hours and logins of now must hold */
let now = Date.now() - 24 * 60 * MINUTE
before(async () => {
  cloud = await openCloud({}, { now: () => now })
})
after(() => cloud.remove())

let devices = 0
const newDevice = async (plan: object): Promise<TestDevice> =>
  (await new TestDevice(cloud, 'P1', `cam${++devices}`).register(plan)).connect()

let number = 0
/** Records from now on, and as long; nine minutes are one slice. */
const record = async (device: TestDevice, ms: number): Promise<void> => {
  for (let left = ms; left > 0; ) {
    const durationMs = Math.min(left, 9 * MINUTE)
    const start = sliceStart({ id: sliceId(++number), startUtcMs: now })
    await device.upload(start, noise(1000), pieces(1, { startMs: now, durationMs }))
    now += durationMs
    left -= durationMs
    await device.authorize()
  }
}

const tryIt = async (device: TestDevice): Promise<[number, string?, string?]> => {
  const answer = await device.create(sliceStart({ id: sliceId(++number), startUtcMs: now }))
  if (answer.status === 201) return [201]
  const { error } = (await answer.json()) as { error: { code: string; message: string } }
  return [answer.status, error.code, error.message]
}
/** The cloud tells its index twice a second; until then what was closed is not counted. */
const untilRefused = async (device: TestDevice) => {
  let last: Awaited<ReturnType<typeof tryIt>> = [201]
  const isRefused = async () => {
    last = await tryIt(device)
    return last[0] !== 201
  }
  await until('it is refused', isRefused, WAIT_MS)
  return last
}

const eventOf = (startMs: number) => ({
  ...{ channel: 0, key: sliceId(++number), eventId: 1, info: '', ai: 0 },
  ...{ startMs, videoStartMs: startMs },
})
const stopOf = (event: ReturnType<typeof eventOf>, endMs: number) => ({
  ...event,
  ...{ endMs, videoEndMs: endMs, video: 'whole', picture: 'none' },
})

test('without a plan, and with one that is switched off: 402 tells which and why', async () => {
  const device = await newDevice({ type: 'full' })
  await device.authorize()
  await device.setPlan({ type: 'none' })
  assert.deepEqual(await tryIt(device), [402, 'no_plan', 'channel 0 has no plan'])
  for (const [type, name] of [
    ['full', 'full-time plan'],
    ['event', 'event plan'],
  ]) {
    await device.setPlan({ type, enabled: false })
    const fault = `the ${name} of channel 0 is switched off or has expired`
    assert.deepEqual(await tryIt(device), [402, 'no_plan', fault])
    const token = await device.ask('service', 'upload_token', { channel: 0 })
    assert.deepEqual(token.method === 'upload_token_reply' && [token.code, token.status], [
      402,
      fault,
    ])
    const event = await device.ask('event', 'event_start', eventOf(now))
    assert.deepEqual(event.method === 'event_start_reply' && [event.code, event.status], [
      402,
      fault,
    ])
  }
  await device.close()
})

test('another channel than the one with the plan', async () => {
  const device = await newDevice({ type: 'full' })
  const token = await device.ask('service', 'upload_token', { channel: 3 })
  assert.deepEqual(token.method === 'upload_token_reply' && [token.code, token.status], [
    402,
    'channel 3 has no plan',
  ])
  await device.close()
})

test('a full-time plan takes everything, event or not', async () => {
  const device = await newDevice({ type: 'full' })
  await device.authorize()
  await record(device, 90 * MINUTE)
  assert.deepEqual(await tryIt(device), [201])
  await device.close()
})

test('an event plan takes what an event covers, however long it runs', async () => {
  const device = await newDevice({ type: 'event' })
  await device.authorize()
  const event = eventOf(now)
  await device.ask('event', 'event_start', event)
  await record(device, 90 * MINUTE)
  assert.deepEqual(await tryIt(device), [201])
  await device.ask('event', 'event_stop', stopOf(event, now))
  assert.deepEqual(await tryIt(device), [201])
  await device.close()
})

test('an event plan takes video before its event, but no more than an hour of it; the event frees it', async () => {
  const device = await newDevice({ type: 'event' })
  await device.authorize()
  const startMs = now
  await record(device, 54 * MINUTE)
  assert.deepEqual(await tryIt(device), [201])
  await record(device, 9 * MINUTE)
  const [status, code, message] = await untilRefused(device)
  assert.deepEqual([status, code], [402, 'plan_limit'])
  assert.match(message ?? '', /^the event plan of channel 0 .* 3780 s .*\(at most 3600 s\)$/)
  await device.ask('event', 'event_stop', stopOf(eventOf(startMs), now))
  assert.deepEqual(await tryIt(device), [201])
  await device.close()
})

test('what was recorded before the event plan does not wait for events', async () => {
  const device = await newDevice({ type: 'full' })
  await device.authorize()
  const startMs = now
  now += 90 * MINUTE
  await device.setPlan({ type: 'event' })
  await device.authorize()
  const switchedMs = now
  now = startMs
  await record(device, 81 * MINUTE)
  now = switchedMs
  await record(device, 9 * MINUTE)
  await until('the last is in the index', async () => {
    const range = `from=${switchedMs}&to=${now}`
    const answer = await cloud.api('GET', `${device.path}/channels/0/slices?${range}`)
    return ((await answer.json()) as { slices: unknown[] }).slices.length === 1
  })
  assert.deepEqual(await tryIt(device), [201])
  await device.close()
})

test('a trial ends with its seconds, also in the middle of an event: the device is told', async () => {
  const device = await newDevice({ type: 'trial', trialSec: 600 })
  await device.authorize()
  const event = eventOf(now)
  await device.ask('event', 'event_start', event)
  await record(device, 9 * MINUTE)
  assert.deepEqual(await tryIt(device), [201], 'a minute is left')
  await record(device, MINUTE)
  const used = 'the free trial of channel 0 is used up'
  assert.deepEqual(await tryIt(device), [402, 'no_plan', used])
  const isTold = (message: unknown) => {
    const { method, params } = message as { method: string; params?: { _sys_cs_status: number } }
    return method === 'control' && params?._sys_cs_status === 0
  }
  await until('the device is told', () => device.received.some(isTold), WAIT_MS)
  const stop = await device.ask('event', 'event_stop', stopOf(event, now))
  assert.deepEqual(stop.method === 'event_stop_reply' && stop.data, { trialSec: 0 })
  const token = await device.ask('service', 'upload_token', { channel: 0 })
  assert.deepEqual(token.method === 'upload_token_reply' && [token.code, token.status], [402, used])
  await device.close()
})

test('a trial takes no more video without an event than it has seconds', async () => {
  const device = await newDevice({ type: 'trial', trialSec: 600 })
  await device.authorize()
  const startMs = now
  await record(device, 11 * MINUTE)
  const [status, code, message] = await untilRefused(device)
  assert.deepEqual([status, code], [402, 'plan_limit'])
  assert.match(
    message ?? '',
    /^the free trial of channel 0 has 600 s left, and 660 s that no event covers/,
  )
  await device.ask('event', 'event_stop', stopOf(eventOf(startMs), startMs + 5 * MINUTE))
  // 301 s were the event's, and the slice that it touches is not waiting any more
  assert.deepEqual(await tryIt(device), [201])
  await device.close()
})
