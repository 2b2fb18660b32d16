import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  hashPassword,
  isOutdated,
  noPassword,
  verifyPassword,
} from '../../../cloud/server/accounts/password.ts'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { TestDevice } from '../support/device.ts'

const PASSWORD = 'a long enough pass phrase'

test('password hashes: salted, say what made them, old ones still fit', async () => {
  const hash = await hashPassword(PASSWORD)
  assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$[\w-]{22}\$[\w-]{43}$/)
  assert.notEqual(await hashPassword(PASSWORD), hash)
  assert.ok(await verifyPassword(PASSWORD, hash))
  assert.ok(!(await verifyPassword(`${PASSWORD} `, hash)))
  // NFC and NFD of one word
  assert.ok(await verifyPassword('caf\u00e9 au lait', await hashPassword('cafe\u0301 au lait')))
  // RFC 7914 section 12: scrypt("password", "NaCl", N=1024, r=8, p=16), its first 32 bytes
  const known = Buffer.from(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162',
    'hex',
  ).toString('base64url')
  const old = `$scrypt$ln=10,r=8,p=16$${Buffer.from('NaCl').toString('base64url')}$${known}`
  assert.ok(await verifyPassword('password', old))
  assert.ok(isOutdated(old) && !isOutdated(hash))
  for (const bad of ['', 'plain', '$scrypt$ln=99,r=8,p=3$AA$AA', hash.slice(0, -1)])
    assert.ok(!(await verifyPassword(PASSWORD, bad).catch(() => false)), bad)
})

test('hashing has a queue with an end', async () => {
  const all = Array.from({ length: 20 }, () => hashPassword(PASSWORD, 10))
  const settled = await Promise.allSettled(all)
  const refused = settled.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 4)
})

test('a name that does not exist costs as much as a wrong password: the same parameters', async () => {
  const parametersOf = (hash: string) => hash.split('$').slice(1, 3)
  for (const log2N of [10, undefined]) {
    const none = noPassword(log2N)
    assert.deepEqual(parametersOf(none), parametersOf(await hashPassword(PASSWORD, log2N)))
    assert.equal(await verifyPassword('', none), false)
  }
})

