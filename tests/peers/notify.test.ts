/** Mail through a real SMTP server, push messages opened as a browser does, and a queue that survives kill -9. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { makeFolder, openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { TestDevice } from '../cloud/support/device.ts'
import { ROOT } from '../support/paths.ts'

const T0 = Date.UTC(2026, 10, 20, 10)
const event = (number: number, info = 'front door') => ({
  channel: 0,
  key: `00112233445566aa-${String(number).padStart(8, '0')}`,
  eventId: 3,
  info,
  startMs: T0,
  videoStartMs: T0,
  ai: 0,
})

type Got = { headers: IncomingHttpHeaders; body: Buffer }

const openReceiver = async (status = () => 201) => {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks) })
      response.writeHead(status()).end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { got, url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

test('mail: sent through a server with a login; what it refuses for now is tried again', async () => {
  const mails: { from: string; to: string[]; text: string }[] = []
  const logins: string[] = []
  let refusals = 1
  const server = new SMTPServer({
    authOptional: false,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, password }, _, done) => {
      logins.push(`${username}:${password}`)
      done(null, { user: username })
    },
    onRcptTo: (_, __, done) => {
      if (refusals-- > 0) return done(Object.assign(new Error('later'), { responseCode: 451 }))
      done()
    },
    onData: (stream, session, done) => {
      let text = ''
      stream.on('data', (chunk) => {
        text += chunk
      })
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text,
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as { port: number }
  const cloud = await openCloud(
    { smtpUrl: `smtp://skyrill:mail-password@127.0.0.1:${port}`, mailFrom: 'cloud@example.org' },
    { notifyTiming: { retryMs: [1, 1] } },
  )
  const device = await new TestDevice(cloud).register()
  try {
    const hook = {
      kind: 'email',
      name: 'mail',
      target: 'anna@example.org',
      rule: { topics: ['event'] },
    }
    assert.equal((await cloud.api('POST', '/hooks', hook)).status, 201)
    const label = 'Door\r\nBcc: eve@example.org'
    assert.equal((await cloud.api('PATCH', device.path, { label })).status, 200)
    await device.connect()
    await device.ask('event', 'event_start', event(1))
    const mail = await until('a mail', () => mails[0], 60_000)
    assert.deepEqual([mail.from, mail.to], ['cloud@example.org', ['anna@example.org']])
    assert.match(mail.text, /^Subject: Door Bcc: eve@example\.org: event 3 \(front door\)\r?$/m)
    assert.doesNotMatch(mail.text.split('\r\n\r\n')[0]!, /^Bcc:/im)
    assert.match(mail.text, new RegExp(cloud.httpUrl))
    assert.equal(logins.at(-1), 'skyrill:mail-password')
    assert.equal(refusals < 0, true, 'the first try was refused')
    assert.ok(!cloud.log.join('\n').includes('mail-password'))
  } finally {
    await device.close()
    await cloud.remove()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
})

/** A browser's subscription, and what it does with a message. Spec: RFC 8291 (keys), RFC 8188 (aes128gcm). */
const openBrowser = (endpoint: string) => {
  const ecdh = createECDH('prime256v1')
  const publicKey = ecdh.generateKeys()
  const auth = randomBytes(16)
  const subscription = {
    endpoint,
    keys: { p256dh: publicKey.toString('base64url'), auth: auth.toString('base64url') },
  }
  const open = (body: Buffer): string => {
    const salt = body.subarray(0, 16)
    const idLength = body[20]!
    const serverKey = body.subarray(21, 21 + idLength)
    const shared = ecdh.computeSecret(serverKey)
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), publicKey, serverKey])
    const ikm = Buffer.from(hkdfSync('sha256', shared, auth, info, 32))
    const derive = (label: string, bytes: number) =>
      Buffer.from(hkdfSync('sha256', ikm, salt, Buffer.from(`Content-Encoding: ${label}\0`), bytes))
    const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12))
    decipher.setAuthTag(body.subarray(-16))
    const padded = Buffer.concat([
      decipher.update(body.subarray(21 + idLength, -16)),
      decipher.final(),
    ])
    // the last record ends with 2 and zeros
    return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8')
  }
  return { subscription, open }
}

/** RFC 8292: the push service knows the server by a signed token. */
const checkVapid = (header: string, publicKey: string, audience: string): void => {
  const [, token, key] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(header)!
  assert.equal(key, publicKey)
  const [head, claims, signature] = token!.split('.') as [string, string, string]
  const point = Buffer.from(publicKey, 'base64url')
  const jwk = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })
  const isGenuine = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: jwk, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  assert.ok(isGenuine)
  const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string }
  assert.equal(aud, audience)
}

