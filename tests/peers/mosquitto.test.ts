/** The cloud with Mosquitto as its broker, configured as deploy/mosquitto says, and a device that logs in with `static` over TLS. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import mqtt, { type MqttClient } from 'mqtt'
import { staticLogin } from '../../runtime/identity.ts'
import { downFilter, topic } from '../../runtime/mqtt/topics.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { register } from '../e2e/support/cloud-client.ts'
import { clip } from '../faults/support/rig.ts'
import { TestAuthority } from '../support/certificates.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { Mosquitto } from '../support/mosquitto.ts'
import { TestCamera } from '../support/test-camera.ts'
import { needTool } from '../support/tools.ts'
import { endsWholeByPlan } from './end-of-recording.ts'

const PATIENCE_MS = 90_000
const CLOUD_PASSWORD = 'the-password-of-the-cloud'

describe('Mosquitto as the broker', {
  timeout: 600_000,
  skip: needTool('mosquitto', 'mosquitto_passwd', 'openssl'),
}, () => {
  let folder: string
  let authority: TestAuthority
  let broker: Mosquitto
  let cloud: TestCloud
  let frames: Frame[]
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-mosquitto-'))
    authority = new TestAuthority(folder)
    broker = await Mosquitto.prepare(folder, authority.issue('broker'))
    broker.password('cloud', CLOUD_PASSWORD)
    await broker.start()
    cloud = await openCloud({ mqttBrokerUrl: broker.cloudUrl(CLOUD_PASSWORD) })
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(async () => {
    await cloud?.remove()
    await broker?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A registered device that the broker knows. */
  const known = async (name: string) => {
    const identity = await register(cloud, name)
    broker.password(`${identity.productId}/${name}`, identity.deviceSecret)
    return { ...identity, cloudUrl: broker.deviceUrl, login: 'static' as const, ca: authority.ca }
  }

  const connect = (productId: string, deviceName: string, secret: string, ca = authority.ca) =>
    mqtt.connectAsync(
      broker.deviceUrl,
      { ...staticLogin(productId, deviceName, secret), ca, reconnectPeriod: 0 },
      false,
    )

  /** Logins work once the broker has read its password file again. */
  const connected = (productId: string, deviceName: string, secret: string): Promise<MqttClient> =>
    until(
      'a login',
      () => connect(productId, deviceName, secret).catch(() => undefined),
      PATIENCE_MS,
    )

  test('a recording goes through it, restarted in mid-session, byte for byte', async () => {
    const identity = await known('recorder')
    const camera = new TestCamera()
    try {
      await camera.open(identity, { u32MaxGopSize: 8 * 1024 * 1024 })
      await camera.started
      const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
      assert.deepEqual(await camera.record(frames.slice(0, half)), [])
      await broker.stop('SIGKILL')
      await until('the loss to be noticed', () => !camera.system.online, PATIENCE_MS)
      assert.deepEqual(await camera.record(frames.slice(half)), [])
      await broker.start()
      await until('the device', () => camera.system.online, PATIENCE_MS)
      // both sides are subscribed again: the question goes up, its answer comes down
      const balance = { cs_switch: -1, cs_days: 0, cs_type: 0, free_trial_remaining_sec: 0 }
      await until(
        'an answer through the restarted broker',
        async () => (await camera.storage.getCsBalanceInfo(0, balance, 2)) === 0,
        PATIENCE_MS,
      )
      // and what the cloud pushes arrives
      await endsWholeByPlan(cloud, camera, identity, frames, PATIENCE_MS)
    } finally {
      await camera.system.exit()
    }
  })

  test('who logs in wrongly stays outside', async () => {
    const { productId, deviceName, deviceSecret } = await known('guarded')
    await (await connected(productId, deviceName, deviceSecret)).endAsync(true)
    await assert.rejects(connect(productId, deviceName, 'another secret'), /not authorized/i)
    await assert.rejects(connect(productId, 'stranger', deviceSecret), /not authorized/i)
    await assert.rejects(
      mqtt.connectAsync(broker.deviceUrl, { ca: authority.ca, reconnectPeriod: 0 }, false),
      /not authorized/i,
    )
    const other = new TestAuthority(folder, 'other')
    await assert.rejects(connect(productId, deviceName, deviceSecret, other.ca))
  })

  test('a device has its own topics and no others, and a change of secret counts', async () => {
    const one = await known('one')
    const two = await known('two')
    const a = await connected(one.productId, one.deviceName, one.deviceSecret)
    const b = await connected(two.productId, two.deviceName, two.deviceSecret)
    const heard: string[] = []
    a.on('message', (name) => void heard.push(`a ${name}`))
    b.on('message', (name) => void heard.push(`b ${name}`))
    const received = () => cloud.log.filter((line) => line.includes('not understood')).length
    await a.subscribeAsync(downFilter(one.productId, one.deviceName), { qos: 1 })
    // the broker grants the subscription and delivers nothing
    await b.subscribeAsync(downFilter(one.productId, one.deviceName), { qos: 1 }).catch(() => {})
    await b.subscribeAsync('$thing/#', { qos: 1 }).catch(() => {})
    const question = (method: string) =>
      JSON.stringify({ method, clientToken: 't', params: { channel: 0 } })
    // in another's name: dropped; in its own: answered
    await b.publishAsync(
      topic('up', 'property', one.productId, one.deviceName),
      question('get_status'),
      { qos: 1 },
    )
    await a.publishAsync(
      topic('up', 'property', one.productId, one.deviceName),
      question('get_status'),
      { qos: 1 },
    )
    const down = topic('down', 'property', one.productId, one.deviceName)
    await until('the answer', () => heard.includes(`a ${down}`), PATIENCE_MS)
    await b.publishAsync(down, question('get_status'), { qos: 1 })
    await a.publishAsync(
      topic('up', 'property', one.productId, one.deviceName),
      question('get_status'),
      { qos: 1 },
    )
    await until('the second answer', () => heard.length >= 2, PATIENCE_MS)
    assert.deepEqual(heard, [`a ${down}`, `a ${down}`], 'one answer to each question of its own')
    assert.equal(received(), 0)
    // nobody takes over another's connection by its client id
    const thief = await mqtt.connectAsync(
      broker.deviceUrl,
      {
        ...staticLogin(two.productId, two.deviceName, two.deviceSecret),
        clientId: `${one.productId}${one.deviceName}`,
        ca: authority.ca,
        reconnectPeriod: 0,
      },
      false,
    )
    await a.publishAsync(
      topic('up', 'property', one.productId, one.deviceName),
      question('get_status'),
      { qos: 1 },
    )
    await until('the third answer', () => heard.length >= 3, PATIENCE_MS)
    assert.equal(a.connected, true)
    await Promise.all([a, b, thief].map((client) => client.endAsync(true)))
    broker.password(`${one.productId}/${one.deviceName}`, 'a new secret')
    await (await connected(one.productId, one.deviceName, 'a new secret')).endAsync(true)
    await assert.rejects(
      connect(one.productId, one.deviceName, one.deviceSecret),
      /not authorized/i,
    )
  })
})
