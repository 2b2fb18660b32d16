/** The cloud with NATS as its broker, configured as deploy/nats says, and devices that log in with `static` over TLS. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import mqtt from 'mqtt'
import { staticLogin } from '../../runtime/identity.ts'
import { downFilter, topic } from '../../runtime/mqtt/topics.ts'
import { makeFolder, type TestCloud, until } from '../cloud/support/cloud.ts'
import { call, register } from '../e2e/support/cloud-client.ts'
import { clip } from '../faults/support/rig.ts'
import { TestAuthority } from '../support/certificates.ts'
import { CloudProcess } from '../support/cloud-process.ts'
import { framesOf } from '../support/frames.ts'
import { ROOT } from '../support/paths.ts'
import { reservePorts } from '../support/ports.ts'
import { TestCamera } from '../support/test-camera.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { endsWholeByPlan } from './end-of-recording.ts'

const PATIENCE_MS = 90_000
const ADMIN = 'the-token-of-the-administrator'
const CLOUD_PASSWORD = 'the-password-of-the-cloud'
const read = (name: string) => readFileSync(join(ROOT, 'deploy', 'nats', name), 'utf8')

type User = { productId: string; deviceName: string; deviceSecret: string }

describe('NATS as the broker', {
  timeout: 600_000,
  skip: needTool('nats-server', 'openssl'),
}, () => {
  let folder: string
  let dataDir: string
  let authority: TestAuthority
  let server: ChildProcess
  let cloudProcess: CloudProcess
  let cloud: TestCloud
  let brokerUrl: string
  let output = ''
  const extraCa = process.env.NODE_EXTRA_CA_CERTS
  const users: User[] = []

  /** The file as it is given, with the last user repeated for each device. */
  const writeUsers = () => {
    const given = read('skyrill-users.conf').replace('CLOUD-PASSWORD', CLOUD_PASSWORD)
    const pattern = given.slice(given.lastIndexOf('  {\n'), given.lastIndexOf('\n]'))
    const blocks = users.map(({ productId, deviceName, deviceSecret }) =>
      pattern
        .replaceAll('PRODUCT', productId)
        .replace('DEVICE-SECRET', deviceSecret)
        .replaceAll('DEVICE', deviceName),
    )
    writeFileSync(join(folder, 'skyrill-users.conf'), given.replace(pattern, blocks.join('\n')), {
      mode: 0o600,
    })
  }

  const connect = ({ productId, deviceName }: User, secret: string, options = {}) =>
    mqtt.connectAsync(
      brokerUrl,
      {
        ...staticLogin(productId, deviceName, secret),
        ca: authority.ca,
        reconnectPeriod: 0,
        ...options,
      },
      false,
    )

  const known = async (name: string): Promise<User> => {
    const user = await register(cloud, name)
    users.push(user)
    writeUsers()
    server.kill('SIGHUP')
    // logins work once it has read its users again
    const login = () => connect(user, user.deviceSecret).catch(() => undefined)
    await (await until('a login', login, PATIENCE_MS)).endAsync(true)
    return user
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-nats-'))
    authority = new TestAuthority(folder)
    const certificate = authority.issue('broker')
    const [own, secure, http] = (await reservePorts(3)) as [number, number, number]
    const given = read('nats.conf')
      .replace(/^#.*\n/gm, '')
      .replace('127.0.0.1:4222', `127.0.0.1:${own}`)
      .replace('0.0.0.0:8883', `127.0.0.1:${secure}`)
      .replace('/var/lib/nats', join(folder, 'jetstream'))
      .replace('/etc/nats/certs/server.pem', certificate.certPath)
      .replace('/etc/nats/certs/server.key', certificate.keyPath)
    assert.doesNotMatch(given, /\/(etc|var)\//)
    writeFileSync(join(folder, 'nats.conf'), given)
    writeUsers()
    brokerUrl = `mqtts://127.0.0.1:${secure}`
    server = spawn(toolPath('nats-server'), ['-c', join(folder, 'nats.conf')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [server.stdout!, server.stderr!])
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-20_000)
      })
    await until(`NATS: ${output}`, () => output.includes('Server is ready'), PATIENCE_MS)
    // as docs/DEPLOY.md says for a private authority; a program of its own, since it counts from the start on
    process.env.NODE_EXTRA_CA_CERTS = join(folder, 'ca.pem')
    writeFileSync(process.env.NODE_EXTRA_CA_CERTS, authority.ca)
    dataDir = await makeFolder()
    cloudProcess = await CloudProcess.start({
      dataDir,
      httpPort: http,
      mqttBrokerUrl: brokerUrl.replace('//', `//cloud:${CLOUD_PASSWORD}@`),
      adminToken: ADMIN,
      minFreeBytes: 0,
    })
    const address = { httpUrl: `http://127.0.0.1:${http}`, mqttUrl: brokerUrl, adminToken: ADMIN }
    const api = (method: string, path: string, body?: unknown) =>
      call(address, method, `/api${path}`, body)
    cloud = { ...address, api } as TestCloud
  })
  after(async () => {
    if (extraCa === undefined) delete process.env.NODE_EXTRA_CA_CERTS
    else process.env.NODE_EXTRA_CA_CERTS = extraCa
    await cloudProcess?.kill()
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
    for (const path of [folder, dataDir]) rmSync(path, { recursive: true, force: true })
  })

  test('a recording goes through it, byte for byte, and a plan reaches the device', async () => {
    const frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    const identity = {
      ...(await known('recorder')),
      ...{ cloudUrl: brokerUrl, login: 'static' as const, ca: authority.ca },
    }
    const camera = new TestCamera()
    try {
      await camera.open(identity, { u32MaxGopSize: 8 * 1024 * 1024 })
      await camera.started
      assert.deepEqual(await camera.record(frames), [])
      await endsWholeByPlan(cloud, camera, identity, frames, PATIENCE_MS)
    } finally {
      await camera.system.exit()
    }
  })

  test('who logs in wrongly stays outside', async () => {
    const user = await known('guarded')
    await assert.rejects(connect(user, 'another secret'), /not authorized/i)
    await assert.rejects(
      connect({ ...user, deviceName: 'stranger' }, user.deviceSecret),
      /not authorized/i,
    )
    await assert.rejects(
      mqtt.connectAsync(brokerUrl, { ca: authority.ca, reconnectPeriod: 0 }, false),
      /not authorized/i,
    )
    const other = new TestAuthority(folder, 'other')
    await assert.rejects(connect(user, user.deviceSecret, { ca: other.ca }))
  })

  test('a device has its own topics and no others', async () => {
    const [one, two] = [await known('one'), await known('two')]
    const a = await connect(one, one.deviceSecret)
    const b = await connect(two, two.deviceSecret)
    const heard: string[] = []
    a.on('message', (name) => void heard.push(`a ${name}`))
    b.on('message', (name) => void heard.push(`b ${name}`))
    await a.subscribeAsync(downFilter(one.productId, one.deviceName), { qos: 1 })
    await b.subscribeAsync(downFilter(two.productId, two.deviceName), { qos: 1 })
    for (const filter of [
      downFilter(one.productId, one.deviceName),
      `$thing/down/+/${one.productId}/+`,
      ...['#', '$thing/#', '$thing/up/#', '$MQTT/#', '$MQTT/sub/#', '$JS/#', '$SYS/#'],
    ])
      for (const qos of [0, 1] as const)
        await assert.rejects(b.subscribeAsync(filter, { qos }), /Subscribe error/, filter)
    const up = topic('up', 'property', one.productId, one.deviceName)
    const down = topic('down', 'property', one.productId, one.deviceName)
    const question = JSON.stringify({
      method: 'get_status',
      clientToken: 't',
      params: { channel: 0 },
    })
    // in another's name, upwards and downwards: acknowledged and dropped
    for (const name of [up, down]) await b.publishAsync(name, question, { qos: 1 })
    await a.publishAsync(up, question, { qos: 1 })
    await until('the answer', () => heard.length > 0, PATIENCE_MS)
    // what was forged came before this one
    await a.publishAsync(up, question, { qos: 1 })
    await until('the second answer', () => heard.length > 1, PATIENCE_MS)
    assert.deepEqual(heard, [`a ${down}`, `a ${down}`])
    await Promise.all([a.endAsync(true), b.endAsync(true)])
  })
})
