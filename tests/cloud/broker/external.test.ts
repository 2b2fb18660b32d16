import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { Aedes } from 'aedes'
import mqtt from 'mqtt'
import { staticLogin } from '../../../runtime/identity.ts'
import { downFilter } from '../../../runtime/mqtt/topics.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import { SECRET, TestDevice } from '../support/device.ts'

/** A broker that knows nothing of Skyrill but a list of users, as a password file would hold it. */
const openForeign = async (users: Record<string, string>, port = 0) => {
  const broker = await Aedes.createBroker({
    authenticate: (_, username, password, done) =>
      done(null, users[username ?? ''] === password?.toString()),
  })
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    broker.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => broker.close(resolve))
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

describe('a broker that runs elsewhere', () => {
  const users = { cloud: 'cloud-password', 'P1/cam1': SECRET }
  let foreign: Awaited<ReturnType<typeof openForeign>>
  let cloud: TestCloud
  let device: TestDevice

  const connect = async () => {
    const url = `mqtt://127.0.0.1:${foreign.port}`
    device.client = await mqtt.connectAsync(url, staticLogin('P1', 'cam1', SECRET))
    device.client.on('message', (_, payload) => device.received.push(JSON.parse(String(payload))))
    await device.client.subscribeAsync(downFilter('P1', 'cam1'), { qos: 1 })
  }

  before(async () => {
    foreign = await openForeign(users)
    cloud = await openCloud({
      mqttBrokerUrl: `mqtt://cloud:cloud-password@127.0.0.1:${foreign.port}`,
    })
    device = await new TestDevice(cloud).register()
    await connect()
  })
  after(async () => {
    await device?.close()
    await cloud?.remove()
    await foreign.close()
  })

  test('devices ask, are answered, hear of plans and are seen', async () => {
    await device.authorize()
    assert.ok(device.token)
    await device.setPlan({ type: 'event' })
    await until('the plan', () =>
      device.received.some((message) => (message as { method: string }).method === 'control'),
    )
    const params = {
      utcMs: 1,
      intervalMs: 60_000,
      bootId: '0123456789abcdef',
      version: '1',
      channels: [0],
    }
    const beat = { method: 'heartbeat', clientToken: 'hb', params }
    await device.client!.publishAsync('$thing/up/event/P1/cam1', JSON.stringify(beat), { qos: 1 })
    await until(
      'presence',
      async () =>
        ((await (await cloud.api('GET', device.path)).json()) as { online: boolean }).online,
    )
  })

  test('the connection is made again after a loss', async () => {
    await device.close()
    await foreign.close()
    foreign = await openForeign(users, foreign.port)
    await until('the broker to be back', () => cloud.log.some((line) => /is back/.test(line)))
    await connect()
    await until('an answer', () =>
      device.ask('property', 'get_status', { channel: 0 }).then(
        () => true,
        () => false,
      ),
    )
  })

  test('a wrong login is told of at the start, without the password', async () => {
    const mqttBrokerUrl = `mqtt://cloud:hunter-two@127.0.0.1:${foreign.port}`
    await assert.rejects(
      () => openCloud({ mqttBrokerUrl }),
      (error: Error) => /cannot be used/.test(error.message) && !/hunter/.test(error.message),
    )
    assert.doesNotMatch(cloud.log.join(''), /cloud-password/)
  })
})
