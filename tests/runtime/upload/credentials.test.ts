import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CredentialReason,
  CredentialStore,
  type Credentials,
  type Denied,
  NEVER_EXPIRES,
  staticCredentials,
} from '../../../runtime/upload/credentials.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

const store = (answers: (() => Credentials | Denied)[], random = 0.5) => {
  const clock = new FakeClock()
  let asked = 0
  const reasons: CredentialReason[] = []
  const provider = async (channel: number, reason: CredentialReason) => {
    assert.equal(channel, 3)
    reasons.push(reason)
    return answers[Math.min(asked++, answers.length - 1)]!()
  }
  const credentials = new CredentialStore(3, provider, clock, () => random)
  return { clock, credentials, asked: () => asked, reasons }
}

test('a token is renewed early without a pause, its life measured by the monotonic clock', async () => {
  const grant = () => ({
    token: `t${asked()}`,
    url: 'http://c/',
    expiresAtMs: clock.nowMs() + 60_000,
  })
  const { clock, credentials, asked, reasons } = store([grant])
  assert.equal(credentials.current, undefined)
  await credentials.get()
  clock.step(-3_600_000)
  await clock.advance(50_000)
  assert.equal(credentials.use()?.token, 't1', 'random 0.5: renewed at 85 % of its life')
  assert.equal(asked(), 1)
  await clock.advance(2000)
  assert.equal(credentials.use()?.token, 't1', 'used on while the next is fetched')
  assert.equal(credentials.use()?.token, 't1')
  await settle()
  assert.equal(credentials.use()?.token, 't2')
  assert.deepEqual(reasons, ['first', 'early'])
})

test('renewals are spread over a tenth of the life', async () => {
  const renewedAfter = async (random: number): Promise<number> => {
    const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
    const { clock, credentials, asked } = store([grant], random)
    await credentials.get()
    const startMs = clock.monoMs()
    for (;;) {
      credentials.use()
      if (asked() > 1) return clock.monoMs() - startMs
      await clock.advance(100)
    }
  }
  assert.equal(await renewedAfter(1 - 1e-9), 48_100)
  assert.equal(await renewedAfter(0), 54_000)
})

test('an early renewal that fails is tried again; the token at hand is good to its end', async () => {
  const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
  const offline = (): Denied => ({ denied: 'offline', message: 'no line' })
  const { clock, credentials, asked } = store([grant, offline])
  await credentials.get()
  await clock.advance(52_000)
  for (let ms = 0; ms < 7900; ms += 100) {
    assert.ok(credentials.use(), `${52_000 + ms} ms`)
    await clock.advance(100)
  }
  assert.equal(asked(), 5, 'every 2 s')
  await clock.advance(200)
  assert.equal(credentials.use(), undefined)
})

test('a wall clock that is wrong: a token that has just come is used for 10 s, and none for more than a day', async () => {
  for (const [wrongByMs, lifeMs] of [
    [86_400_000, 10_000],
    [-40 * 365 * 86_400_000, 86_400_000],
  ] as const) {
    const { clock, credentials } = store([
      () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() - wrongByMs + 60_000 }),
    ])
    await credentials.get()
    await clock.advance(lifeMs - 1)
    assert.ok(credentials.current)
    await clock.advance(1)
    assert.equal(credentials.current, undefined)
  }
})

test('credentials that do not end are asked for once', async () => {
  const clock = new FakeClock()
  const keys = { accessKeyId: 'id', secretAccessKey: 'key', expiresAtMs: NEVER_EXPIRES }
  const credentials = new CredentialStore(0, staticCredentials(keys), clock, () => 0.5)
  assert.equal(await credentials.get(), keys)
  await clock.advance(1e12)
  assert.equal(credentials.use(), keys)
  assert.equal(credentials.fetches, 1)
})

test('a provider that throws has none to give', async () => {
  const { credentials } = store([
    () => {
      throw new Error('the file is gone')
    },
  ])
  assert.deepEqual(await credentials.get(), {
    denied: 'offline',
    message: 'the credential provider threw: the file is gone',
  })
})

test('what was renewed meanwhile is not thrown away for the refusal of the one before', async () => {
  const grant = () => ({
    token: `t${asked()}`,
    url: 'http://c/',
    expiresAtMs: clock.nowMs() + 60_000,
  })
  const { clock, credentials, asked } = store([grant])
  await credentials.get()
  const used = credentials.use()
  await clock.advance(55_000)
  credentials.use()
  await settle()
  credentials.drop(used)
  assert.equal(credentials.current?.token, 't2')
})

test('those who ask together share one question', async () => {
  const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
  const { clock, credentials, asked } = store([grant])
  const [a, b] = await Promise.all([credentials.get(), credentials.get()])
  assert.equal(a, b)
  assert.equal(asked(), 1)
})

test('a refused token is not used again', async () => {
  const grant = () => ({
    token: `t${asked()}`,
    url: 'http://c/',
    expiresAtMs: clock.nowMs() + 60_000,
  })
  const { clock, credentials, asked, reasons } = store([grant])
  await credentials.get()
  credentials.drop()
  assert.equal(credentials.current, undefined)
  const second = await credentials.get()
  assert.equal('token' in second && second.token, 't2')
  assert.deepEqual(reasons, ['first', 'refused'])
})

test('a denial is not kept', async () => {
  const denied = () => ({ denied: 'plan' as const, message: 'no plan' })
  const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
  const { clock, credentials } = store([denied, grant])
  assert.deepEqual(await credentials.get(), denied())
  assert.ok('token' in (await credentials.get()))
})
