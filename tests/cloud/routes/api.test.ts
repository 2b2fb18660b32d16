import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, pieces, SECRET, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const T0 = Date.UTC(2026, 10, 20, 10)

describe('HTTP API', () => {
  let cloud: TestCloud
  let device: TestDevice
  const data = noise(5000)

  before(async () => {
    cloud = await openCloud()
    device = await new TestDevice(cloud).register()
    await device.authorize()
    for (const number of [1, 2])
      await device.upload(
        sliceStart({ id: sliceId(number), startUtcMs: T0 + (number - 1) * 10_000 }),
        data,
        pieces(5, { startMs: T0 + (number - 1) * 10_000 }),
      )
  })
  after(async () => {
    await device.close()
    await cloud.remove()
  })

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${cloud.httpUrl}${path}`, { headers, redirect: 'manual' })
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
  const CHANNEL = '/api/devices/P1/cam1/channels/0'
  const RANGE = `from=${T0}&to=${T0 + 60_000}`

  test('who may do what', async () => {
    const media = `/media/P1/cam1/0/${sliceId(1)}.ts`
    const paths = [
      '/api/devices',
      '/api/devices/P1/cam1',
      `${CHANNEL}/plan`,
      `${CHANNEL}/playlist.m3u8?${RANGE}`,
      media,
    ]
    for (const path of paths) {
      assert.equal((await get(path)).status, 401, `${path} without a token`)
      assert.equal((await get(path, bearer('wrong'))).status, 401, `${path} with a wrong token`)
      assert.equal((await get(path, bearer(cloud.viewerToken))).status, 200, `${path} for a viewer`)
      assert.equal((await get(path, bearer(cloud.adminToken))).status, 200, `${path} for an admin`)
      const sign = path.includes('?') ? '&' : '?'
      assert.equal(
        (await get(`${path}${sign}token=${cloud.viewerToken}`)).status,
        200,
        'players without headers',
      )
      assert.equal((await get(`${path}${sign}token=wrong`)).status, 401)
    }
    const changes: [string, string, object?][] = [
      ['POST', '/api/devices', { productId: 'P1', deviceName: 'x' }],
      ['PUT', `${CHANNEL}/plan`, { type: 'none' }],
      ['POST', '/api/devices/P1/cam1/secret', {}],
      ['DELETE', '/api/devices/P1/cam1'],
    ]
    for (const [method, path, body] of changes)
      for (const [token, status] of [
        ['', 401],
        ['wrong', 401],
        [cloud.viewerToken, 403],
      ] as const) {
        const headers = { 'Content-Type': 'application/json', ...(token && bearer(token)) }
        const response = await fetch(`${cloud.httpUrl}${path}`, {
          method,
          headers,
          ...(body && { body: JSON.stringify(body) }),
        })
        assert.equal(response.status, status, `${method} ${path} with "${token}"`)
        const { error } = (await response.json()) as { error: { code: string; message: string } }
        assert.ok(error.code && error.message.length > 10)
      }
  })

  test('the printed address starts a session; its cookie is out of reach of scripts and other sites', async () => {
    const entered = await get(`/?token=${cloud.viewerToken}`)
    assert.equal(entered.status, 302)
    assert.equal(entered.headers.get('Location'), '/')
    const cookie = entered.headers.get('Set-Cookie') ?? ''
    assert.match(cookie, /HttpOnly/)
    assert.match(cookie, /SameSite=Strict/)
    assert.doesNotMatch(cookie, new RegExp(cloud.viewerToken))
    const session = { Cookie: cookie.split(';')[0]! }
    assert.equal((await get('/api/devices', session)).status, 200)
    assert.equal((await get('/api/devices', { ...session, ...bearer('wrong') })).status, 401)
    const forged = { Cookie: session.Cookie.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A')) }
    assert.equal((await get('/api/devices', { Cookie: `${forged.Cookie}x` })).status, 401)
    const upload = { Cookie: `skyrill_session=${device.token}` }
    assert.equal((await get('/api/devices', upload)).status, 401, 'an upload token is no session')
    const denied = await get('/?token=wrong')
    assert.equal(denied.headers.get('Location'), '/?denied')
  })

  test('headers against the usual attacks; no word for other sites', async () => {
    const page = await get('/')
    const policy = page.headers.get('Content-Security-Policy') ?? ''
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      assert.ok(policy.includes(part), part)
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(page.headers.get('X-Content-Type-Options'), 'nosniff')
    assert.equal(page.headers.get('Referrer-Policy'), 'no-referrer')
    const api = await get('/api/devices', {
      ...bearer(cloud.adminToken),
      Origin: 'https://evil.example',
    })
    assert.equal(api.headers.get('Access-Control-Allow-Origin'), null)
  })

  test('unknown things are 404 in JSON; no path leads out', async () => {
    const admin = bearer(cloud.adminToken)
    const paths = [
      '/api/devices/P1/nobody',
      '/api/devices/P1/nobody/channels/0/playlist.m3u8?from=1&to=2',
      '/api/devices/P1/cam1/channels/65/plan',
      '/api/devices/P1/cam1/channels/x/plan',
      '/api/nothing',
      `/media/P1/nobody/0/${sliceId(1)}.ts`,
      `/media/P1/cam1/0/${sliceId(77)}.ts`,
      `/media/P1/cam1/0/${sliceId(1)}.mp4`,
      `/media/P1/cam1/0/${sliceId(1)}.ts.ts`,
      '/media/P1/cam1/0/..%2f..%2f..%2fadmin-token',
      '/media/P1/..%2f..%2f..%2f/0/version',
      '/media/..%2f..%2f/cam1/0/admin-token',
      '/admin-token',
      '/..%2fadmin-token',
    ]
    for (const path of paths) {
      const response = await get(path, admin)
      assert.equal(response.status, 404, path)
      const { error } = (await response.json()) as { error: { code: string } }
      assert.equal(error.code, 'not_found', path)
    }
  })

  test('devices: made, listed, refused with what is wrong, deleted with their recordings', async () => {
    const made = await cloud.api('POST', '/devices', {
      productId: 'P2',
      deviceName: 'garden.1',
      label: 'Garden',
    })
    assert.equal(made.status, 201)
    const { deviceSecret, ...view } = (await made.json()) as Record<string, unknown>
    assert.equal(Buffer.from(String(deviceSecret), 'base64').length, 32)
    assert.equal(view.label, 'Garden')
    const listed = await (await cloud.api('GET', '/devices')).text()
    assert.match(listed, /garden\.1/)
    assert.ok(
      !listed.includes(String(deviceSecret)) && !listed.includes(SECRET),
      'secrets are told once',
    )
    const bad: [object | string, number, RegExp][] = [
      [{ productId: 'P2', deviceName: 'garden.1' }, 409, /exists/],
      [{ productId: 'P', deviceName: '2garden.1' }, 409, /client id/],
      [{ productId: 'P2' }, 400, /deviceName/],
      [{ productId: '../..', deviceName: 'x' }, 400, /productId/],
      [{ productId: 'P2', deviceName: '..' }, 400, /deviceName/],
      [{ productId: 'P2', deviceName: 'a/b' }, 400, /deviceName/],
      [{ productId: 'P2', deviceName: 'x', deviceSecret: 'short' }, 400, /deviceSecret/],
    ]
    for (const [body, status, message] of bad) {
      const response = await cloud.api('POST', '/devices', body)
      assert.equal(response.status, status, JSON.stringify(body))
      assert.match(await response.text(), message)
    }
    const notJson = await fetch(`${cloud.httpUrl}/api/devices`, {
      method: 'POST',
      headers: { ...bearer(cloud.adminToken), 'Content-Type': 'application/json' },
      body: '{',
    })
    assert.equal(notJson.status, 400)
    const gone = await new TestDevice(cloud, 'P2', 'gone').register()
    await gone.authorize()
    await gone.upload(sliceStart(), data, pieces(5))
    assert.equal((await cloud.api('DELETE', gone.path)).status, 204)
    assert.equal((await cloud.api('GET', gone.path)).status, 404)
    assert.equal((await cloud.api('DELETE', gone.path)).status, 404)
    const anew = await new TestDevice(cloud, 'P2', 'gone').register()
    await anew.authorize()
    assert.equal((await anew.create(sliceStart())).status, 201, 'nothing is left of the one before')
    await gone.close()
    await anew.close()
  })

  test('plans: set, shown, refused with what is wrong', async () => {
    const plan = async (body: object) =>
      cloud.api('PUT', '/devices/P2/garden.1/channels/1/plan', body)
    const trial = (await (await plan({ type: 'trial', trialSec: 60, days: 1 })).json()) as Record<
      string,
      unknown
    >
    assert.deepEqual([trial.type, trial.recording, trial.trialSecondsLeft], ['trial', true, 60])
    const off = (await (await plan({ type: 'full', enabled: false })).json()) as Record<
      string,
      unknown
    >
    assert.deepEqual([off.type, off.enabled, off.recording], ['full', false, false])
    for (const body of [
      {},
      { type: 'always' },
      { type: 'trial' },
      { type: 'full', trialSec: 5 },
      { type: 'full', days: -1 },
    ])
      assert.equal((await plan(body)).status, 400, JSON.stringify(body))
  })

  test('playlists, time line, days and slices of a range', async () => {
    const json = async (path: string) =>
      (await (await cloud.api('GET', `/devices/P1/cam1/channels/0/${path}`)).json()) as never
    const text = async (path: string) =>
      (await cloud.api('GET', `/devices/P1/cam1/channels/0/${path}`)).text()
    const whole = await text(`playlist.m3u8?${RANGE}`)
    assert.equal(whole.match(/EXTINF/g)?.length, 10)
    assert.match(whole, /ENDLIST/)
    assert.doesNotMatch(whole, /DISCONTINUITY/)
    const part = await text(`playlist.m3u8?from=${T0 + 3000}&to=${T0 + 7000}`)
    assert.equal(part.match(/EXTINF/g)?.length, 3, 'GOPs that the range touches')
    assert.match(part, /PROGRAM-DATE-TIME:2026-11-20T10:00:02\.000Z/)
    const master = await text(`master.m3u8?${RANGE}`)
    assert.match(master, /CODECS="avc1\.64001f,mp4a\.40\.2",RESOLUTION=1280x720/)
    const withToken = await (
      await get(`${CHANNEL}/playlist.m3u8?${RANGE}&token=${cloud.viewerToken}`)
    ).text()
    const uri = /^\/media\S+/m.exec(withToken)![0]
    assert.equal((await get(uri)).status, 200, 'the token goes on to the segments')
    assert.deepEqual(
      await json(`timeline?${RANGE}`).then(
        ({ recordings }: { recordings: object[] }) => recordings,
      ),
      [{ startMs: T0, endMs: T0 + 20_000 }],
    )
    const { days } = (await json('days?from=2026-11-19&to=2026-11-21&tz=Asia/Tokyo')) as {
      days: { date: string; recorded: boolean }[]
    }
    assert.deepEqual(
      days.map(({ date, recorded }) => [date, recorded]),
      [
        ['2026-11-19', false],
        ['2026-11-20', true],
        ['2026-11-21', false],
      ],
    )
    const { slices } = (await json(`slices?${RANGE}`)) as {
      slices: { id: string; bytes: number }[]
    }
    assert.deepEqual(
      slices.map(({ id, bytes }) => [id, bytes]),
      [
        [sliceId(1), 5000],
        [sliceId(2), 5000],
      ],
    )
    const live = await get(`${CHANNEL}/playlist.m3u8`, bearer(cloud.viewerToken))
    assert.equal(live.status, 302)
    assert.match(live.headers.get('Location') ?? '', /from=\d{13}/)
    for (const bad of [
      `playlist.m3u8?from=5&to=5`,
      'playlist.m3u8?to=5',
      'playlist.m3u8?from=x',
      `playlist.m3u8?from=0&to=${T0}`,
      'playlist.m3u8?from=1',
      'timeline?from=1',
      'days?from=2026-13-01&to=2026-13-02',
      'days?from=2026-01-01&to=2026-01-02&tz=Mars/Olympus',
      'days?from=2026-01-02&to=2026-01-01',
    ])
      assert.equal((await cloud.api('GET', `/devices/P1/cam1/channels/0/${bad}`)).status, 400, bad)
  })

  test('media by range', async () => {
    const path = `/media/P1/cam1/0/${sliceId(1)}.ts`
    const viewer = bearer(cloud.viewerToken)
    const whole = await get(path, viewer)
    assert.equal(whole.status, 200)
    assert.equal(whole.headers.get('Content-Type'), 'video/mp2t')
    assert.equal(whole.headers.get('Content-Length'), '5000')
    assert.deepEqual(Buffer.from(await whole.arrayBuffer()), data)
    const etag = whole.headers.get('ETag')!
    assert.equal((await get(path, { ...viewer, 'If-None-Match': etag })).status, 304)
    const range = await get(path, { ...viewer, Range: 'bytes=1000-1999' })
    assert.equal(range.status, 206)
    assert.equal(range.headers.get('Content-Range'), 'bytes 1000-1999/5000')
    assert.match(range.headers.get('Cache-Control') ?? '', /private.*immutable/)
    assert.deepEqual(Buffer.from(await range.arrayBuffer()), data.subarray(1000, 2000))
    const beyond = await get(path, { ...viewer, Range: 'bytes=5000-' })
    assert.equal(beyond.status, 416)
    assert.equal(beyond.headers.get('Content-Range'), 'bytes */5000')
    const head = await fetch(`${cloud.httpUrl}${path}`, { method: 'HEAD', headers: viewer })
    assert.deepEqual([head.status, head.headers.get('Content-Length')], [200, '5000'])
  })

  test('a recording that the store has lost is 404, and the log says so', async () => {
    const id = sliceId(3, 'feedfeedfeedfeed')
    await device.upload(
      sliceStart({ id, startUtcMs: T0 - 600_000 }),
      data,
      pieces(5, { startMs: T0 - 600_000 }),
    )
    rmSync(join(cloud.folder, 'objects/P1/cam1/0/feedfeedfeedfeed'), { recursive: true })
    const lost = await get(`/media/P1/cam1/0/${id}.ts`, bearer(cloud.viewerToken))
    assert.equal(lost.status, 404)
    assert.match(await lost.text(), /was lost/)
    assert.match(cloud.log.join('\n'), /not in the store/)
  })

  test('live: finished GOPs of the open slice are listed at once and never change', async () => {
    const now = Date.now()
    const list = pieces(4, { startMs: now - 20_000 })
    const id = sliceId(50)
    await device.create(sliceStart({ id, startUtcMs: now - 20_000 }))
    const playlist = async () =>
      (
        await cloud.api('GET', `/devices/P1/cam1/channels/0/playlist.m3u8?from=${now - 21_000}`)
      ).text()
    const seen: string[] = []
    for (const [at, piece] of list.entries()) {
      const open = { ...piece, b: 600, d: 1200, open: 1 }
      await device.append(id, at * 1000, data.subarray(0, 600), { pieces: [open] })
      assert.equal((await playlist()).match(/EXTINF/g)?.length ?? 0, at, 'what grows is not listed')
      await device.append(id, at * 1000 + 600, data.subarray(0, 400), { pieces: [piece] })
      seen.push(await playlist())
    }
    assert.equal(seen.at(-1)!.match(/EXTINF/g)?.length, 4)
    for (const [at, text] of seen.entries())
      if (at > 0) assert.ok(text.startsWith(seen[at - 1]!), 'each list begins with the one before')
    const media = `/media/P1/cam1/0/${id}.ts`
    const range = await get(media, { ...bearer(cloud.viewerToken), Range: 'bytes=0-999' })
    assert.match(range.headers.get('Cache-Control') ?? '', /immutable/)
    const tail = await get(media, { ...bearer(cloud.viewerToken), Range: 'bytes=0-9999' })
    assert.equal(tail.headers.get('Cache-Control'), 'no-store', 'what is cut at the end may grow')
    assert.equal(tail.headers.get('Content-Range'), 'bytes 0-3999/*')
  })

  test('a restart keeps everything', async () => {
    await device.close()
    cloud = await cloud.restart()
    device.cloud = cloud
    const slices = (await (
      await cloud.api('GET', `/devices/P1/cam1/channels/0/slices?${RANGE}`)
    ).json()) as { slices: object[] }
    assert.equal(slices.slices.length, 2)
    await device.authorize()
    assert.equal(
      (await device.head(sliceId(50))).headers.get('Upload-Offset'),
      '4000',
      'an open slice goes on',
    )
    const plan = (await (await cloud.api('GET', '/devices/P1/cam1/channels/0/plan')).json()) as {
      type: string
    }
    assert.equal(plan.type, 'full')
  })
})

test('a second server on the same data folder or port is refused with what to do', async () => {
  const cloud = await openCloud()
  try {
    const port = Number(new URL(cloud.httpUrl).port)
    await assert.rejects(
      () => openCloud({ httpPort: port }),
      new RegExp(`HTTP port ${port} cannot be opened`),
    )
    const mqttPort = Number(new URL(cloud.mqttUrl).port)
    await assert.rejects(
      () => openCloud({ mqttPort }),
      new RegExp(`MQTT port ${mqttPort} cannot be opened`),
    )
  } finally {
    await cloud.remove()
  }
})
