import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import type { EventStop } from '../../runtime/mqtt/messages.ts'
import { openCloud, type TestCloud, until } from './support/cloud.ts'
import { noise, pieces, sha256, sliceId, sliceStart, TestDevice } from './support/device.ts'

const START_MS = 1_780_000_000_000
const KEY = sliceId(1)
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), noise(5000)])

let cloud: TestCloud
before(async () => {
  cloud = await openCloud()
})
after(() => cloud.remove())

let devices = 0
const newDevice = async (plan: object = { type: 'event' }): Promise<TestDevice> => {
  const device = new TestDevice(cloud, 'P1', `cam${++devices}`)
  await device.register(plan)
  return device.connect()
}

const eventOf = (given: Partial<EventStop> = {}) => ({
  channel: 0,
  key: KEY,
  eventId: 5,
  info: 'et=5;',
  startMs: START_MS + 2000,
  videoStartMs: START_MS,
  ai: 0,
  ...given,
})
const stopOf = (given: Partial<EventStop> = {}): EventStop => ({
  ...eventOf(),
  endMs: START_MS + 10_000,
  videoEndMs: START_MS + 10_000,
  video: 'whole',
  picture: 'none',
  ...given,
})

const start = async (device: TestDevice, given: Partial<EventStop> = {}) => {
  const answer = await device.ask('event', 'event_start', eventOf(given))
  assert.equal(answer.method, 'event_start_reply')
  return answer.method === 'event_start_reply' ? answer : assert.fail()
}
const stop = async (device: TestDevice, given: Partial<EventStop> = {}) => {
  const answer = await device.ask('event', 'event_stop', stopOf(given))
  return answer.method === 'event_stop_reply' ? answer : assert.fail()
}

type View = {
  key: string
  eventId: number
  info: string
  isMoment: boolean
  startMs: number
  endMs: number | null
  state: string
  video: string
  recordedMs: number
  ai: number
  aiText: string | null
  picture: string | null
  playlist: string | null
}
const list = async (device: TestDevice, search: string): Promise<View[]> => {
  const answer = await cloud.api('GET', `${device.path}/events?${search}`)
  assert.equal(answer.status, 200, await answer.clone().text())
  return ((await answer.json()) as { events: View[] }).events
}
const only = async (device: TestDevice): Promise<View> => {
  const events = await list(device, `from=${START_MS - 1000}&to=${START_MS + 600_000}`)
  assert.equal(events.length, 1)
  return events[0]!
}

