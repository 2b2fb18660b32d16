import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const T0 = Date.UTC(2026, 10, 20, 10)
const CHANNEL = '/devices/P1/cam1/channels/0'

let cloud: TestCloud
let device: TestDevice
before(async () => {
  cloud = await openCloud()
  device = await new TestDevice(cloud).register()
  await device.authorize()
  for (let number = 1; number <= 6; number++)
    await device.upload(
      sliceStart({ id: sliceId(number), startUtcMs: T0 + (number - 1) * 10_000 }),
      noise(5000, number),
      pieces(5, { startMs: T0 + (number - 1) * 10_000 }),
    )
  for (const [number, from, to] of [
    [1, 2, 8],
    [2, 22, 38],
    [3, 33, 36],
  ] as const)
    await device.ask('event', 'event_stop', {
      channel: 0,
      key: sliceId(number),
      eventId: number,
      info: '',
      startMs: T0 + from * 1000,
      videoStartMs: T0 + from * 1000,
      endMs: T0 + to * 1000,
      videoEndMs: T0 + to * 1000,
      ai: 0,
      video: 'whole',
      picture: 'none',
    })
})
after(async () => {
  await device.close()
  await cloud.remove()
})

const call = async <Body>(method: string, path: string, status: number, body?: object) => {
  const answer = await cloud.api(method, path, body)
  const text = await answer.text()
  assert.equal(answer.status, status, `${method} ${path}: ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as Body
}
const recordings = async () =>
  (
    await call<{ recordings: { startMs: number; endMs: number }[] }>(
      'GET',
      `${CHANNEL}/timeline?from=${T0}&to=${T0 + 60_000}`,
      200,
    )
  ).recordings.map(({ startMs, endMs }) => [(startMs - T0) / 1000, (endMs - T0) / 1000])
const files = () =>
  readdirSync(join(cloud.folder, 'objects/P1/cam1/0'), { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => Number(name.slice(-11, -3)))
    .sort()

test('a time line has recordings, events and pins; what is close is one', async () => {
  type Timeline = {
    events: { key: string; count: number; isPinned: boolean; endMs: number }[]
    resolutionMs: number
  }
  const of = (query: string) => call<Timeline>('GET', `${CHANNEL}/timeline?${query}`, 200)
  const fine = await of(`from=${T0}&to=${T0 + 60_000}`)
  assert.deepEqual(
    fine.events.map(({ key, count, isPinned }) => [key, count, isPinned]),
    [1, 2, 3].map((number) => [sliceId(number), 1, false]),
  )
  const inside = await of(`from=${T0 + 34_000}&to=${T0 + 35_000}`)
  assert.equal(inside.events.length, 2, 'events that began before and reach into it')
  const month = await of(`from=${T0 - 20 * 86_400_000}&to=${T0 + 10 * 86_400_000}`)
  assert.equal(month.resolutionMs, 1_296_000)
  assert.deepEqual(
    month.events.map(({ count, endMs }) => [count, endMs]),
    [[3, T0 + 38_000]],
  )
})

test('an event with its video, as far as no other needs it', async () => {
  const gone = await call<Record<string, number>>(
    'DELETE',
    `${CHANNEL}/events/${sliceId(2)}?video=true`,
    200,
  )
  assert.deepEqual(
    [gone.slices, gone.events, gone.fromMs, gone.toMs],
    [1, 1, T0 + 20_000, T0 + 30_000],
    'slice 4 is needed by event 3',
  )
  await call('GET', `${CHANNEL}/events/${sliceId(2)}`, 404)
  await call('GET', `${CHANNEL}/events/${sliceId(3)}`, 200)
  assert.deepEqual(await recordings(), [
    [0, 20],
    [30, 60],
  ])
})

test('what is pinned is refused, and deleted when that is said', async () => {
  const pin = await call<{ id: string; fromMs: number; toMs: number; createdBy: string }>(
    'POST',
    `${CHANNEL}/pins`,
    201,
    { eventKey: sliceId(3), note: 'evidence' },
  )
  assert.deepEqual([pin.fromMs, pin.toMs, pin.createdBy], [T0 + 33_000, T0 + 36_000, 'admin token'])
  const again = await call<{ id: string }>('POST', `${CHANNEL}/pins`, 201, { eventKey: sliceId(3) })
  assert.equal(again.id, pin.id, 'an event is pinned once')
  const event = await call<{ isPinned: boolean }>('GET', `${CHANNEL}/events/${sliceId(3)}`, 200)
  assert.equal(event.isPinned, true)
  const path = `${CHANNEL}/recordings?from=${T0 + 30_000}&to=${T0 + 40_000}`
  const refused = await call<{ error: { code: string } }>('DELETE', path, 409)
  assert.equal(refused.error.code, 'pinned')
  await call('DELETE', `${CHANNEL}/events/${sliceId(3)}`, 409)
  assert.deepEqual(files(), [1, 2, 4, 5, 6])
  const gone = await call<{ slices: number }>('DELETE', `${path}&force=true`, 200)
  assert.equal(gone.slices, 1)
  assert.deepEqual(await call('GET', '/devices/P1/cam1/pins', 200), { pins: [] })
  await call('DELETE', `/devices/P1/cam1/pins/${pin.id}`, 404)
})

test('a range: slices that it touches, their files, events that began in it', async () => {
  const gone = await call<Record<string, number>>(
    'DELETE',
    `${CHANNEL}/recordings?from=${T0 + 1000}&to=${T0 + 11_000}`,
    200,
  )
  assert.deepEqual(gone, { fromMs: T0, toMs: T0 + 20_000, slices: 2, events: 1, bytes: 10_000 })
  assert.deepEqual(await recordings(), [[40, 60]])
  assert.deepEqual(files(), [5, 6])
  assert.ok(existsSync(join(cloud.folder, 'objects')))
  const nothing = await call<{ slices: number }>(
    'DELETE',
    `${CHANNEL}/recordings?from=${T0}&to=${T0 + 20_000}`,
    200,
  )
  assert.equal(nothing.slices, 0)
  await call('DELETE', `${CHANNEL}/recordings?from=5&to=5`, 400)
  await call('DELETE', `${CHANNEL}/recordings`, 400)
})

test('every deletion has its line: who, when, what', async () => {
  const { lines } = await call<{ lines: Record<string, unknown>[] }>('GET', '/audit', 200)
  assert.deepEqual(
    lines.map(({ action }) => action),
    [
      ...['delete_range', 'delete_range', 'delete_range', 'pin', 'pin', 'delete_event'],
      ...['plan.set', 'device.create'],
    ],
  )
  const [, range] = lines
  assert.deepEqual(
    [range!.actor, range!.device, range!.channel, range!.startMs, range!.detail],
    ['admin token', 'P1/cam1', 0, T0 + 1000, '2 slices, 1 events, 10000 bytes'],
  )
  assert.ok(Math.abs(Date.now() - Number(range!.atMs)) < 600_000)
  const page = await call<{ lines: { id: number }[] }>(
    'GET',
    `/audit?limit=2&before=${lines[1]!.id}`,
    200,
  )
  assert.deepEqual(
    page.lines.map(({ id }) => id),
    [lines[2]!.id, lines[3]!.id],
  )
})

test('viewers look; they neither pin nor delete nor read the log', async () => {
  const headers = { Authorization: `Bearer ${cloud.viewerToken}` }
  for (const [method, path] of [
    ['DELETE', `${CHANNEL}/recordings?from=1&to=2`],
    ['DELETE', `${CHANNEL}/events/${sliceId(1)}`],
    ['POST', `${CHANNEL}/pins`],
    ['GET', '/audit'],
  ] as const)
    assert.equal((await fetch(`${cloud.httpUrl}/api${path}`, { method, headers })).status, 403)
})
