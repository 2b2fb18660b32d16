import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import mqtt from 'mqtt'
import { hmacLogin } from '../../../runtime/identity.ts'
import {
  isRegistrationSigned,
  openSecret,
  sealSecret,
  signRegistration,
} from '../../../runtime/mqtt/registration.ts'
import { RegistrationError, registerDevice } from '../../../runtime/registration.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'

test('a sealed secret opens for its request and its product only', () => {
  const request = signRegistration('P1', 'cam1', 'product secret')
  assert.ok(isRegistrationSigned(request, 'product secret'))
  assert.ok(!isRegistrationSigned(request, 'another secret'))
  assert.ok(!isRegistrationSigned({ ...request, deviceName: 'cam2' }, 'product secret'))
  const sealed = sealSecret(request, 'product secret', 'device secret')
  assert.equal(openSecret(request, 'product secret', sealed), 'device secret')
  assert.notEqual(sealSecret(request, 'product secret', 'device secret'), sealed)
  const other = signRegistration('P1', 'cam1', 'product secret')
  for (const open of [
    () => openSecret(request, 'another secret', sealed),
    () => openSecret(other, 'product secret', sealed),
    () => openSecret({ ...request, deviceName: 'cam2' }, 'product secret', sealed),
    () => openSecret(request, 'product secret', ''),
  ])
    assert.throws(open)
})

describe('dynamic registration', () => {
  let cloud: TestCloud
  let productSecret: string
  before(async () => {
    // a clock that stands still: limits do not depend on how fast the machine is
    const startMs = Date.now()
    cloud = await openCloud({}, { now: () => startMs })
    const plan = { type: 'full', days: 3 }
    const made = await cloud.api('PUT', '/products/P7', { mode: 'open', maxDevices: 3, plan })
    assert.equal(made.status, 201)
    productSecret = ((await made.json()) as { productSecret: string }).productSecret
  })
  after(() => cloud.remove())

  const register = (deviceName: string, secret = productSecret, productId = 'P7') =>
    registerDevice({ url: cloud.httpUrl, productId, deviceName, productSecret: secret })
  const refused = (work: Promise<string>, status: number, reason: RegExp) =>
    assert.rejects(
      work,
      (error) =>
        error instanceof RegistrationError && error.status === status && reason.test(error.message),
    )

  test('a device gets a secret, the same until it has connected, and then no more', async () => {
    const secret = await register('cam1')
    assert.equal(await register('cam1'), secret, 'the answer may have been lost')
    const plan = await cloud.api('GET', '/devices/P7/cam1/channels/0/plan')
    assert.equal(((await plan.json()) as { recording: boolean }).recording, true)
    const login = hmacLogin('P7', 'cam1', secret, Date.now() / 1000 + 3600, 'abcde')
    const client = await mqtt.connectAsync(cloud.mqttUrl, { ...login, reconnectPeriod: 0 })
    await until(
      'it is known to be here',
      async () => {
        const device = (await (await cloud.api('GET', '/devices/P7/cam1')).json()) as {
          online: boolean
        }
        return device.online
      },
      30_000,
    )
    await client.endAsync()
    await refused(register('cam1'), 409, /registered and connected already/)
  })

  test('no more devices than the product may have', async () => {
    await register('cam2')
    await register('cam3')
    await refused(register('cam4'), 403, /3 devices/)
  })

  test('only names on the list while there is one', async () => {
    const change = (body: object) => cloud.api('PUT', '/products/P7', { maxDevices: 10, ...body })
    const listed = await change({ mode: 'listed', names: ['cam5'] })
    assert.equal(listed.status, 200)
    assert.ok(!('productSecret' in ((await listed.json()) as object)), 'told once')
    await refused(register('cam4'), 403, /list/)
    await register('cam5')
    await change({ mode: 'off' })
    await refused(register('cam5'), 401, /no registrations/)
    await change({ mode: 'open' })
  })

  test('a device may begin with a free trial', async () => {
    const begin = (plan: object) =>
      cloud.api('PUT', '/products/P9', { mode: 'open', maxDevices: 3, plan })
    for (const plan of [
      { type: 'trial', days: 3 },
      { type: 'none', days: 3 },
    ])
      assert.equal((await begin(plan)).status, 400)
    const made = await begin({ type: 'trial', days: 3, trialSec: 600 })
    assert.equal(made.status, 201)
    const { productSecret } = (await made.json()) as { productSecret: string }
    await register('cam1', productSecret, 'P9')
    const answer = await cloud.api('GET', '/devices/P9/cam1/channels/0/plan')
    assert.deepEqual(await answer.json(), {
      ...{ enabled: true, type: 'trial', days: 3, trialSecondsLeft: 600, recording: true },
    })
  })

  test('a wrong secret, a product that does not exist: the same answer, and soon none', async () => {
    const wrong = register('cam6', 'wrong').catch((error: Error) => error.message)
    const unknown = register('cam6', productSecret, 'P8').catch((error: Error) => error.message)
    assert.equal(await wrong, await unknown)
    const before = productSecret
    const rotated = await cloud.api('POST', '/products/P7/secret')
    productSecret = ((await rotated.json()) as { productSecret: string }).productSecret
    await refused(register('cam6', before), 401, /signature/)
    await register('cam6')
    const tries = Array.from({ length: 12 }, () =>
      register('cam6', 'guess').catch((error: RegistrationError) => error.status),
    )
    const statuses = await Promise.all(tries)
    assert.ok(statuses.includes(429), statuses.join())
    assert.ok(statuses.filter((status) => status === 401).length <= 10)
  })

  test('who may change products, and that no secret is in log or lists', async () => {
    const viewer = { headers: { Authorization: `Bearer ${cloud.viewerToken}` } }
    assert.equal((await fetch(`${cloud.httpUrl}/api/products`, viewer)).status, 403)
    const list = await (await cloud.api('GET', '/products')).text()
    assert.match(list, /"productId":"P7"/)
    assert.ok(!list.includes(productSecret))
    assert.ok(!cloud.log.join('\n').includes(productSecret))
    for (const body of [
      '{',
      '{}',
      JSON.stringify({ productId: '../..', deviceName: 'x', nonce: '', signature: '' }),
    ]) {
      const answer = await fetch(`${cloud.httpUrl}/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body,
      })
      assert.equal(answer.status, 400, body)
    }
    assert.equal((await cloud.api('DELETE', '/products/P7')).status, 204)
    assert.equal((await cloud.api('GET', '/devices/P7/cam1')).status, 200, 'its devices stay')
  })

  test('a cloud that does not know the product secret cannot hand out secrets', async () => {
    const { createServer } = await import('node:http')
    const server = createServer((_, response) => response.end('{"sealed":"AAAA"}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const work = registerDevice({
      url: `http://127.0.0.1:${port}`,
      productId: 'P7',
      deviceName: 'cam1',
      productSecret,
    })
    await refused(work, 200, /not from a cloud/)
    server.close()
    await refused(
      registerDevice({ url: 'ftp://x', productId: 'P', deviceName: 'd', productSecret }),
      0,
      /http/,
    )
  })
})
