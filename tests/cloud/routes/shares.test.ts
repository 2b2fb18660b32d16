import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const HOUR = 3_600_000
const T0 = Date.UTC(2026, 10, 20, 10)
/** the test's clock */
let nowMs = T0 + HOUR

let cloud: TestCloud
let device: TestDevice
before(async () => {
  cloud = await openCloud({}, { now: () => nowMs })
  device = await new TestDevice(cloud).register()
  await device.authorize()
  for (const number of [1, 2, 3])
    await device.upload(
      sliceStart({ id: sliceId(number), startUtcMs: T0 + (number - 1) * 10_000 }),
      noise(5000, number),
      pieces(5, { startMs: T0 + (number - 1) * 10_000 }),
    )
})
after(async () => {
  await device.close()
  await cloud.remove()
})

type Share = { id: string; token: string; url: string; revokedMs: number }
const CHANNEL = '/devices/P1/cam1/channels/0'
const share = async (body: object): Promise<Share> => {
  const made = await cloud.api('POST', `${CHANNEL}/shares`, body)
  assert.equal(made.status, 201, await made.clone().text())
  return (await made.json()) as Share
}
/** without any token */
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${cloud.httpUrl}${path}`, { headers })
const code = async (answer: Response) =>
  ((await answer.json()) as { error: { code: string } }).error.code

/** Media of a playlist: address and range of each segment. */
const segments = (playlist: string) =>
  [...playlist.matchAll(/BYTERANGE:(\d+)@(\d+)\n(\S+)/g)].map(([, bytes, offset, uri]) => ({
    uri: uri!,
    range: `bytes=${offset}-${Number(offset) + Number(bytes) - 1}`,
  }))

test('a link shows its range to anyone, and nothing else', async () => {
  const { token, url } = await share({ fromMs: T0 + 4000, toMs: T0 + 8000, expiresInSec: 3600 })
  assert.equal(url, `${cloud.httpUrl}/s/${token}`)
  const about = (await (await get(`/api/shared/${token}`)).json()) as Record<string, unknown>
  assert.deepEqual(about.recordings, [{ startMs: T0 + 4000, endMs: T0 + 8000 }])
  assert.deepEqual([about.event, about.picture], [null, null])
  const playlist = await (await get(String(about.playlist))).text()
  const listed = segments(playlist)
  assert.equal(listed.length, 2)
  for (const { uri, range } of listed) assert.equal((await get(uri, { Range: range })).status, 206)
  const { uri } = listed[0]!
  assert.equal((await get(uri)).status, 403, 'not the whole slice')
  assert.equal((await get(uri, { Range: 'bytes=0-999' })).status, 403, 'not what lies before')
  assert.equal((await get(uri, { Range: 'bytes=4000-4999' })).status, 403, 'nor behind')
  assert.equal((await get(uri.replace(sliceId(1), sliceId(2)))).status, 403, 'nor another slice')
  assert.equal((await get(uri.replace('/0/', '/1/'))).status, 403, 'nor another channel')
  assert.equal(
    (await get(uri.replace(/m=(.)/, (_, c) => (c === 'A' ? 'm=B' : 'm=A')))).status,
    403,
    'nor with a made-up signature',
  )
  const wider = await get(`/api/shared/${token}/playlist.m3u8?from=${T0}&to=${T0 + HOUR}`)
  assert.equal(segments(await wider.text()).length, 2)
  assert.equal((await get(`/api/shared/${token}/playlist.m3u8?from=${T0 + 9000}`)).status, 400)
  assert.equal((await get('/api/devices', { Authorization: `Bearer ${token}` })).status, 401)
})

test('who has no link has nothing; only admins make and revoke them', async () => {
  assert.equal((await get('/api/shared/made.up')).status, 404)
  const viewer = {
    Authorization: `Bearer ${cloud.viewerToken}`,
    'Content-Type': 'application/json',
  }
  const asked = await fetch(`${cloud.httpUrl}/api${CHANNEL}/shares`, {
    method: 'POST',
    headers: viewer,
    body: JSON.stringify({ fromMs: T0, toMs: T0 + 1000, expiresInSec: 60 }),
  })
  assert.equal(asked.status, 403)
  for (const body of [
    { fromMs: T0, toMs: T0, expiresInSec: 60 },
    { fromMs: T0, toMs: T0 + 1000 },
    { expiresInSec: 60 },
    { fromMs: T0, toMs: T0 + 26 * HOUR, expiresInSec: 60 },
    { fromMs: T0, toMs: T0 + 1000, expiresInSec: 10 },
  ])
    assert.equal((await cloud.api('POST', `${CHANNEL}/shares`, body)).status, 400)
})

test('410 once it is revoked, for what was handed out before too', async () => {
  const made = await share({ fromMs: T0, toMs: T0 + 30_000, expiresInSec: 3600 })
  const [first] = segments(await (await get(`/api/shared/${made.token}/playlist.m3u8`)).text())
  const media = () => get(first!.uri, { Range: first!.range })
  assert.equal((await media()).status, 206)
  assert.equal((await cloud.api('DELETE', `/devices/P1/cam1/shares/${made.id}`)).status, 204)
  for (const answer of [
    await media(),
    await get(`/api/shared/${made.token}`),
    await get(`/api/shared/${made.token}/playlist.m3u8`),
  ]) {
    assert.equal(answer.status, 410)
    assert.equal(await code(answer), 'gone')
  }
  const { shares } = (await (await cloud.api('GET', '/devices/P1/cam1/shares')).json()) as {
    shares: Share[]
  }
  assert.ok(shares.find(({ id }) => id === made.id)!.revokedMs > 0)
})

test('410 once it has expired; a media link expires earlier, and a fresh playlist has fresh ones', async () => {
  const { token } = await share({ fromMs: T0, toMs: T0 + 30_000, expiresInSec: 24 * 3600 })
  const list = async () => segments(await (await get(`/api/shared/${token}/playlist.m3u8`)).text())
  const [old] = await list()
  nowMs += 3 * HOUR
  const stale = await get(old!.uri, { Range: old!.range })
  assert.equal(stale.status, 403)
  assert.equal(await code(stale), 'link_expired')
  const [fresh] = await list()
  assert.equal((await get(fresh!.uri, { Range: fresh!.range })).status, 206)
  nowMs += 24 * HOUR
  assert.equal((await get(`/api/shared/${token}`)).status, 410)
})

test("links of a viewer's playlist need no token, expire, and are fresh in the next playlist", async () => {
  const token = { Authorization: `Bearer ${cloud.viewerToken}` }
  const path = `/api${CHANNEL}/playlist.m3u8?from=${T0}&to=${T0 + 30_000}`
  const list = async () => segments(await (await get(path, token)).text())
  const [first] = await list()
  assert.doesNotMatch(first!.uri, new RegExp(cloud.viewerToken), 'no token in an address')
  const read = (uri: string) => get(uri, { Range: first!.range })
  assert.equal((await read(first!.uri)).status, 206)
  assert.equal((await read(first!.uri.replace('cam1', 'cam2'))).status, 403)
  assert.equal((await read(first!.uri.split('?')[0]!)).status, 401, 'without the signature')
  assert.equal((await list())[0]!.uri, first!.uri, 'the same for a while, for the cache')
  nowMs += 2 * HOUR + 1
  const stale = await read(first!.uri)
  assert.deepEqual([stale.status, await code(stale)], [403, 'link_expired'])
  assert.equal((await read((await list())[0]!.uri)).status, 206)
})

test('410 once the recordings were destroyed', async () => {
  const { token } = await share({ fromMs: T0, toMs: T0 + 30_000, expiresInSec: 3600 })
  assert.equal((await get(`/api/shared/${token}`)).status, 200)
  await cloud.api('POST', `${CHANNEL}/pins`, { fromMs: T0, toMs: T0 + 30_000 })
  assert.equal((await cloud.api('DELETE', '/devices/P1/cam1/recordings')).status, 204)
  assert.equal((await get(`/api/shared/${token}`)).status, 410)
  const { pins } = (await (await cloud.api('GET', '/devices/P1/cam1/pins')).json()) as {
    pins: object[]
  }
  assert.deepEqual(pins, [], 'what is pinned goes too')
})