test('web push: a browser subscribes, opens its messages, hears what its account may see, and leaves', async () => {
  let status = 201
  const service = await openReceiver(() => status)
  const cloud = await openCloud({ allowPrivateHooks: true })
  const seen = await new TestDevice(cloud, 'P1', 'seen').register()
  const hidden = await new TestDevice(cloud, 'P1', 'hidden').register()
  try {
    const password = 'a long enough pass phrase'
    const account = { name: 'dora', role: 'viewer', password, devices: ['P1/seen'] }
    await cloud.api('POST', '/accounts', account)
    const login = await fetch(`${cloud.httpUrl}/api/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'dora', password }),
    })
    const headers = {
      Cookie: login.headers.get('Set-Cookie')!.split(';')[0]!,
      Origin: cloud.httpUrl,
      'Content-Type': 'application/json',
    }
    const call = (method: string, path: string, body?: object) =>
      fetch(`${cloud.httpUrl}/api/push/${path}`, {
        method,
        headers,
        ...(body && { body: JSON.stringify(body) }),
      })
    const { publicKey } = (await (await call('GET', 'key')).json()) as { publicKey: string }
    const browser = openBrowser(`${service.url}/push/abc`)
    const subscribed = await call('PUT', 'subscription', {
      subscription: browser.subscription,
      rule: { topics: ['event'] },
    })
    assert.equal(subscribed.status, 204, await subscribed.text())
    await seen.connect()
    await hidden.connect()
    await hidden.ask('event', 'event_start', event(1))
    await seen.ask('event', 'event_start', event(2, 'cat'))
    const first = await until('a message', () => service.got[0], 60_000)
    assert.equal(first.headers['content-encoding'], 'aes128gcm')
    checkVapid(String(first.headers.authorization), publicKey, service.url)
    const message = JSON.parse(browser.open(first.body)) as Record<string, unknown>
    assert.equal(message.topic, 'event')
    assert.match(String(message.text), /seen: event 3 \(cat\)/)
    assert.ok(!first.body.includes('cat'), 'the service cannot read it')
    const shown = await (await cloud.api('GET', '/hooks')).text()
    assert.ok(!shown.includes('p256dh') && !shown.includes('/push/abc'))
    // the browser has gone: the service says so, and that is the end of it
    status = 410
    await seen.ask('event', 'event_start', event(3))
    await until(
      'switched off',
      async () => {
        const { hooks } = (await (await cloud.api('GET', '/hooks')).json()) as {
          hooks: { enabled: boolean }[]
        }
        return hooks[0]?.enabled === false
      },
      60_000,
    )
    assert.equal(
      (await call('DELETE', 'subscription', { endpoint: browser.subscription.endpoint })).status,
      204,
    )
    const { hooks } = (await (await cloud.api('GET', '/hooks')).json()) as { hooks: object[] }
    assert.deepEqual(hooks, [])
    assert.equal(service.got.length, 2, 'nothing of the hidden device')
  } finally {
    await seen.close()
    await hidden.close()
    await cloud.remove()
    service.close()
  }
})

const ADMIN = 'an-admin-token-for-tests'

/** The cloud in a process of its own. */
const start = async (folder: string): Promise<{ cloud: TestCloud; child: ChildProcess }> => {
  const program = join(ROOT, 'cloud/server/main.ts')
  const child = spawn(
    process.execPath,
    'Bun' in globalThis ? [program] : ['--import', 'tsx', program],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        SKYRILL_DATA: folder,
        SKYRILL_HTTP_PORT: '0',
        SKYRILL_MQTT_PORT: '0',
        SKYRILL_MIN_FREE_MIB: '0',
        SKYRILL_HOOKS_PRIVATE: '1',
        SKYRILL_ADMIN_TOKEN: ADMIN,
        SKYRILL_LOG: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout!.on('data', (chunk) => {
    text += chunk
  })
  const [, httpUrl, mqttUrl] = await until(
    'the cloud',
    () => /^page +(http:\/\/[^/\s]+).*\nMQTT +(\S+)/m.exec(text) ?? undefined,
    60_000,
  )
  const api: TestCloud['api'] = (method, path, body) =>
    fetch(`${httpUrl}/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { cloud: { httpUrl, mqttUrl, adminToken: ADMIN, api } as TestCloud, child }
}

test('kill -9: what a device was answered for is told, whenever the process dies', async () => {
  let status = 503
  const receiver = await openReceiver(() => status)
  const folder = await makeFolder()
  const children: ChildProcess[] = []
  try {
    let { cloud, child } = await start(folder)
    children.push(child)
    const hook = { kind: 'webhook', name: 'w', target: receiver.url, rule: { topics: ['event'] } }
    assert.equal((await cloud.api('POST', '/hooks', hook)).status, 201)
    const device = await new TestDevice(cloud).register()
    for (const number of [1, 2, 3]) {
      if (!device.client) await device.connect()
      await device.ask('event', 'event_start', event(number))
      // in the middle of whatever it does with it
      child.kill('SIGKILL')
      await once(child, 'exit')
      await device.close()
      ;({ cloud, child } = await start(folder))
      children.push(child)
      device.cloud = cloud
    }
    status = 200
    const before = receiver.got.length
    const keys = () =>
      new Set(
        receiver.got
          .slice(before)
          .map(({ body }) => (JSON.parse(body.toString()) as { event: { key: string } }).event.key),
      )
    // one that was being sent when the process died is tried again when its lease is over
    await until('all three', () => keys().size === 3, 110_000)
  } finally {
    for (const child of children) child.kill('SIGKILL')
    receiver.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
