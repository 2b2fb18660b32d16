import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CredentialStore,
  type Credentials,
  type Denied,
} from '../../../runtime/upload/credentials.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const store = (answers: (() => Credentials | Denied)[], random = 0.5) => {
  const clock = new FakeClock()
  let asked = 0
  const source = async () => answers[Math.min(asked++, answers.length - 1)]!()
  const credentials = new CredentialStore(source, clock, () => random)
  return { clock, credentials, asked: () => asked }
}

test('a token is used until it is early to renew it, measured by the monotonic clock', async () => {
  const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
  const { clock, credentials, asked } = store([grant])
  assert.equal(credentials.current, undefined)
  await credentials.get()
  clock.step(-3_600_000)
  await clock.advance(50_000)
  assert.ok(credentials.current, 'random 0.5: renewed at 85 % of its life')
  await clock.advance(2000)
  assert.equal(credentials.current, undefined)
  await credentials.get()
  assert.equal(asked(), 2)
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
  const { clock, credentials, asked } = store([grant])
  await credentials.get()
  credentials.drop()
  assert.equal(credentials.current, undefined)
  const second = await credentials.get()
  assert.equal('token' in second && second.token, 't2')
})

test('a denial is not kept', async () => {
  const denied = () => ({ denied: 'plan' as const, message: 'no plan' })
  const grant = () => ({ token: 't', url: 'http://c/', expiresAtMs: clock.nowMs() + 60_000 })
  const { clock, credentials } = store([denied, grant])
  assert.deepEqual(await credentials.get(), denied())
  assert.ok('token' in (await credentials.get()))
})
