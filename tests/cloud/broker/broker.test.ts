import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { hmacLogin, staticLogin } from '../../../runtime/identity.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import { SECRET, TestDevice } from '../support/device.ts'

const closing = (client: MqttClient) =>
  new Promise<void>((resolve) => client.once('close', resolve))

describe('embedded broker', () => {
  let cloud: TestCloud
  let device: TestDevice

  before(async () => {
    cloud = await openCloud()
    device = await new TestDevice(cloud).register()
  })
  after(async () => {
    await device.close()
    await cloud.remove()
  })

  const inHours = (hours: number) => Date.now() / 1000 + hours * 3600
  type Login = { clientId: string; username: string; password: string }
  const tryLogin = async (login: Login): Promise<string> => {
    const client = await mqtt
      .connectAsync(cloud.mqttUrl, { ...login, reconnectPeriod: 0, connectTimeout: 5000 })
      .catch((error: Error) => error.message)
    if (typeof client === 'string') return client
    await client.endAsync(true)
    return 'ok'
  }

  const good = () => hmacLogin('P1', 'cam1', SECRET, inHours(1), 'aaaaa')
  const CASES: [string, () => Login, string, RegExp?][] = [
    ['hmac', good, 'ok'],
    ['static', () => staticLogin('P1', 'cam1', SECRET), 'ok'],
    ['without a clock', () => hmacLogin('P1', 'cam1', SECRET, 4_102_444_800, 'aaaaa'), 'ok'],
    [
      'wrong secret',
      () => hmacLogin('P1', 'cam1', 'x'.repeat(20), inHours(1), 'aaaaa'),
      'refused',
      /wrong secret/,
    ],
    ['wrong static secret', () => staticLogin('P1', 'cam1', 'nonsense'), 'refused', /wrong secret/],
    [
      'unknown device',
      () => hmacLogin('P1', 'cam9', SECRET, inHours(1), 'aaaaa'),
      'refused',
      /unknown device/,
    ],
    ['expired', () => hmacLogin('P1', 'cam1', SECRET, inHours(-1), 'aaaaa'), 'refused', /expired/],
    ['client id of another', () => ({ ...good(), clientId: 'P1cam2' }), 'refused', /client id/],
    ['no user name', () => ({ ...good(), username: '' }), 'refused', /neither login/],
    [
      'other method',
      () => ({ ...good(), password: good().password.replace('hmacsha256', 'md5') }),
      'refused',
      /wrong secret/,
    ],
    [
      'product and name cut elsewhere',
      () => ({ ...staticLogin('P1c', 'am1', SECRET) }),
      'refused',
      /unknown device/,
    ],
  ]

  test('logins, and why one is refused', async () => {
    for (const [what, login, wanted, reason] of CASES) {
      cloud.log.length = 0
      const result = await tryLogin(login())
      if (wanted === 'ok') assert.equal(result, 'ok', what)
      else assert.match(result, /[Bb]ad username or password|Not authorized|refused/, what)
      if (reason) assert.match(cloud.log.join('\n'), reason, what)
      assert.doesNotMatch(
        cloud.log.join('\n'),
        new RegExp(SECRET.slice(0, 12)),
        'no secret in the log',
      )
    }
  })

  test('a newer session of a device ends the older one, and the device stays online', async () => {
    await device.connect()
    const older = device.client!
    const closed = closing(older)
    const newer = await mqtt.connectAsync(cloud.mqttUrl, { ...good(), reconnectPeriod: 0 })
    await closed
    const online = async () =>
      ((await (await cloud.api('GET', device.path)).json()) as { online: boolean }).online
    assert.equal(await online(), true)
    await newer.endAsync()
    await until('the device to be offline', async () => !(await online()))
  })

  test('messages: answered, pushed, refused', async () => {
    await device.connect()
    const status = await device.ask('property', 'get_status', { channel: 0 })
    assert.deepEqual(status.method === 'get_status_reply' && status.data, {
      ...{ channel: 0, _sys_cs_status: 1, _sys_cs_type: 1, _sys_cs_days: 7, _sys_cs_trial_sec: 0 },
    })
    const none = await device.ask('service', 'upload_token', { channel: 3 })
    assert.equal(none.method === 'upload_token_reply' && none.code, 402)

    device.received.length = 0
    await device.setPlan({ type: 'trial', trialSec: 100, days: 3 }, 3)
    const pushed = await until('the plan', () =>
      device.received.find((message) => (message as { method: string }).method === 'control'),
    )
    assert.deepEqual((pushed as { params: object }).params, {
      ...{
        channel: 3,
        _sys_cs_status: 1,
        _sys_cs_type: 3,
        _sys_cs_days: 3,
        _sys_cs_trial_sec: 100,
      },
    })

    device.received.length = 0
    const topic = '$thing/up/property/P1/cam1'
    const bad = { method: 'get_status', clientToken: 't1', params: { channel: 99 } }
    await device.client!.publishAsync(topic, JSON.stringify(bad), { qos: 1 })
    await device.client!.publishAsync(topic, 'not JSON', { qos: 1 })
    const answer = await until('the 400', () => device.received[0] as Record<string, unknown>)
    assert.equal(answer.method, 'get_status_reply')
    assert.equal(answer.clientToken, 't1')
    assert.equal(answer.code, 400)
    assert.match(String(answer.status), /channel/)
    const health = (await (await fetch(`${cloud.httpUrl}/healthz`)).json()) as {
      mqtt: { invalid: number }
    }
    assert.equal(health.mqtt.invalid, 2, 'both are counted')

    await assert.rejects(() => device.client!.subscribeAsync('$thing/down/+/P1/cam2', { qos: 1 }))
    assert.equal(device.client!.connected, true, 'a subscription that fails ends nothing')
    const closed = closing(device.client!)
    device.client!.publish('$thing/up/property/P1/cam2', '{}', { qos: 1 }, () => {})
    await closed
  })

  test('heartbeats tell who is there', async () => {
    await device.connect()
    const params = {
      utcMs: Date.now(),
      intervalMs: 1000,
      bootId: '0123456789abcdef',
      version: '1.2.3',
      channels: [0, 2],
    }
    const beat = { method: 'heartbeat', clientToken: 'hb', params }
    await device.client!.publishAsync('$thing/up/event/P1/cam1', JSON.stringify(beat), { qos: 1 })
    const view = async () =>
      (await (await cloud.api('GET', device.path)).json()) as {
        online: boolean
        version: string
        channels: { channel: number }[]
      }
    const seen = await until('the heartbeat', async () => {
      const found = await view()
      return found.version === '1.2.3' && found
    })
    assert.equal(seen.online, true)
    assert.deepEqual(
      seen.channels.map(({ channel }) => channel),
      [0, 2, 3],
    )
    await until('silence to be noticed', async () => !(await view()).online, 5000)
    await device.close()
  })

  test('a packet that is too long ends the connection before anyone has logged in', async () => {
    const socket = connect(Number(new URL(cloud.mqttUrl).port), '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    socket.on('error', () => {})
    // CONNECT with a remaining length of 256 MiB
    socket.write(Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]))
    await closed
  })
})
