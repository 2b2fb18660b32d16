import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DownMessage } from '../../../runtime/mqtt/messages.ts'
import { type Relay, RelaySession } from '../../../runtime/mqtt/relay-session.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { quiet } from '../../support/test-camera.ts'

const ASK = { method: 'get_status', params: { channel: 0 } } as const
const PLAN = { _sys_cs_status: 1, _sys_cs_type: 1, _sys_cs_days: 7, _sys_cs_trial_sec: 0 }

const replyTo = (message: string): string => {
  const { clientToken } = JSON.parse(message) as { clientToken: string }
  const data = { channel: 0, ...PLAN }
  return JSON.stringify({ method: 'get_status_reply', clientToken, code: 0, status: 'ok', data })
}

const setup = (relay: Relay) => {
  const clock = new FakeClock()
  const told: string[] = []
  const messages: DownMessage[] = []
  const carried: { kind: string; message: string; timeoutMs: number }[] = []
  const session = new RelaySession({
    relay: (kind, message, timeoutMs) => {
      carried.push({ kind, message, timeoutMs })
      return relay(kind, message, timeoutMs)
    },
    clock,
    log: quiet,
    onOnline: () => void told.push('online'),
    onOffline: (reason) => void told.push(`offline: ${reason}`),
    onMessage: (message) => void messages.push(message),
  })
  session.start()
  return { clock, session, told, messages, carried }
}

test('a question goes out as JSON of its topic, the answer comes back', async () => {
  const { session, told, carried } = setup(async (_, message) => replyTo(message))
  const reply = await session.ask('property', ASK, 5000)
  assert.equal(reply?.method, 'get_status_reply')
  assert.equal(carried.length, 1)
  assert.equal(carried[0]!.kind, 'property')
  assert.equal(carried[0]!.timeoutMs, 5000)
  assert.deepEqual(told, ['online'])
})

test('what was not answered is given to the relay again, with the same token', async () => {
  let turn = 0
  const { clock, session, carried } = setup(async (_, message) =>
    ++turn < 3 ? undefined : replyTo(message),
  )
  const asked = session.ask('property', ASK, 10_000)
  await clock.advance(4000)
  assert.equal((await asked)?.method, 'get_status_reply')
  assert.equal(new Set(carried.map(({ message }) => message)).size, 1)
  assert.equal(clock.timers, 0)
})

const SILENT: { name: string; relay: Relay; reason: RegExp }[] = [
  { name: 'has nothing', relay: async () => undefined, reason: /no answer within 5000 ms/ },
  { name: 'never ends', relay: () => new Promise(() => {}), reason: /no answer within 5000 ms/ },
  {
    name: 'throws',
    relay: async () => {
      throw new Error('the bus is down')
    },
    reason: /the relay threw: the bus is down/,
  },
  {
    name: 'brings something else',
    relay: async (_, message) => replyTo(message).replace('get_status', 'upload_token'),
    reason: /no answer to what was asked/,
  },
  {
    name: "brings another question's answer",
    relay: async () => replyTo('{"clientToken":"other"}'),
    reason: /no answer to what was asked/,
  },
]
for (const { name, relay, reason } of SILENT)
  test(`a relay that ${name}: no answer, offline until the next one`, async () => {
    const { clock, session, told } = setup(relay)
    const asked = session.ask('property', ASK, 5000)
    await clock.advance(5000)
    assert.equal(await asked, undefined)
    assert.equal(session.online, false)
    assert.equal(told.length, 2)
    assert.match(told[1]!, reason)
    assert.ok(
      session.receive(
        JSON.stringify({ method: 'control', clientToken: 'x', params: { channel: 0, ...PLAN } }),
      ),
    )
    assert.equal(session.online, true)
    assert.equal(clock.timers, 0)
  })

test('what the cloud sends unasked is handed in; anything else is not', async () => {
  const { session, messages } = setup(async () => undefined)
  await settle()
  const control = { method: 'control', clientToken: 'x', params: { channel: 0, ...PLAN } }
  assert.ok(session.receive(JSON.stringify(control)))
  assert.deepEqual(messages, [control])
  for (const text of ['', '{', '{"method":"nonsense"}', replyTo('{"clientToken":"y"}')])
    assert.equal(session.receive(text), false, text)
  assert.equal(messages.length, 1)
})

test('a session that was left carries nothing and tells nothing', async () => {
  const { clock, session, told, carried } = setup(async () => undefined)
  await settle()
  const asked = session.ask('property', ASK, 5000)
  await session.stop()
  await clock.advance(10_000)
  assert.equal(await asked, undefined)
  assert.equal(session.tell('event', ASK), false)
  assert.equal(await session.ask('property', ASK, 5000), undefined)
  assert.equal(carried.length, 1)
  assert.deepEqual(told, ['online'])
  assert.equal(clock.timers, 0)
})
