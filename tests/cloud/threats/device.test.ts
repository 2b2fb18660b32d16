import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import mqtt from 'mqtt'
import { hmacLogin, staticLogin } from '../../../runtime/identity.ts'
import { topic } from '../../../runtime/mqtt/topics.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import {
  noise,
  pieces,
  SECRET,
  sha256,
  sliceId,
  sliceStart,
  TestDevice,
} from '../support/device.ts'

const DATA = noise(5000)

/** A device that has turned bad, and one that it is after. */
describe('threats from devices', () => {
  let cloud: TestCloud
  let victim: TestDevice
  let rogue: TestDevice

  before(async () => {
    cloud = await openCloud()
    victim = await new TestDevice(cloud, 'P1', 'victim').register()
    rogue = await new TestDevice(cloud, 'P1', 'rogue').register()
    await victim.authorize()
    await rogue.authorize()
    await victim.upload(sliceStart(), DATA, pieces(5))
  })
  after(async () => {
    await victim.close()
    await rogue.close()
    await cloud.remove()
  })

  /** The rogue's upload, aimed at an address of somebody else. */
  const aimed = (url: string): TestDevice =>
    Object.assign(new TestDevice(cloud), { token: rogue.token, url })
  const bytesOf = async (name: string) => {
    const answer = await cloud.api(
      'GET',
      `/devices/P1/${name}/channels/0/slices?from=1779999000000&to=1780001000000`,
    )
    const { slices } = (await answer.json()) as { slices: { bytes: number }[] }
    return slices.map((slice) => slice.bytes)
  }

  test('a token of one device is worth nothing for another', async () => {
    const other = aimed(victim.url)
    assert.equal((await other.create(sliceStart({ id: sliceId(2) }))).status, 403)
    assert.equal((await other.append(sliceId(1), 5000, DATA, undefined)).status, 403)
    assert.equal((await other.head(sliceId(1))).status, 403)
    assert.deepEqual(await bytesOf('victim'), [5000])
  })

  test('a token of one channel is worth nothing for another', async () => {
    const other = aimed(rogue.url.replace(/0$/, '1'))
    assert.equal((await other.create(sliceStart({ id: sliceId(3) }))).status, 403)
  })

  test('an upload token reads nothing: not the API, not the media, not even its own', async () => {
    for (const path of [
      '/api/devices',
      '/api/devices/P1/rogue',
      `/media/P1/victim/0/${sliceId(1)}.ts`,
      `/media/P1/rogue/0/${sliceId(1)}.ts`,
    ])
      for (const url of [path, `${path}?token=${rogue.token}`]) {
        const answer = await fetch(`${cloud.httpUrl}${url}`, {
          headers: url === path ? rogue.headers() : {},
        })
        assert.equal(answer.status, 401, url)
      }
  })

  test('a forged token is refused, wherever it was changed', async () => {
    const [body, mac] = rogue.token.split('.') as [string, string]
    const grant = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
    const changed = (change: object) =>
      Buffer.from(JSON.stringify({ ...grant, ...change })).toString('base64url')
    for (const token of [
      `${changed({ d: 'victim' })}.${mac}`,
      `${changed({ e: 9_999_999_999_999 })}.${mac}`,
      `${body}.${Buffer.alloc(32).toString('base64url')}`,
      `${body}.`,
      `${body}.${mac}.${mac}`,
      body,
      '.',
      'null.null',
    ]) {
      const forged = Object.assign(new TestDevice(cloud), { token, url: rogue.url })
      assert.equal((await forged.create(sliceStart({ id: sliceId(4) }))).status, 401, token)
    }
  })

  test('a picture token is no upload token, and is for one event', async () => {
    const key = '00112233445566aa-00000001'
    const start = { channel: 0, key, eventId: 1, info: '', startMs: 1, videoStartMs: 1, ai: 0 }
    const answer = await rogue.ask('event', 'event_start', start)
    assert.ok(answer.method === 'event_start_reply' && answer.data)
    const { url, token } = answer.data.picture
    const upload = Object.assign(new TestDevice(cloud), { token, url: rogue.url })
    assert.equal((await upload.create(sliceStart({ id: sliceId(5) }))).status, 401)
    const put = (to: string) =>
      fetch(to, {
        method: 'PUT',
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'image/jpeg',
          'Upload-Checksum': `sha256 ${sha256(DATA)}`,
        },
        body: DATA,
      })
    assert.equal((await put(url.replace('/rogue/', '/victim/'))).status, 403)
    assert.equal((await put(url.replace(/1$/, '2'))).status, 403)
    assert.equal((await put(url)).status, 204)
  })

  test('a token from before a new secret is void; so is the MQTT session', async () => {
    const device = await new TestDevice(cloud, 'P1', 'rotated').register()
    await device.authorize()
    const ended = new Promise<void>((resolve) => device.client!.on('close', () => resolve()))
    assert.equal((await cloud.api('POST', `${device.path}/secret`, {})).status, 200)
    await ended
    assert.equal((await device.create(sliceStart())).status, 401)
    await assert.rejects(device.connect(), /[Nn]ot authorized|Bad user ?name/)
    await device.close()
  })

  test('a token from before the recordings were destroyed brings nothing back', async () => {
    const device = await new TestDevice(cloud, 'P1', 'destroyed').register()
    await device.authorize()
    await device.upload(sliceStart(), DATA, pieces(5))
    assert.equal((await cloud.api('DELETE', `${device.path}/recordings`)).status, 204)
    assert.equal((await device.create(sliceStart({ id: sliceId(9) }))).status, 410)
    assert.equal((await device.append(sliceId(1), 5000, DATA, undefined)).status, 410)
    await device.close()
  })

  test('names cannot lead out of the folder of the device', async () => {
    for (const id of ['../../../escaped', '..', `${sliceId(1)}/../x`, `${sliceId(1)}\0`]) {
      const json = { ...sliceStart(), id }
      assert.equal((await rogue.create(json)).status, 400, id)
    }
    for (const path of ['..%2f..%2fescaped', '%2e%2e', `${sliceId(1)}%00`]) {
      const answer = await fetch(`${rogue.url}/${path}`, {
        method: 'PATCH',
        headers: rogue.headers({
          'Upload-Offset': '0',
          'Content-Type': 'application/offset+octet-stream',
        }),
        body: DATA,
      })
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`)
    }
    assert.ok(!existsSync(join(cloud.folder, 'escaped')))
    assert.deepEqual(readdirSync(join(cloud.folder, 'objects', 'P1')).sort(), ['rogue', 'victim'])
  })

  test('what is too large is refused before it is kept', async () => {
    await rogue.create(sliceStart({ id: sliceId(6) }))
    const huge = Buffer.alloc(4 * 1024 * 1024 + 1)
    assert.equal((await rogue.append(sliceId(6), 0, huge, undefined)).status, 413)
    assert.equal((await rogue.head(sliceId(6))).headers.get('Upload-Offset'), '0')
    const many = { pieces: pieces(65, { bytes: 10 }) }
    assert.equal((await rogue.append(sliceId(6), 0, DATA, many)).status, 400)
    const long = await rogue
      .create(sliceStart({ id: sliceId(7) }), { 'X-Long': 'x'.repeat(20_000) })
      .then(
        (answer) => answer.status,
        () => 431,
      )
    assert.ok(long >= 400, 'a header of 20 KB')
  })

  test('MQTT: nothing of another device can be subscribed to or published', async () => {
    const client = rogue.client!
    for (const filter of [
      '#',
      '+/+/+/+/+',
      '$thing/#',
      '$thing/down/#',
      '$thing/down/+/P1/+',
      '$thing/down/+/+/rogue',
      '$thing/down/+/P1/victim',
      '$thing/up/+/P1/rogue',
      '$SYS/#',
      '$share/group/$thing/down/+/P1/victim',
    ]) {
      const [granted] = await client.subscribeAsync(filter, { qos: 1 }).catch(() => [{ qos: 128 }])
      assert.equal(granted?.qos ?? 128, 128, filter)
    }
    const heard = victim.received.length
    const control = JSON.stringify({
      method: 'control',
      clientToken: 'x',
      params: {
        channel: 0,
        _sys_cs_status: 0,
        _sys_cs_type: 0,
        _sys_cs_days: 0,
        _sys_cs_trial_sec: 0,
      },
    })
    for (const name of [
      topic('down', 'property', 'P1', 'victim'),
      topic('up', 'service', 'P1', 'victim'),
      topic('down', 'property', 'P1', 'rogue'),
    ]) {
      const other = await new TestDevice(cloud, 'P1', 'rogue').connect()
      const ended = new Promise<void>((resolve) => other.client!.on('close', () => resolve()))
      other.client!.publish(name, control, { qos: 1 }, () => {})
      await ended
      await other.close()
    }
    assert.equal(victim.received.length, heard)
    await rogue.connect()
  })

  test('MQTT: a client id is of one device; nobody takes over another one', async () => {
    const expiryS = Date.now() / 1000 + 3600
    const mine = hmacLogin('P1', 'rogue', SECRET, expiryS, 'abcde')
    const wrong = hmacLogin('P1', 'victim', 'a secret that is not the right one', expiryS, 'abcde')
    const logins = [
      { ...mine, clientId: 'P1victim' },
      wrong,
      { ...wrong, clientId: 'P1rogue' },
      staticLogin('P1', 'victim', 'a guess of sixteen or more'),
      { ...staticLogin('P1', 'rogue', SECRET), clientId: 'P1victim' },
      // the same client id in another division of the names
      staticLogin('P', '1victim', SECRET),
      { ...mine, password: '' },
    ]
    let isEnded = false
    victim.client!.once('close', () => {
      isEnded = true
    })
    for (const login of logins)
      await assert.rejects(mqtt.connectAsync(cloud.mqttUrl, { ...login, reconnectPeriod: 0 }))
    const answer = await victim.ask('property', 'get_status', { channel: 0 })
    assert.equal(answer.method, 'get_status_reply')
    assert.ok(!isEnded, 'the session of the victim goes on')
  })

  test('MQTT: a login that was overheard ends with its expiry', async () => {
    const login = hmacLogin('P1', 'rogue', SECRET, Date.now() / 1000 - 3600, 'abcde')
    await assert.rejects(mqtt.connectAsync(cloud.mqttUrl, { ...login, reconnectPeriod: 0 }))
  })

  test('MQTT: what is no message of ours is answered or dropped, and harms nobody', async () => {
    const device = await new TestDevice(cloud, 'P1', 'rogue').connect()
    const name = topic('up', 'event', 'P1', 'rogue')
    const before = cloud.log.length
    for (const payload of [
      '',
      '{',
      '['.repeat(2000),
      JSON.stringify({ method: 'heartbeat\r\nFAKE', clientToken: 'x' }),
      JSON.stringify({
        method: '__proto__',
        clientToken: 'y',
        params: { __proto__: { admin: 1 } },
      }),
    ])
      await device.client!.publishAsync(name, payload, { qos: 1 })
    await until(
      'an answer',
      () =>
        device.received.some((message) => (message as { clientToken: string }).clientToken === 'y'),
      30_000,
    )
    for (const line of cloud.log.slice(before)) JSON.parse(line)
    await device.close()
    await rogue.connect()
  })
})