describe('accounts', () => {
  let cloud: TestCloud
  before(async () => {
    cloud = await openCloud({}, { passwordLog2N: 10 })
    await new TestDevice(cloud, 'P1', 'cam1').register()
    await new TestDevice(cloud, 'P1', 'cam2').register()
  })
  after(() => cloud.remove())

  const call = (method: string, path: string, body?: unknown, headers = {}) =>
    fetch(`${cloud.httpUrl}/api${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', Origin: cloud.httpUrl, ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  const cookieOf = (answer: Response) => ({
    Cookie: (answer.headers.get('Set-Cookie') ?? '').split(';')[0]!,
  })
  const login = (name: string, password = PASSWORD, headers = {}) =>
    call('POST', '/session', { name, password }, headers)

  test('the admin token makes the first account; from then on people log in', async () => {
    const made = await cloud.api('POST', '/accounts', {
      name: 'Anna',
      role: 'admin',
      password: PASSWORD,
    })
    assert.equal(made.status, 201)
    const account = (await made.json()) as Record<string, unknown>
    assert.deepEqual([account.name, account.role, account.devices], ['anna', 'admin', null])
    assert.ok(!('password' in account))
    const entered = await login('ANNA')
    assert.equal(entered.status, 200)
    assert.deepEqual(await entered.json(), { name: 'anna', role: 'admin' })
    const setCookie = entered.headers.get('Set-Cookie') ?? ''
    for (const part of [/HttpOnly/, /SameSite=Strict/, /Path=\//]) assert.match(setCookie, part)
    const session = cookieOf(entered)
    assert.deepEqual(await (await call('GET', '/session', undefined, session)).json(), {
      name: 'anna',
      role: 'admin',
    })
    const other = { name: 'bob', role: 'viewer', password: PASSWORD }
    assert.equal((await call('POST', '/accounts', other, session)).status, 201)
    assert.equal((await call('POST', '/accounts', other, session)).status, 409)
    const left = await call('DELETE', '/session', undefined, session)
    assert.equal(left.status, 204)
    assert.equal((await call('GET', '/session', undefined, session)).status, 401, 'it has ended')
    assert.equal((await cloud.api('GET', '/accounts')).status, 200, 'the token works beside them')
  })

  test('a token logs in too; its session is nobody', async () => {
    const entered = await call('POST', '/session', { token: cloud.viewerToken })
    assert.deepEqual(await entered.json(), { name: null, role: 'viewer' })
    assert.equal((await call('GET', '/devices', undefined, cookieOf(entered))).status, 200)
    assert.equal((await call('POST', '/session', { token: 'wrong' })).status, 401)
  })

  test('what is refused, and why', async () => {
    const good = { name: 'carl', role: 'viewer', password: PASSWORD }
    const bad: [object, RegExp][] = [
      [{ ...good, name: '' }, /name/],
      [{ ...good, name: 'two words' }, /name/],
      [{ ...good, role: 'root' }, /role/],
      [{ ...good, password: 'short' }, /password/],
      [{ ...good, devices: ['P1/nobody'] }, /P1\/nobody/],
      [{ ...good, devices: [] }, /devices/],
      [{ ...good, role: 'admin', devices: ['P1/cam1'] }, /admins see all/],
    ]
    for (const [body, reason] of bad) {
      const answer = await cloud.api('POST', '/accounts', body)
      assert.equal(answer.status, 400, JSON.stringify(body))
      assert.match(await answer.text(), reason)
    }
    assert.equal((await cloud.api('PATCH', '/accounts/99', { role: 'viewer' })).status, 404)
    assert.equal((await cloud.api('DELETE', '/accounts/x')).status, 404)
  })

  test('a viewer looks and changes nothing but the own password', async () => {
    const session = cookieOf(await login('bob'))
    assert.equal((await call('GET', '/devices', undefined, session)).status, 200)
    assert.equal((await call('GET', '/accounts', undefined, session)).status, 403)
    assert.equal((await call('DELETE', '/devices/P1/cam1', undefined, session)).status, 403)
    const second = cookieOf(await login('bob'))
    const newPassword = 'another pass phrase'
    const change = (password: string) =>
      call('PUT', '/session/password', { password, newPassword }, session)
    assert.equal((await change('wrong')).status, 400)
    assert.equal((await change(PASSWORD)).status, 204)
    assert.equal((await call('GET', '/session', undefined, session)).status, 200, 'this one stays')
    assert.equal((await call('GET', '/session', undefined, second)).status, 401, 'others end')
    assert.equal((await login('bob')).status, 401)
    assert.equal((await login('bob', newPassword)).status, 200)
  })

  test('an account that sees one device sees nothing of others', async () => {
    const viewer = { name: 'dora', role: 'viewer', password: PASSWORD, devices: ['P1/cam2'] }
    const made = (await (await cloud.api('POST', '/accounts', viewer)).json()) as { id: number }
    const session = cookieOf(await login('dora'))
    const get = async (path: string) =>
      (await fetch(`${cloud.httpUrl}${path}`, { headers: session })).status
    const { devices } = (await (await call('GET', '/devices', undefined, session)).json()) as {
      devices: { deviceName: string }[]
    }
    assert.deepEqual(
      devices.map((device) => device.deviceName),
      ['cam2'],
    )
    assert.equal(await get('/api/devices/P1/cam2'), 200)
    for (const path of [
      '/api/devices/P1/cam1',
      '/api/devices/P1/c%61m1',
      '/api/devices/P1/cam1/channels/0/timeline?from=1&to=2',
      '/api/devices/P1/cam1/events?from=1&to=2',
      '/media/P1/cam1/0/00112233445566aa-00000001.ts',
      '/api/accounts',
      '/api/anything-that-is-added-later',
    ])
      assert.equal(await get(path), 404, path)
    assert.equal((await cloud.api('DELETE', '/devices/P1/cam2')).status, 204)
    const again = cookieOf(await login('dora'))
    const after = (await (await call('GET', '/devices', undefined, again)).json()) as {
      devices: object[]
    }
    assert.deepEqual(after.devices, [], 'without its device it sees none, not all')
    const all = await cloud.api('PATCH', `/accounts/${made.id}`, { devices: null })
    assert.equal(all.status, 200)
    assert.equal((await call('GET', '/session', undefined, again)).status, 401, 'a change ends it')
  })

  test('the last admin account stays', async () => {
    const { accounts } = (await (await cloud.api('GET', '/accounts')).json()) as {
      accounts: { id: number; name: string }[]
    }
    const id = (name: string) => accounts.find((account) => account.name === name)!.id
    assert.equal((await cloud.api('DELETE', `/accounts/${id('anna')}`)).status, 409)
    const demoted = await cloud.api('PATCH', `/accounts/${id('anna')}`, { role: 'viewer' })
    assert.equal(demoted.status, 409)
    const session = cookieOf(await login('bob', 'another pass phrase'))
    assert.equal((await cloud.api('DELETE', `/accounts/${id('bob')}`)).status, 204)
    assert.equal((await call('GET', '/session', undefined, session)).status, 401)
  })

  test('accounts and sessions survive a restart', async () => {
    const session = cookieOf(await login('anna'))
    cloud = await cloud.restart()
    assert.equal((await call('GET', '/session', undefined, session)).status, 200)
  })

  test('no password, cookie or token is in the log', async () => {
    const session = cookieOf(await login('anna'))
    await fetch(`${cloud.httpUrl}/?token=${cloud.viewerToken}`, { redirect: 'manual' })
    await fetch(`${cloud.httpUrl}/api/devices?token=${cloud.adminToken}`)
    const text = cloud.log.join('\n')
    assert.match(text, /"message":"request"/)
    for (const secret of [
      PASSWORD,
      session.Cookie.split('=')[1]!,
      cloud.viewerToken,
      cloud.adminToken,
    ])
      assert.ok(!text.includes(secret))
  })
})