const put = (
  grant: { url: string; token: string },
  data: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(grant.url, {
    method: 'PUT',
    headers: {
      Authorization: `Bearer ${grant.token}`,
      'Content-Type': 'image/jpeg',
      'Upload-Checksum': `sha256 ${sha256(data)}`,
      ...headers,
    },
    body: data,
  })

/** Ten seconds of video, five pieces, from START_MS. */
const record = async (device: TestDevice, number = 1, startUtcMs = START_MS, count = 5) => {
  const list = pieces(count, { startMs: startUtcMs })
  await device.authorize()
  const given = { id: sliceId(number), startUtcMs, startPtsMs: startUtcMs - START_MS }
  await device.upload(sliceStart(given), noise(count * 1000, number), list)
}

test('an event: begun, its picture put, its video recorded, ended, listed and playable', async () => {
  const device = await newDevice()
  const { code, data } = await start(device)
  assert.equal(code, 0)
  assert.equal((await put(data!.picture, JPEG)).status, 204)
  const running = await only(device)
  assert.deepEqual([running.state, running.endMs], ['running', null])
  await record(device)
  assert.deepEqual((await stop(device)).data, {})
  const event = await only(device)
  assert.deepEqual(
    [event.eventId, event.info, event.state, event.video, event.recordedMs, event.isMoment],
    [5, 'et=5;', 'finished', 'whole', 10_000, false],
  )
  const authorization = { Authorization: `Bearer ${cloud.viewerToken}` }
  const picture = await fetch(cloud.httpUrl + event.picture, { headers: authorization })
  assert.equal(picture.headers.get('content-type'), 'image/jpeg')
  assert.ok(Buffer.from(await picture.arrayBuffer()).equals(JPEG))
  const playlist = await fetch(cloud.httpUrl + event.playlist, { headers: authorization })
  const text = await playlist.text()
  assert.equal(playlist.status, 200)
  assert.equal(text.match(/#EXTINF:2\.000000/g)?.length, 5)
  assert.match(text, /#EXT-X-ENDLIST/)
  await device.close()
})

test('the list by range, by day in a zone, by channel', async () => {
  const device = await newDevice()
  await device.setPlan({ type: 'event' }, 2)
  await start(device)
  await start(device, { key: sliceId(2), channel: 2, startMs: START_MS + 86_400_000 })
  const day = new Date(START_MS).toISOString().slice(0, 10)
  assert.deepEqual(
    (await list(device, `day=${day}`)).map(({ key }) => key),
    [KEY],
  )
  // 2026-05-28T20:26:40Z is the next day in Tokyo
  assert.deepEqual(await list(device, `day=${day}&tz=Asia/Tokyo`), [])
  const two = `from=${START_MS}&to=${START_MS + 2 * 86_400_000}`
  assert.equal((await list(device, two)).length, 2)
  assert.deepEqual(
    (await list(device, `${two}&channel=2`)).map(({ key }) => key),
    [sliceId(2)],
  )
  assert.equal((await list(device, `${two}&limit=1`)).length, 1)
  for (const wrong of [
    '',
    'from=1',
    'from=2&to=1',
    'day=2026-02-30',
    `day=${day}&from=1`,
    'day=2026-01-01&tz=Mars',
  ])
    assert.equal((await cloud.api('GET', `${device.path}/events?${wrong}`)).status, 400, wrong)
  await device.close()
})

test('messages may be repeated: one row; a start that comes late changes nothing', async () => {
  const device = await newDevice()
  await start(device)
  await start(device)
  await stop(device)
  await stop(device)
  await start(device)
  const event = await only(device)
  assert.equal(event.endMs, START_MS + 10_000)
  await device.close()
})

test('an end stands alone, also without a plan: its beginning may never have arrived', async () => {
  const device = await newDevice({ type: 'none' })
  assert.equal((await start(device)).code, 402)
  assert.equal((await stop(device)).code, 0)
  const event = await only(device)
  assert.deepEqual([event.state, event.video, event.playlist], ['failed', 'none', null])
  await device.close()
})

test('what an event has is judged by what is here: a later upload counts', async () => {
  const device = await newDevice()
  await start(device)
  await record(device, 1, START_MS, 2)
  await stop(device, { video: 'part' })
  assert.deepEqual([(await only(device)).state, (await only(device)).recordedMs], ['partial', 4000])
  await record(device, 2, START_MS + 4000, 3)
  const event = await only(device)
  assert.deepEqual([event.state, event.video, event.recordedMs], ['finished', 'whole', 10_000])
  await device.close()
})

test('each event of a list has what is recorded of its own time', async () => {
  const device = await newDevice()
  await record(device, 1, START_MS, 3)
  await record(device, 2, START_MS + 20_000, 3)
  const spans: [number, number, string, number][] = [
    [0, 6000, 'whole', 6000],
    [3000, 23_000, 'part', 6000],
    [8000, 18_000, 'none', 0],
    [21_000, 25_000, 'whole', 4000],
  ]
  for (const [at, [from, to]] of spans.entries())
    await stop(device, {
      key: sliceId(at + 1),
      startMs: START_MS + from,
      videoStartMs: START_MS + from,
      endMs: START_MS + to,
      videoEndMs: START_MS + to,
      video: 'part',
    })
  const events = await list(device, `from=${START_MS}&to=${START_MS + 60_000}`)
  assert.deepEqual(
    events.map(({ video, recordedMs }) => [video, recordedMs]),
    spans.map(([, , video, recordedMs]) => [video, recordedMs]),
  )
  await device.close()
})

test('an end before the beginning is refused, a message that is not valid too', async () => {
  const device = await newDevice()
  assert.equal((await stop(device, { endMs: START_MS })).code, 400)
  for (const wrong of [{ eventId: 33 }, { info: 'x'.repeat(128) }, { info: 'é' }, { key: 'x' }]) {
    const { client } = device
    const seen = device.received.length
    await client!.publishAsync(
      `$thing/up/event/${device.productId}/${device.deviceName}`,
      JSON.stringify({
        method: 'event_start',
        clientToken: 't',
        params: { ...eventOf(), ...wrong },
      }),
      { qos: 1 },
    )
    const answer = await until('an answer', () => device.received[seen] as { code: number })
    assert.equal(answer.code, 400)
  }
  await device.close()
})

test('a moment is told of with a picture, also without a plan', async () => {
  const device = await newDevice({ type: 'none' })
  const params = { channel: 0, key: KEY, eventId: 32, info: '', atMs: START_MS, ai: 0 }
  const answer = await device.ask('event', 'event_report', params)
  assert.ok(answer.method === 'event_report_reply' && answer.code === 0 && answer.data)
  assert.equal((await put(answer.data.picture, JPEG)).status, 204)
  const event = await only(device)
  assert.deepEqual(
    [event.isMoment, event.state, event.startMs, event.endMs],
    [true, 'finished', START_MS, START_MS],
  )
  assert.ok(event.picture)
  await device.close()
})

test('pictures: every refusal', async () => {
  const device = await newDevice()
  const { picture } = (await start(device)).data!
  const other = (await start(device, { key: sliceId(2) })).data!.picture
  const cases: readonly [status: number, data: Uint8Array, headers: Record<string, string>][] = [
    [401, JPEG, { Authorization: 'Bearer nonsense' }],
    [401, JPEG, { Authorization: '' }],
    [403, JPEG, { Authorization: `Bearer ${other.token}` }],
    [415, JPEG, { 'Content-Type': 'text/html' }],
    [460, JPEG, { 'Upload-Checksum': `sha256 ${sha256(noise(3))}` }],
    [400, new Uint8Array(0), {}],
    [413, new Uint8Array(4 * 1024 * 1024 + 1), {}],
  ]
  for (const [status, data, headers] of cases)
    assert.equal((await put(picture, data, headers)).status, status)
  assert.equal((await put(picture, JPEG)).status, 204)
  assert.equal((await put(picture, JPEG.subarray(0, 100))).status, 204, 'it may be put again')
  const path = `${device.path}/channels/0/events/${KEY}/picture`
  assert.equal((await (await cloud.api('GET', path)).arrayBuffer()).byteLength, 100)
  const without = `${device.path}/channels/0/events/${sliceId(2)}/picture`
  assert.equal((await cloud.api('GET', without)).status, 404)
  await device.close()
})

test('nobody sees events or pictures without a token', async () => {
  const device = await newDevice()
  await start(device)
  const url = `${cloud.httpUrl}/api${device.path}`
  for (const path of [
    '/events?from=0&to=1',
    `/channels/0/events/${KEY}`,
    `/channels/0/events/${KEY}/picture`,
  ])
    assert.equal((await fetch(url + path)).status, 401)
  assert.equal(
    (
      await fetch(`${url}/recordings`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${cloud.viewerToken}` },
      })
    ).status,
    403,
  )
  await device.close()
})

test('a free trial is charged the recorded time of its events, shared time once, exact in the answer', async () => {
  const device = await newDevice({ type: 'trial', trialSec: 60 })
  await record(device, 1, START_MS, 10)
  const first = { key: sliceId(1), videoStartMs: START_MS, videoEndMs: START_MS + 10_000 }
  const second = {
    key: sliceId(2),
    videoStartMs: START_MS + 5000,
    videoEndMs: START_MS + 20_000,
    endMs: START_MS + 20_000,
  }
  assert.deepEqual((await stop(device, { ...first, videoEndMs: START_MS + 9000 })).data, {
    trialSec: 50,
  })
  assert.deepEqual((await stop(device, second)).data, { trialSec: 40 })
  assert.deepEqual((await stop(device, second)).data, { trialSec: 40 }, 'repeated: charged once')
  const answer = await device.ask('property', 'get_status', { channel: 0 })
  assert.ok(answer.method === 'get_status_reply')
  assert.equal(answer.data?._sys_cs_trial_sec, 40)
  await device.close()
})

test('a trial that is used up ends the plan: the device is told, nothing more is taken', async () => {
  const device = await newDevice({ type: 'trial', trialSec: 8 })
  await record(device)
  assert.deepEqual((await stop(device)).data, { trialSec: 0 })
  const control = await until(
    'the plan',
    () =>
      device.received.find((one) => (one as { method: string }).method === 'control') as {
        params: Record<string, number>
      },
  )
  assert.deepEqual([control.params._sys_cs_status, control.params._sys_cs_trial_sec], [0, 0])
  assert.equal((await device.create(sliceStart({ id: sliceId(9) }))).status, 402)
  assert.equal((await start(device, { key: sliceId(3) })).code, 402)
  await device.close()
})

test('an analysis: its result is stored and told to the device', async () => {
  const device = await newDevice()
  await start(device, { ai: 1 })
  const path = `${device.path}/channels/0/events/${KEY}/ai`
  const done = await cloud.api('POST', path, { text: 'a person fell', expiresAtMs: START_MS })
  assert.equal(done.status, 200)
  const result = await until(
    'the result',
    () =>
      device.received.find((one) => (one as { method: string }).method === 'ai_result') as {
        params: object
      },
  )
  assert.deepEqual(result.params, {
    channel: 0,
    ai: 1,
    expiresAtMs: START_MS,
    event: { key: KEY, eventId: 5 },
    text: 'a person fell',
  })
  assert.deepEqual([(await only(device)).ai, (await only(device)).aiText], [1, 'a person fell'])
  await start(device, { key: sliceId(2), ai: 0 })
  const unasked = `${device.path}/channels/0/events/${sliceId(2)}/ai`
  assert.equal((await cloud.api('POST', unasked, { text: 'x' })).status, 400)
  await device.close()
})

test('destroy: rows, objects and pictures go, plans end, old tokens get 410; again does no harm', async () => {
  const device = await newDevice()
  const { picture } = (await start(device)).data!
  await put(picture, JPEG)
  await record(device)
  const slice = `${cloud.httpUrl}/media/${device.productId}/${device.deviceName}/0/${KEY}.ts`
  const authorization = { Authorization: `Bearer ${cloud.viewerToken}` }
  assert.equal((await fetch(slice, { headers: authorization })).status, 200)
  for (let time = 0; time < 2; time++) {
    const answer = await device.ask('service', 'destroy', {})
    assert.ok(answer.method === 'destroy_reply' && answer.code === 0)
  }
  assert.deepEqual(await list(device, `from=0&to=${START_MS * 2}`), [])
  assert.equal((await fetch(slice, { headers: authorization })).status, 404)
  assert.equal((await put(picture, JPEG)).status, 410)
  assert.equal((await device.create(sliceStart({ id: sliceId(7) }))).status, 410)
  assert.equal((await device.head(KEY)).status, 410)
  const control = device.received.find((one) => (one as { method: string }).method === 'control')
  assert.equal((control as { params: { _sys_cs_type: number } }).params._sys_cs_type, 0)
  assert.equal(
    readdirSync(`${cloud.folder}/objects/${device.productId}`).includes(device.deviceName),
    false,
  )
  // the device stays, and records again when it gets a plan
  await device.setPlan({ type: 'event' })
  await record(device)
  assert.equal((await fetch(slice, { headers: authorization })).status, 200)
  await device.close()
})

test('an event whose device started anew ends where its video does; its own boot keeps it', async () => {
  const device = await newDevice({ type: 'trial', trialSec: 60 })
  await start(device)
  const kept = 'fedcba9876543210-00000001'
  await start(device, { key: kept, startMs: START_MS + 300_000, videoStartMs: START_MS + 300_000 })
  await record(device, 1, START_MS, 3)
  const beat = async (bootId: string) => {
    const params = { utcMs: START_MS, intervalMs: 30_000, bootId, version: '1', channels: [0] }
    const message = { method: 'heartbeat', clientToken: 'beat', params }
    const name = `$thing/up/event/${device.productId}/${device.deviceName}`
    await device.client!.publishAsync(name, JSON.stringify(message), { qos: 1 })
  }
  await beat('fedcba9876543210')
  const lost = await until('its end', async () => {
    const found = await list(device, `from=${START_MS}&to=${START_MS + 600_000}`)
    return found.find(({ key, endMs }) => key === KEY && endMs !== null)
  })
  assert.deepEqual([lost.endMs, lost.state, lost.recordedMs], [START_MS + 6000, 'finished', 6000])
  const running = await list(device, `from=${START_MS + 200_000}&to=${START_MS + 600_000}`)
  assert.deepEqual(
    running.map(({ key, state }) => [key, state]),
    [[kept, 'running']],
  )
  const answer = await device.ask('property', 'get_status', { channel: 0 })
  assert.ok(answer.method === 'get_status_reply')
  assert.equal(answer.data?._sys_cs_trial_sec, 54, 'its video is charged as well')
  await device.close()
})

test('destroy through the admin API', async () => {
  const device = await newDevice()
  await start(device)
  assert.equal((await cloud.api('DELETE', `${device.path}/recordings`)).status, 204)
  assert.deepEqual(await list(device, `from=0&to=${START_MS * 2}`), [])
  await device.close()
})

test('events, pictures and the mark of destruction survive a restart', async () => {
  const device = await newDevice()
  const { picture } = (await start(device)).data!
  await put(picture, JPEG)
  await stop(device)
  await device.close()
  cloud = await cloud.restart()
  device.cloud = cloud
  const event = await only(device)
  const authorization = { Authorization: `Bearer ${cloud.viewerToken}` }
  const got = await fetch(cloud.httpUrl + event.picture, { headers: authorization })
  assert.equal((await got.arrayBuffer()).byteLength, JPEG.length)
})
