import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { noise, pieces, sha256, sliceId, sliceStart, TestDevice } from '../cloud/support/device.ts'

type Message = {
  id: string
  topic: string
  text: string
  device: { productId: string; deviceName: string; label: string }
  event: { key: string }
  links: { page: string; picture: string; playlist: string; result: string }
}
type Letter = { id: number; hookId: string; attempts: number; reason: string; message: Message }
type Got = {
  path: string
  headers: Record<string, unknown>
  body: string
  json: Message
}

/** A receiver that answers as it is told to. */
const openReceiver = async () => {
  const got: Got[] = []
  const state = { status: 200, location: '' }
  const server: Server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      got.push({ path: request.url ?? '', headers: request.headers, body, json: JSON.parse(body) })
      response.writeHead(state.status, state.location ? { Location: state.location } : {})
      response.end('said so')
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { got, state, url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

const event = (number: number, more: object = {}) => ({
  channel: 0,
  key: `00112233445566aa-${String(number).padStart(8, '0')}`,
  eventId: 3,
  info: 'front door',
  startMs: 1_780_000_000_000,
  videoStartMs: 1_780_000_000_000,
  ai: 0,
  ...more,
})
const ENDED = {
  endMs: 1_780_000_010_000,
  videoEndMs: 1_780_000_010_000,
  video: 'whole',
  picture: 'none',
}

describe('hooks', () => {
  let cloud: TestCloud
  let device: TestDevice
  let receiver: Awaited<ReturnType<typeof openReceiver>>
  let nowMs = Date.now()
  before(async () => {
    receiver = await openReceiver()
    cloud = await openCloud(
      { allowPrivateHooks: true },
      { now: () => nowMs, notifyTiming: { retryMs: [1, 1], watchMs: 100, settleMs: 0 } },
    )
    device = await new TestDevice(cloud).register()
    await device.authorize()
  })
  after(async () => {
    await device.close()
    await cloud.remove()
    receiver.close()
  })

  const makeHook = async (path: string, rule: object, target = receiver.url) => {
    const made = await cloud.api('POST', '/hooks', {
      kind: 'webhook',
      name: path,
      target: `${target}/${path}`,
      rule,
    })
    assert.equal(made.status, 201, await made.clone().text())
    return (await made.json()) as { id: string; secret: string }
  }
  const arrived = (path: string) => receiver.got.filter((one) => one.path === `/${path}`)
  const heard = (path: string, count = 1) =>
    until(`${count} at ${path}`, () => arrived(path).length >= count && arrived(path), 30_000)
  const queue = async (state: string) =>
    (
      (await (await cloud.api('GET', `/deliveries?state=${state}`)).json()) as {
        deliveries: Letter[]
      }
    ).deliveries

  test('an event is told to each hook that wants it, once, signed', async () => {
    const hook = await makeHook('events', { topics: ['event'], eventIds: [3] })
    await makeHook('others', { topics: ['event'], eventIds: [4] })
    await device.ask('event', 'event_start', event(1))
    const [first] = await heard('events')
    assert.equal(first!.json.topic, 'event')
    assert.equal(first!.json.event.key, event(1).key)
    assert.deepEqual(first!.json.device, { productId: 'P1', deviceName: 'cam1', label: '' })
    assert.match(first!.json.text, /cam1.*front door/)
    assert.equal(first!.json.links.page, `${cloud.httpUrl}/#P1/cam1/0@1780000000000`)
    assert.equal(first!.headers['skyrill-hook'], hook.id)
    const [, t, v1] = /^t=(\d+),v1=(\w+)$/.exec(String(first!.headers['skyrill-signature']))!
    const wanted = createHmac('sha256', hook.secret).update(`${t}.${first!.body}`).digest('hex')
    assert.equal(v1, wanted)
    // told again by the device, and by its end
    await device.ask('event', 'event_start', event(1))
    await device.ask('event', 'event_stop', { ...event(1), ...ENDED })
    await device.ask('event', 'event_start', event(2))
    await heard('events', 2)
    assert.deepEqual(
      arrived('events')
        .map((one) => one.json.event.key)
        .sort(),
      [event(1).key, event(2).key],
    )
    assert.deepEqual(arrived('others'), [])
    await cloud.api('DELETE', `/hooks/${hook.id}`)
  })

  test('messages of a hook are spaced', async () => {
    await makeHook('spaced', { topics: ['event'], throttleSec: 60 })
    await device.ask('event', 'event_start', event(10))
    await device.ask('event', 'event_start', event(11))
    nowMs += 61_000
    await device.ask('event', 'event_start', event(12))
    await heard('spaced', 2)
    assert.deepEqual(
      arrived('spaced')
        .map((one) => one.json.event.key)
        .sort(),
      [event(10).key, event(12).key],
    )
  })

  test('what fails is tried again, then it is a dead letter that can be driven again', async () => {
    const { id } = await makeHook('failing', { topics: ['event'] })
    receiver.state.status = 503
    await device.ask('event', 'event_start', event(20))
    const dead = await until(
      'a dead letter',
      async () => {
        nowMs += 100
        return (await queue('dead')).find((one) => one.hookId === id)
      },
      30_000,
    )
    assert.equal(dead.attempts, 3)
    assert.match(dead.reason, /answered 503: said so/)
    assert.equal(dead.message.event.key, event(20).key)
    assert.equal(arrived('failing').length, 3)
    receiver.state.status = 200
    assert.equal((await cloud.api('POST', `/deliveries/${dead.id}/retry`)).status, 202)
    await heard('failing', 4)
    await until(
      'it is done',
      async () => (await queue('done')).some((one) => one.id === dead.id),
      30_000,
    )
    assert.equal((await cloud.api('POST', `/deliveries/${dead.id}/retry`)).status, 404)
    await cloud.api('DELETE', `/hooks/${id}`)
  })

  test('redirects are not followed, a hook that has gone is switched off', async () => {
    const { id } = await makeHook('moved', { topics: ['event'] })
    receiver.state.status = 302
    receiver.state.location = `${receiver.url}/elsewhere`
    await device.ask('event', 'event_start', event(30))
    await until(
      'given up',
      async () => {
        nowMs += 100
        return (await queue('dead')).some((one) => one.hookId === id && /302/.test(one.reason))
      },
      30_000,
    )
    assert.deepEqual(arrived('elsewhere'), [])
    receiver.state.status = 410
    await device.ask('event', 'event_start', event(31))
    await until(
      'switched off',
      async () => {
        const { hooks } = (await (await cloud.api('GET', '/hooks')).json()) as {
          hooks: { id: string; enabled: boolean }[]
        }
        return hooks.find((hook) => hook.id === id)?.enabled === false
      },
      30_000,
    )
    receiver.state.status = 200
    receiver.state.location = ''
    await cloud.api('DELETE', `/hooks/${id}`)
  })

  test('what is refused, and that secrets are told once', async () => {
    const hook = {
      kind: 'webhook',
      name: 'x',
      target: 'https://example.org/',
      rule: { topics: ['event'] },
    }
    for (const [body, reason] of [
      [{ ...hook, target: 'ftp://example.org/' }, /target/],
      [{ ...hook, target: 'https://user:password@example.org/' }, /password/],
      [{ ...hook, target: 'nonsense' }, /target/],
      [{ ...hook, kind: 'email', target: 'nobody' }, /mailbox/],
      [
        { ...hook, kind: 'email', target: 'a@example.org', rule: { topics: ['analysis'] } },
        /webhooks/,
      ],
      [{ ...hook, rule: { topics: [] } }, /topics/],
      [
        { ...hook, rule: { topics: ['event'], quiet: { from: '25:00', to: '07:00', tz: 'UTC' } } },
        /quiet/,
      ],
    ] as const) {
      const answer = await cloud.api('POST', '/hooks', body)
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.match(await answer.text(), reason)
    }
    const { secret } = await makeHook('secret', { topics: ['online'] })
    assert.ok(!(await (await cloud.api('GET', '/hooks')).text()).includes(secret))
    const viewer = { headers: { Authorization: `Bearer ${cloud.viewerToken}` } }
    assert.equal((await fetch(`${cloud.httpUrl}/api/hooks`, viewer)).status, 403)
    assert.equal((await fetch(`${cloud.httpUrl}/api/deliveries`, viewer)).status, 403)
  })

  test('analysis: the analyser sees the event and nothing else; what it finds reaches device and page', async () => {
    await device.authorize()
    await device.upload(sliceStart({ id: sliceId(40) }), noise(5000), pieces(5))
    const hook = await makeHook('analyser', { topics: ['analysis'], ai: 1 })
    const other = await makeHook('other-type', { topics: ['analysis'], ai: 2 })
    const asked = event(40, { ai: 1 })
    const begun = await device.ask('event', 'event_start', asked)
    assert.ok(begun.method === 'event_start_reply' && begun.data)
    const picture = noise(100)
    await fetch(begun.data.picture.url, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${begun.data.picture.token}`,
        'Content-Type': 'image/jpeg',
        'Upload-Checksum': `sha256 ${sha256(picture)}`,
      },
      body: picture,
    })
    await device.ask('event', 'event_stop', { ...asked, ...ENDED, picture: 'done' })
    const [job] = await heard('analyser')
    const { links } = job!.json
    assert.deepEqual(Buffer.from(await (await fetch(links.picture)).arrayBuffer()), picture)
    const playlist = await (await fetch(links.playlist)).text()
    assert.equal(playlist.match(/EXTINF/g)?.length, 5)
    const media = new URL(/^\/media\S+/m.exec(playlist)![0], cloud.httpUrl)
    assert.equal((await fetch(media)).status, 200)
    assert.equal((await fetch(`${cloud.httpUrl}/api/devices/P1/cam1`)).status, 401)

    const answer = (body: object, secret = hook.secret, id = hook.id, atMs = nowMs) => {
      const text = JSON.stringify(body)
      const t = Math.floor(atMs / 1000)
      const v1 = createHmac('sha256', secret).update(`${t}.${text}`).digest('hex')
      return fetch(links.result, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          'Skyrill-Hook': id,
          'Skyrill-Signature': `t=${t},v1=${v1}`,
        },
        body: text,
      })
    }
    const result = {
      productId: 'P1',
      deviceName: 'cam1',
      channel: 0,
      key: asked.key,
      text: 'a cat',
    }
    assert.equal((await answer(result, 'wrong')).status, 401)
    assert.equal((await answer(result, hook.secret, 'no-such-hook')).status, 401)
    assert.equal(
      (await answer(result, hook.secret, hook.id, nowMs - 600_000)).status,
      401,
      'replayed',
    )
    assert.equal((await answer(result, other.secret, other.id)).status, 403, 'not its event')
    assert.equal((await answer({ ...result, key: event(99).key })).status, 404)
    assert.equal(
      (await answer({ ...result, key: event(1).key })).status,
      400,
      'no analysis was asked for',
    )
    assert.equal((await answer({ ...result, text: '' })).status, 400)
    assert.equal((await answer(result)).status, 204)
    const told = await until(
      'ai_result',
      () =>
        device.received.find((message) => (message as { method: string }).method === 'ai_result'),
      30_000,
    )
    assert.deepEqual((told as { params: object }).params, {
      channel: 0,
      ai: 1,
      expiresAtMs: 0,
      event: { key: asked.key, eventId: 3 },
      text: 'a cat',
    })
    const shown = await cloud.api('GET', `/devices/P1/cam1/channels/0/events/${asked.key}`)
    assert.equal(((await shown.json()) as { aiText: string }).aiText, 'a cat')
    assert.deepEqual(arrived('other-type'), [])
  })

  test('a camera that has gone, and that is back', async () => {
    await makeHook('presence', { topics: ['offline', 'online'] })
    const camera = await new TestDevice(cloud, 'P1', 'cam9').register()
    await camera.connect()
    const beat = () =>
      camera.client!.publishAsync(
        '$thing/up/event/P1/cam9',
        JSON.stringify({
          method: 'heartbeat',
          clientToken: 'x',
          params: {
            utcMs: 1,
            intervalMs: 30_000,
            bootId: '00112233445566aa',
            version: '1',
            channels: [0],
          },
        }),
        { qos: 1 },
      )
    await beat()
    await until(
      'it is seen',
      async () =>
        ((await (await cloud.api('GET', '/devices/P1/cam9')).json()) as { online: boolean }).online,
      30_000,
    )
    // the watch has to see it before it goes
    await new Promise((resolve) => setTimeout(resolve, 500))
    await camera.close()
    nowMs += 30_000
    await new Promise((resolve) => setTimeout(resolve, 500))
    const mine = () => arrived('presence').filter((one) => one.json.device.deviceName === 'cam9')
    assert.deepEqual(mine(), [], 'a short loss of the line is no news')
    nowMs += 60_000
    const gone = await until('offline', () => mine()[0], 30_000)
    assert.equal(gone.json.topic, 'offline')
    assert.match(gone.json.text, /cam9 is offline/)
    await camera.connect()
    await beat()
    const back = await until('online', () => mine()[1], 30_000)
    assert.equal(back.json.topic, 'online')
    await camera.close()
  })

  test('a test message, and what waits survives a restart', async () => {
    const { id } = await makeHook('later', { topics: ['event'] })
    receiver.state.status = 500
    assert.equal((await cloud.api('POST', `/hooks/${id}/test`)).status, 202)
    await heard('later')
    await device.close()
    cloud = await cloud.restart()
    receiver.state.status = 200
    nowMs += 60_000
    await heard('later', 2)
    assert.match(arrived('later')[1]!.json.text, /test of the hook "later"/)
    assert.equal(arrived('later')[0]!.json.id, arrived('later')[1]!.json.id, 'the same delivery')
  })
})

test('the storage is nearly full: told once, also over restarts', async () => {
  const receiver = await openReceiver()
  const never = { notifyTiming: { watchMs: 2 ** 30 } }
  const often = { notifyTiming: { watchMs: 100 } }
  let cloud = await openCloud({ allowPrivateHooks: true }, never)
  try {
    for (const name of ['low', 'done']) {
      const target = `${receiver.url}/${name}`
      const rule = { topics: [name === 'low' ? 'storage' : 'event'] }
      const made = await cloud.api('POST', '/hooks', { kind: 'webhook', name, target, rule })
      assert.equal(made.status, 201)
    }
    const { folder } = cloud
    for (const start of [1, 2]) {
      await cloud.close()
      // more than there is of any disk: twice the floor is never free
      cloud = await openCloud({ allowPrivateHooks: true, minFreeBytes: 2 ** 52 }, often, folder)
      if (start === 1) await until('a message', () => receiver.got.length > 0, 30_000)
    }
    // the watch runs before anything of the queue does: what it tells now comes before this
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { hooks } = (await (await cloud.api('GET', '/hooks')).json()) as {
      hooks: { id: string; name: string }[]
    }
    await cloud.api('POST', `/hooks/${hooks.find(({ name }) => name === 'done')!.id}/test`)
    await until('the test', () => receiver.got.some(({ path }) => path === '/done'), 30_000)
    const told = receiver.got.filter(({ path }) => path === '/low')
    assert.equal(told.length, 1)
    assert.match(told[0]!.json.text, /nearly full: [\d.]+ of [\d.]+ GiB are free/)
  } finally {
    await cloud.remove()
    receiver.close()
  }
})

test('SSRF: hooks reach no address inside, by number or by name', async () => {
  const receiver = await openReceiver()
  const cloud = await openCloud({}, { notifyTiming: { retryMs: [1] } })
  try {
    const port = new URL(receiver.url).port
    for (const target of [
      `http://127.0.0.1:${port}/`,
      `http://localhost:${port}/`,
      `http://[::1]:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://2130706433:${port}/`,
      `http://0x7f.1:${port}/`,
      'http://169.254.169.254/latest/meta-data/',
    ]) {
      const made = await cloud.api('POST', '/hooks', {
        kind: 'webhook',
        name: target,
        target,
        rule: { topics: ['event'] },
      })
      const { id } = (await made.json()) as { id: string }
      await cloud.api('POST', `/hooks/${id}/test`)
      await until(
        `given up: ${target}`,
        async () => {
          const { deliveries } = (await (await cloud.api('GET', '/deliveries')).json()) as {
            deliveries: Letter[]
          }
          return deliveries.some((one) => one.hookId === id && /address inside/.test(one.reason))
        },
        30_000,
      )
    }
    assert.deepEqual(receiver.got, [])
  } finally {
    await cloud.remove()
    receiver.close()
  }
})
