import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { addressKey } from '../../../cloud/server/limits/client-address.ts'
import { TokenBuckets } from '../../../cloud/server/limits/token-bucket.ts'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const PASSWORD = 'a long enough pass phrase'

/** Somebody on the network, with or without an account, and pages of other sites in the browser of somebody who has one. */
describe('threats from people and other sites', () => {
  let cloud: TestCloud
  let device: TestDevice
  before(async () => {
    // a proxy in front, so that the tests can come from as many addresses as they like
    // on a clock that stands still: how fast the machine is decides nothing
    const startMs = Date.now()
    cloud = await openCloud(
      { proxies: 1, apiPerSecond: 5 },
      { now: () => startMs, passwordLog2N: 10 },
    )
    device = await new TestDevice(cloud).register()
    for (const [name, role] of [
      ['anna', 'admin'],
      ['bob', 'viewer'],
    ] as const)
      await cloud.api('POST', '/accounts', { name, role, password: PASSWORD })
  })
  after(async () => {
    await device.close()
    await cloud.remove()
  })

  let addresses = 0
  const freshAddress = () => `198.51.100.${++addresses}`
  const call = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    fetch(`${cloud.httpUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'X-Forwarded-For': freshAddress(),
        'Content-Type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const login = (name: string, password: string, headers = {}) =>
    call('POST', '/api/session', { name, password }, headers)
  const cookieOf = (answer: Response) => (answer.headers.get('Set-Cookie') ?? '').split(';')[0]!
  const own = () => ({ Origin: cloud.httpUrl })

  test('guessing passwords is held back by address and by name', async () => {
    const address = { 'X-Forwarded-For': freshAddress() }
    const statuses: number[] = []
    const tried = await Promise.all(
      Array.from({ length: 14 }, () => login('bob', 'guess', address)),
    )
    for (const answer of tried) statuses.push(answer.status)
    assert.ok(statuses.filter((status) => status === 401).length <= 10, statuses.join())
    const held = tried.find((answer) => answer.status === 429)!
    assert.ok(Number(held.headers.get('Retry-After')) >= 1)
    // another address with the same name: held back after twice as many
    const wide = await Promise.all(Array.from({ length: 16 }, () => login('bob', 'guess')))
    assert.ok(wide.some((answer) => answer.status === 429))
    assert.equal((await login('anna', PASSWORD)).status, 200, 'other people get in')
  })

  test('an address cannot be made up beyond what the proxy wrote', async () => {
    const address = freshAddress()
    const tried = await Promise.all(
      Array.from({ length: 14 }, (_, at) =>
        call(
          'POST',
          '/api/session',
          { token: `guess ${at}` },
          { 'X-Forwarded-For': `203.0.113.${at}, ${address}` },
        ),
      ),
    )
    assert.ok(tried.some((answer) => answer.status === 429))
    assert.equal(addressKey('2001:db8:1:2:3::1'), addressKey('2001:DB8:0001:2::ffff'))
    assert.notEqual(addressKey('2001:db8:1:2::1'), addressKey('2001:db8:1:3::1'))
    assert.equal(addressKey('::ffff:192.0.2.1'), '192.0.2.1')
  })

  test('the API is held to a rate for each address', async () => {
    const address = { 'X-Forwarded-For': freshAddress() }
    const tried = await Promise.all(
      Array.from({ length: 40 }, () => call('GET', '/api/session', undefined, address)),
    )
    assert.ok(tried.some((answer) => answer.status === 429))
    assert.equal((await call('GET', '/api/session')).status, 401, 'others go on')
  })

  test('limits forget nobody who is held back, and cost a bounded memory', () => {
    let nowMs = 0
    const buckets = new TokenBuckets(1, 2, () => nowMs)
    assert.deepEqual([buckets.take('a'), buckets.take('a'), buckets.take('a')], [0, 0, 1])
    nowMs += 1000
    assert.equal(buckets.take('a'), 0)
    for (let at = 0; at < 9999; at++) buckets.take(`stranger ${at}`)
    assert.equal(buckets.take('a'), 1, 'still held back')
    buckets.giveBack('a')
    assert.equal(buckets.take('a'), 0)
  })

  test('nobody can tell which accounts exist', async () => {
    const known = await login('anna', 'wrong password')
    const unknown = await login('nobody', 'wrong password')
    const body = async (answer: Response) => [answer.status, await answer.text()]
    assert.deepEqual(await body(known), await body(unknown))
  })

  test('a session that somebody planted is not the one that is logged in', async () => {
    const planted = `skyrill_session=${'A'.repeat(43)}`
    const entered = await login('anna', PASSWORD, { Cookie: planted })
    const cookie = cookieOf(entered)
    assert.notEqual(cookie, planted)
    assert.equal((await call('GET', '/api/session', undefined, { Cookie: planted })).status, 401)
    const again = cookieOf(await login('anna', PASSWORD, { Cookie: cookie }))
    assert.notEqual(again, cookie)
    assert.equal((await call('GET', '/api/session', undefined, { Cookie: cookie })).status, 401)
    assert.equal((await call('GET', '/api/session', undefined, { Cookie: again })).status, 200)
  })

  test('another site changes nothing with the cookie of its visitor', async () => {
    const Cookie = cookieOf(await login('anna', PASSWORD))
    const device = { productId: 'P1', deviceName: 'forged' }
    for (const headers of [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site', Origin: cloud.httpUrl },
      { Origin: `${cloud.httpUrl}.evil.example` },
      {},
    ])
      assert.equal(
        (await call('POST', '/api/devices', device, { Cookie, ...headers } as never)).status,
        403,
        JSON.stringify(headers),
      )
    // what a form of another site can send without asking is no JSON
    const form = await call('POST', '/api/devices', 'productId=P1', {
      Cookie,
      ...own(),
      'Content-Type': 'application/x-www-form-urlencoded',
    })
    assert.ok(form.status === 400 || form.status === 415)
    assert.equal(
      (await call('DELETE', '/api/session', undefined, { Cookie, Origin: 'https://evil.example' }))
        .status,
      403,
    )
    assert.equal(
      (await login('anna', PASSWORD, { Origin: 'https://evil.example' })).status,
      403,
      'nor logs it in',
    )
    assert.equal((await call('POST', '/api/devices', device, { Cookie, ...own() })).status, 201)
  })

  test('other sites can neither read answers nor frame the page', async () => {
    const answer = await call('GET', '/', undefined, { Origin: 'https://evil.example' })
    assert.equal(answer.headers.get('Access-Control-Allow-Origin'), null)
    assert.equal(answer.headers.get('X-Frame-Options'), 'DENY')
    assert.match(answer.headers.get('Content-Security-Policy') ?? '', /frame-ancestors 'none'/)
    assert.equal(answer.headers.get('X-Content-Type-Options'), 'nosniff')
    const preflight = await call('OPTIONS', '/api/devices', undefined, {
      Origin: 'https://evil.example',
      'Access-Control-Request-Method': 'DELETE',
    })
    assert.equal(preflight.headers.get('Access-Control-Allow-Origin'), null)
  })

  test('text of devices and people is data: JSON, with a policy that runs no script of a page', async () => {
    const label = '<img src=x onerror=alert(1)>"\'</script>'
    const made = await cloud.api('POST', '/devices', { productId: 'P1', deviceName: 'xss', label })
    assert.equal(made.status, 201)
    const listed = await cloud.api('GET', '/devices/P1/xss')
    assert.match(listed.headers.get('Content-Type') ?? '', /^application\/json/)
    assert.equal(((await listed.json()) as { label: string }).label, label)
    const policy = (await call('GET', '/')).headers.get('Content-Security-Policy') ?? ''
    assert.match(policy, /script-src 'self'(;|$| 'wasm-unsafe-eval')/)
    assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|\*/)
    for (const html of [
      '/<script>alert(1)</script>',
      '/api/%3Cscript%3E',
      '/media/%3Csvg%3E/x/0/y',
    ]) {
      const answer = await call('GET', html, undefined, {
        Authorization: `Bearer ${cloud.adminToken}`,
      })
      assert.match(answer.headers.get('Content-Type') ?? '', /^application\/json/, html)
    }
  })

  test('a picture is shown as a picture, whatever its device says it is', async () => {
    await device.authorize()
    const key = '00112233445566aa-00000001'
    const start = { channel: 0, key, eventId: 1, info: '<b>', startMs: 1, videoStartMs: 1, ai: 0 }
    const reply = await device.ask('event', 'event_start', start)
    assert.ok(reply.method === 'event_start_reply' && reply.data)
    const html = Buffer.from('<script>alert(1)</script>')
    const { createHash } = await import('node:crypto')
    const put = (type: string) =>
      fetch(reply.method === 'event_start_reply' ? reply.data!.picture.url : '', {
        method: 'PUT',
        headers: {
          Authorization: `Bearer ${reply.method === 'event_start_reply' ? reply.data!.picture.token : ''}`,
          'Content-Type': type,
          'Upload-Checksum': `sha256 ${createHash('sha256').update(html).digest('base64')}`,
        },
        body: html,
      })
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml'])
      assert.equal((await put(type)).status, 415, type)
    assert.equal((await put('image/jpeg')).status, 204)
    const shown = await cloud.api('GET', `/devices/P1/cam1/channels/0/events/${key}/picture`)
    assert.equal(shown.headers.get('Content-Type'), 'image/jpeg')
    assert.equal(shown.headers.get('X-Content-Type-Options'), 'nosniff')
  })

  test('no path leads out of what is served', async () => {
    const admin = { Authorization: `Bearer ${cloud.adminToken}` }
    for (const path of [
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/admin-token',
      '/main.js/../../../admin-token',
      '/media/P1/cam1/0/..%2f..%2f..%2f..%2fadmin-token',
      '/media/..%2f..%2f/cam1/0/admin-token',
      '/api/devices/..%2f..%2f/x',
      '/media/P1/cam1/0/%00',
    ]) {
      const answer = await call('GET', path, undefined, admin)
      assert.equal(answer.status, 404, path)
      assert.ok(!(await answer.text()).includes(cloud.adminToken))
    }
  })

  test('bodies that are too large, too deep, packed or no JSON are refused', async () => {
    const admin = { Authorization: `Bearer ${cloud.adminToken}` }
    const post = (body: string | Buffer, headers = {}) =>
      fetch(`${cloud.httpUrl}/api/devices`, {
        method: 'POST',
        headers: {
          ...admin,
          'X-Forwarded-For': freshAddress(),
          'Content-Type': 'application/json',
          ...headers,
        },
        body,
      })
    assert.equal((await post(`{"label":"${'x'.repeat(70_000)}"}`)).status, 413)
    assert.equal((await post('['.repeat(60_000))).status, 400)
    assert.equal((await post(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)).status, 400)
    assert.equal((await post('{"__proto__":{"role":"admin"},"productId":"P1"}')).status, 400)
    const bomb = gzipSync(Buffer.alloc(10_000_000))
    assert.equal((await post(bomb, { 'Content-Encoding': 'gzip' })).status, 415)
    assert.equal((await call('GET', '/api/devices', undefined, admin)).status, 200)
  })

  test('a header that is too large is refused, and the server goes on', async () => {
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(cloud.httpUrl).port), '127.0.0.1')
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
      socket.write(
        `GET /api/devices HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Long: ${'x'.repeat(200_000)}\r\n\r\n`,
      )
    })
    assert.ok(answer === '' || /^HTTP\/1\.1 4\d\d/.test(answer), answer.slice(0, 80))
    assert.equal((await call('GET', '/healthz')).status, 200)
  })

  test('nobody writes lines of his own into the log', async () => {
    const before = cloud.log.length
    await call('GET', '/x%0a%7b%22level%22%3a%22error%22%7d')
    await login('a\n{"level":"error","message":"forged"}', 'x')
    await call('GET', '/api/session', undefined, { 'X-Request-Id': 'forged' })
    for (const line of cloud.log.slice(before)) {
      assert.ok(!line.includes('\n'))
      assert.notEqual((JSON.parse(line) as { requestId?: string }).requestId, 'forged')
      assert.notEqual((JSON.parse(line) as { level: string }).level, 'error')
    }
  })

  test('a viewer changes nothing', async () => {
    // bob was held back by the guesses above; a token of a viewer has the same role
    const Authorization = `Bearer ${cloud.viewerToken}`
    const changes: [string, string, object?][] = [
      ['POST', '/api/devices', { productId: 'P1', deviceName: 'x' }],
      ['DELETE', '/api/devices/P1/cam1'],
      ['POST', '/api/devices/P1/cam1/secret', {}],
      ['DELETE', '/api/devices/P1/cam1/recordings'],
      ['PUT', '/api/devices/P1/cam1/channels/0/plan', { type: 'none' }],
      ['GET', '/api/accounts'],
      ['POST', '/api/accounts', { name: 'eve', role: 'admin', password: PASSWORD }],
      ['PATCH', '/api/accounts/1', { role: 'viewer' }],
      ['DELETE', '/api/accounts/1'],
    ]
    for (const [method, path, body] of changes)
      assert.equal(
        (await call(method, path, body, { Authorization })).status,
        403,
        `${method} ${path}`,
      )
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      assert.notEqual(
        (await call(method, `/api/devices?token=${cloud.adminToken}`)).status,
        200,
        'a token in the address changes nothing',
      )
  })

  test('a share shows its range and nothing else, ends when it is revoked, and is not in the log', async () => {
    await device.authorize()
    const startMs = Date.UTC(2026, 10, 20, 10)
    for (const at of [0, 1])
      await device.upload(
        sliceStart({ id: sliceId(30 + at), startUtcMs: startMs + at * 60_000 }),
        noise(5000),
        pieces(5, { startMs: startMs + at * 60_000 }),
      )
    const made = await cloud.api('POST', '/devices/P1/cam1/channels/0/shares', {
      fromMs: startMs,
      toMs: startMs + 10_000,
      expiresInSec: 3600,
    })
    assert.equal(made.status, 201, await made.clone().text())
    const share = (await made.json()) as { id: string; url: string }
    const token = new URL(share.url).pathname.split('/').at(-1)!
    const shared = `/api/shared/${token}`
    const list = await (await call('GET', `${shared}/playlist.m3u8`)).text()
    const link = /^\/media\S+/m.exec(list)![0]
    assert.equal((await call('GET', link)).status, 200)
    assert.equal((await call('GET', link.replace(sliceId(30), sliceId(31)))).status, 403)
    assert.equal((await call('GET', link.replace(/\?.*/, ''))).status, 401)
    assert.equal((await call('GET', link.replace('/0/', '/1/'))).status, 403)
    const beyond = `${shared}/playlist.m3u8?from=${startMs}&to=${startMs + 120_000}`
    assert.ok(!(await (await call('GET', beyond)).text()).includes(sliceId(31)))
    for (const path of ['/api/devices', '/api/devices/P1/cam1', '/api/accounts'])
      assert.equal((await call('GET', `${path}?token=${token}`)).status, 401)
    assert.equal((await call('GET', `/api/shared/${token}x`)).status, 404)
    await call('GET', `/s/${token}`)
    assert.equal((await cloud.api('DELETE', `/devices/P1/cam1/shares/${share.id}`)).status, 204)
    assert.equal((await call('GET', shared)).status, 410)
    assert.equal((await call('GET', link)).status, 410)
    assert.ok(!cloud.log.join('\n').includes(token))
  })

  test('no secret, password or token is in the log of all this', async () => {
    await device.upload(sliceStart({ id: sliceId(1) }), noise(5000), pieces(5))
    const text = cloud.log.join('\n')
    assert.ok(cloud.log.length > 50)
    const cookie = cookieOf(await login('anna', PASSWORD)).split('=')[1]!
    for (const secret of [PASSWORD, cloud.adminToken, cloud.viewerToken, device.token, cookie])
      assert.ok(!text.includes(secret))
    assert.doesNotMatch(text, /hmacsha256|\$scrypt\$|Bearer/)
  })
})
