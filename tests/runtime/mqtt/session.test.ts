import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../runtime/clock.ts'
import { hmacLogin, staticLogin, verifyHmacPassword } from '../../../runtime/identity.ts'
import type { DownMessage } from '../../../runtime/mqtt/messages.ts'
import { Session, type SessionOptions } from '../../../runtime/mqtt/session.ts'
import { FakeCloud, FULL_TIME } from '../../support/fake-cloud.ts'
import { quiet } from '../../support/test-camera.ts'

const SECRET = 'a device secret'

describe('MQTT session', { timeout: 60_000 }, () => {
  let cloud: FakeCloud
  before(async () => {
    cloud = await new FakeCloud().start()
  })
  after(() => cloud.stop())

  const open = (given: Partial<SessionOptions> = {}) => {
    const events: string[] = []
    const messages: DownMessage[] = []
    const session = new Session({
      url: cloud.mqttUrl,
      productId: 'TEST',
      deviceName: 'camera',
      login: () => hmacLogin('TEST', 'camera', SECRET, Date.now() / 1000 + 60, 'abcde'),
      keepAliveMs: 60_000,
      clock: systemClock,
      random: () => 0,
      log: quiet,
      onOnline: () => events.push('online'),
      onOffline: () => events.push('offline'),
      onMessage: (message) => messages.push(message),
      ...given,
    })
    return { session, events, messages }
  }
  const QUESTION = { method: 'get_status', params: { channel: 0 } } as const

  test('a question asked before the connection is there is answered when it is', async () => {
    const { session, events } = open()
    session.start()
    const reply = await session.ask('property', QUESTION, 5000)
    assert.equal(reply?.method, 'get_status_reply')
    assert.equal(reply?.code, 0)
    assert.deepEqual(events, ['online'])
    await session.stop()
    assert.equal(session.online, false)
  })

  test('without an answer the question is asked again with the same token, then given up', async () => {
    const { session } = open()
    cloud.deaf.add('get_status')
    const before = cloud.received.length
    session.start()
    assert.equal(await session.ask('property', QUESTION, 2500), undefined)
    cloud.deaf.clear()
    const asked = cloud.received.slice(before).filter(({ method }) => method === 'get_status')
    assert.equal(asked.length, 2)
    assert.equal(asked[0]!.clientToken, asked[1]!.clientToken)
    await session.stop()
  })

  test('a connection that breaks comes back, and what waits is asked again', async () => {
    const { session, events } = open()
    cloud.deaf.add('get_status')
    session.start()
    const reply = session.ask('property', QUESTION, 10_000)
    await waitFor(() => session.online)
    cloud.cutMqtt()
    await waitFor(() => events.includes('offline'))
    cloud.deaf.clear()
    assert.equal((await reply)?.code, 0)
    assert.deepEqual(events, ['online', 'offline', 'online'])
    await session.stop()
  })

  test('what the cloud says unasked arrives; what is not of the contract does not', async () => {
    const { session, messages } = open()
    session.start()
    await waitFor(() => session.online)
    cloud.control('TEST', 'camera', 3, { ...FULL_TIME, _sys_cs_days: -1 })
    cloud.control('TEST', 'other', 3, FULL_TIME)
    cloud.control('TEST', 'camera', 3, FULL_TIME)
    await waitFor(() => messages.length > 0)
    assert.deepEqual(
      messages.map((message) => message.method === 'control' && message.params._sys_cs_days),
      [7],
    )
    cloud.plan = FULL_TIME
    await session.stop()
  })

  test('both logins, and one that is refused', async () => {
    cloud.checkLogin(
      (username, password) =>
        (username === 'TEST/camera' && password === SECRET) ||
        verifyHmacPassword(username, password, SECRET),
    )
    for (const login of [
      () => hmacLogin('TEST', 'camera', SECRET, Date.now() / 1000 + 60, 'abcde'),
      () => staticLogin('TEST', 'camera', SECRET),
    ]) {
      const { session } = open({ login })
      session.start()
      await waitFor(() => session.online)
      await session.stop()
    }
    const { session, events } = open({ login: () => staticLogin('TEST', 'camera', 'wrong') })
    session.start()
    await waitFor(() => events.length > 0)
    assert.deepEqual(events, ['offline'])
    assert.match(session.lastError, /refused the login of TEST\/camera/)
    await session.stop()
    cloud.checkLogin(() => true)
  })

  test('stopped: questions end, nothing connects again', async () => {
    const { session, events } = open({ url: 'mqtt://127.0.0.1:9' })
    session.start()
    const reply = session.ask('property', QUESTION, 60_000)
    await session.stop()
    assert.equal(await reply, undefined)
    assert.equal(await session.ask('property', QUESTION, 60_000), undefined)
    assert.equal(session.tell('property', QUESTION), false)
    const count = events.length
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.equal(events.length, count)
  })
})

const waitFor = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 1000 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), 'waited 10 s')
}
