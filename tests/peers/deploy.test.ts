/** What deploy/ and docs/DEPLOY.md give people: every file is read, and what can run here runs. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request as requestHttp, type Server } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import mqtt from 'mqtt'
import { ENV_NAMES, parseEnv } from '../../cloud/server/env.ts'
import { staticLogin } from '../../runtime/identity.ts'
import { until } from '../cloud/support/cloud.ts'
import { type Certificate, TestAuthority } from '../support/certificates.ts'
import { ROOT } from '../support/paths.ts'
import { reservePort } from '../support/ports.ts'
import { needTool, toolPath } from '../support/tools.ts'

const DEPLOY = join(ROOT, 'deploy')
const read = (name: string) => readFileSync(join(DEPLOY, name), 'utf8')
const PATIENCE_MS = 60_000

type Service = { image?: string; environment?: Record<string, string>; volumes?: string[] }
type Compose = { services: Record<string, Service>; volumes: Record<string, unknown> }
const compose = Bun.YAML.parse(read('compose.yaml')) as Compose
const variables = (text: string) =>
  new Set([...text.matchAll(/\$\{(\w+):\?\}/g)].map(([, name]) => name!))

describe('compose file', () => {
  test('has two instances, a proxy, and the engines', () => {
    assert.deepEqual(Object.keys(compose.services).toSorted(), [
      ...['mosquitto', 'one', 'postgres', 'proxy', 's3', 'two'],
    ])
    const [one, two] = [compose.services.one!, compose.services.two!]
    assert.deepEqual(one.environment, two.environment)
    assert.notDeepEqual(one.volumes, two.volumes, 'each has its own data folder')
  })

  test('sets variables that the cloud knows, to values that it takes', () => {
    const { environment = {} } = compose.services.one!
    for (const name of Object.keys(environment)) assert.ok(ENV_NAMES.includes(name), name)
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      value
        .replace(/\$\{PUBLIC_URL:\?\}/g, 'https://cameras.example')
        .replace(/\$\{\w+:\?\}/g, '0123456789abcdef'),
    ])
    const options = parseEnv(Object.fromEntries(filled))
    assert.ok(options.s3 && options.databaseUrl && options.mqttBrokerUrl && options.signingKey)
  })

  test('asks for what the example names, and for nothing else', () => {
    const example = [...read('compose.env.example').matchAll(/^(\w+)=/gm)].map(([, name]) => name!)
    assert.deepEqual(example.toSorted(), [...variables(read('compose.yaml'))].toSorted())
  })

  test('mounts files that are there, and volumes that it declares', () => {
    for (const { volumes = [] } of Object.values(compose.services))
      for (const volume of volumes) {
        const [source] = volume.split(':')
        if (volume.startsWith('./')) assert.ok(existsSync(join(DEPLOY, source!)), source)
        else if (!volume.startsWith('$')) assert.ok(source! in compose.volumes, source)
      }
  })

  test('the proxy names the instances', () => {
    const named = [...read('nginx/skyrill.conf').matchAll(/^ {2}server (\w+):8080/gm)]
    assert.deepEqual(
      named.map(([, name]) => name),
      ['one', 'two'],
    )
  })
})

test('container file: what it copies, starts and sets is there', () => {
  const text = read('Containerfile')
  for (const [, name] of text.matchAll(/(SKYRILL_\w+)=/g))
    assert.ok(ENV_NAMES.includes(name!), name)
  const manifest = JSON.parse(readFileSync(join(ROOT, 'cloud/package.json'), 'utf8'))
  const started = `/app/cloud/${manifest.bin['skyrill-cloud']}`
  assert.ok(text.includes(`ENTRYPOINT ["bun", "${started}"]`), started)
  assert.match(text, /^USER 1000:1000$/m, 'not root')
  const pinned = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies.bun
  assert.ok(text.includes(`FROM oven/bun:${pinned}-slim`), 'the Bun that the tests run on')
})

describe('nginx', { skip: needTool('nginx', 'openssl'), timeout: 300_000 }, () => {
  let folder: string
  let authority: TestAuthority
  let nginx: ChildProcess
  let https: number
  let http: number
  const upstreams: { server: Server; port: number; seen: string[] }[] = []

  const openUpstream = async (port = 0) => {
    const seen: string[] = []
    const server = createServer(async (incoming, outgoing) => {
      let bytes = 0
      for await (const chunk of incoming) bytes += chunk.length
      seen.push(`${incoming.method} ${incoming.url}`)
      const { 'x-forwarded-for': from, 'x-forwarded-proto': proto, host } = incoming.headers
      outgoing.end(JSON.stringify({ bytes, from, proto, host }))
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return { server, port: (server.address() as AddressInfo).port, seen }
  }

  const send = (
    method: string,
    path: string,
    body: Buffer,
  ): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: https,
          method,
          path,
          ca: authority.ca,
          headers: { 'Content-Length': body.length },
        },
        async (answer) => {
          let text = ''
          for await (const chunk of answer) text += chunk
          resolve({ status: answer.statusCode ?? 0, text })
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-nginx-'))
    authority = new TestAuthority(folder)
    const { certPath, keyPath } = authority.issue('server')
    for (let at = 0; at < 2; at++) upstreams.push(await openUpstream())
    ;[http, https] = [await reservePort(), await reservePort()]
    const given = read('nginx/skyrill.conf')
      .replace('listen 80;', `listen 127.0.0.1:${http};`)
      .replace('listen 443 ssl http2;', `listen 127.0.0.1:${https} ssl http2;`)
      .replace('/etc/nginx/certs/server.pem', certPath)
      .replace('/etc/nginx/certs/server.key', keyPath)
      .replace('one:8080', `127.0.0.1:${upstreams[0]!.port}`)
      .replace('two:8080', `127.0.0.1:${upstreams[1]!.port}`)
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${join(folder, name)};`,
    )
    const config = join(folder, 'nginx.conf')
    const user = process.getuid?.() === 0 ? 'user root;' : ''
    writeFileSync(
      config,
      `${user} daemon off; pid ${join(folder, 'pid')}; error_log stderr crit; events {} http { access_log off; ${paths.join(' ')} ${given} }`,
    )
    const tried = spawnSync(toolPath('nginx'), ['-t', '-p', folder, '-c', config], {
      encoding: 'utf8',
    })
    assert.equal(tried.status, 0, tried.stderr)
    nginx = spawn(toolPath('nginx'), ['-p', folder, '-c', config], { stdio: 'ignore' })
    await until(
      'nginx',
      () => send('GET', '/', Buffer.alloc(0)).catch(() => undefined),
      PATIENCE_MS,
    )
  })
  after(async () => {
    if (nginx) {
      const gone = once(nginx, 'exit')
      nginx.kill('SIGTERM')
      await gone
    }
    for (const { server } of upstreams) {
      server.closeAllConnections()
      server.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  test('an append comes through whole, with where it is from', async () => {
    const { status, text } = await send('PATCH', '/tus/P1/cam1/0/x', Buffer.alloc(4 * 1024 * 1024))
    assert.equal(status, 200)
    assert.deepEqual(JSON.parse(text), {
      ...{ bytes: 4 * 1024 * 1024, from: '127.0.0.1', proto: 'https', host: '127.0.0.1' },
    })
    assert.equal(
      (
        await send('PATCH', '/tus/P1/cam1/0/x', Buffer.alloc(9 * 1024 * 1024)).catch(() => ({
          status: 413,
        }))
      ).status,
      413,
    )
  })

  test('without TLS one is sent to where it is', async () => {
    const answer = await new Promise<{ status: number; location: string }>((resolve, reject) =>
      requestHttp(`http://127.0.0.1:${http}/api/devices?x=1`, (found) => {
        found.resume()
        resolve({ status: found.statusCode ?? 0, location: String(found.headers.location) })
      })
        .on('error', reject)
        .end(),
    )
    assert.deepEqual(answer, { status: 308, location: 'https://127.0.0.1/api/devices?x=1' })
  })

  test('a device stays with one instance; when that is gone it goes to the other', async () => {
    const paths = (count: number) => Array.from({ length: count }, (_, at) => `/tus/P1/cam${at}/0`)
    for (const { seen } of upstreams) seen.length = 0
    for (let round = 0; round < 3; round++)
      for (const path of paths(20)) await send('POST', path, Buffer.alloc(10))
    const [one, two] = upstreams.map(({ seen }) => new Set(seen))
    assert.ok(one!.size > 0 && two!.size > 0, 'both have some')
    assert.deepEqual(
      [...one!].filter((line) => two!.has(line)),
      [],
    )
    const [gone, stays] = upstreams as [(typeof upstreams)[0], (typeof upstreams)[0]]
    gone.server.closeAllConnections()
    await new Promise((resolve) => gone.server.close(resolve))
    const answered = await until(
      'all of them at the other',
      async () => {
        stays.seen.length = 0
        for (const path of paths(20)) await send('POST', path, Buffer.alloc(10))
        return new Set(stays.seen).size === 20
      },
      PATIENCE_MS,
    )
    assert.ok(answered)
  })
})

describe('Mosquitto of the compose file', {
  skip: needTool('mosquitto', 'mosquitto_passwd', 'openssl'),
  timeout: 300_000,
}, () => {
  test('starts; the cloud and a device get in, others do not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skyrill-compose-'))
    const authority = new TestAuthority(folder)
    const certificate: Certificate = authority.issue('server')
    const [tls, plain] = [await reservePort(), await reservePort()]
    const path = (name: string) => join(folder, 'config', name)
    mkdirSync(join(folder, 'config'))
    writeFileSync(path('skyrill.acl'), read('mosquitto/skyrill.acl'), { mode: 0o600 })
    writeFileSync(path('skyrill.passwd'), '', { mode: 0o600 })
    for (const [user, password] of [
      ['cloud', 'of the cloud'],
      ['P1/cam1', 'of the device'],
    ] as const)
      spawnSync(toolPath('mosquitto_passwd'), ['-b', path('skyrill.passwd'), user, password])
    const given = read('compose/mosquitto.conf')
      .replace('listener 8883', `listener ${tls} 127.0.0.1`)
      .replace('listener 1883', `listener ${plain} 127.0.0.1`)
      .replace('/mosquitto/certs/server.pem', certificate.certPath)
      .replace('/mosquitto/certs/server.key', certificate.keyPath)
      .replaceAll('/mosquitto/config/', `${join(folder, 'config')}/`)
    const user = process.getuid?.() === 0 ? 'user root\n' : ''
    writeFileSync(path('mosquitto.conf'), `${user}${given}`)
    const broker = spawn(toolPath('mosquitto'), ['-c', path('mosquitto.conf')], { stdio: 'ignore' })
    const gone = once(broker, 'exit')
    try {
      const login = { username: 'cloud', password: 'of the cloud', reconnectPeriod: 0 }
      const cloud = await until(
        'the broker',
        () => mqtt.connectAsync(`mqtt://127.0.0.1:${plain}`, login, false).catch(() => undefined),
        PATIENCE_MS,
      )
      const secure = { ca: authority.ca, reconnectPeriod: 0 }
      const device = await mqtt.connectAsync(`mqtts://127.0.0.1:${tls}`, {
        ...staticLogin('P1', 'cam1', 'of the device'),
        ...secure,
      })
      await assert.rejects(
        mqtt.connectAsync(
          `mqtts://127.0.0.1:${tls}`,
          { ...staticLogin('P1', 'cam1', 'of another'), ...secure },
          false,
        ),
      )
      await Promise.all([cloud.endAsync(true), device.endAsync(true)])
    } finally {
      broker.kill('SIGTERM')
      await gone
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
