/** What can be wrong between a device and a cloud, each by itself, on a server of the test's own; what it is taken for, and that the next try gets through. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type LookupFunction, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { systemClock } from '../../../runtime/clock.ts'
import { CLASS_OF, type FailureClass } from '../../../runtime/upload/failure.ts'
import { HttpConnection, type HttpTimeouts } from '../../../runtime/upload/http.ts'
import { causeOf, type TusAnswer, TusClient } from '../../../runtime/upload/tus.ts'
import { type Certificate, TestAuthority } from '../../support/certificates.ts'
import { needTool } from '../../support/tools.ts'

const TIMES: HttpTimeouts = { sendMs: 60_000, replyMs: 60_000 }
const SOON: HttpTimeouts = { sendMs: 60_000, replyMs: 200 }
const TAKEN = 'HTTP/1.1 204 No Content\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 100000\r\n\r\n'
const BODY = [new Uint8Array(100_000).fill(1)]

const closing: (() => void)[] = []
after(() => {
  for (const close of closing) close()
})

/** A server that does as told with the first connection and answers every request on those after it. */
const serverOf = async (
  first: (socket: Socket) => void,
  tls?: Certificate,
): Promise<{ url: URL; connections: () => number }> => {
  let connections = 0
  const sockets = new Set<Socket>()
  const onSocket = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    if (connections++ === 0) first(socket)
    else answerAll(socket)
  }
  const server = tls ? createTlsServer(tls, onSocket) : createServer(onSocket)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    url: new URL(`${tls ? 'https' : 'http'}://127.0.0.1:${port}/slice`),
    connections: () => connections,
  }
}

/** Answers each request once its body is whole. */
const answerAll = (socket: Socket, answer = TAKEN): void => {
  let received = 0
  let expected = -1
  let head = ''
  socket.on('data', (chunk: Buffer) => {
    if (expected < 0) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      expected = Number(/Content-Length: (\d+)/.exec(head)?.[1] ?? 0)
      received = head.length - end - 4
    } else received += chunk.length
    if (received < expected) return
    expected = -1
    head = ''
    socket.write(answer)
  })
}

const append = (client: TusClient, url: URL, times = TIMES): Promise<TusAnswer> =>
  client.append(url, 'token', { offset: 0, views: BODY, index: { pieces: [] } }, times)

const respond =
  (head: string, body = '') =>
  (socket: Socket): void =>
    answerAll(socket, `${head}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)

const CASES: {
  name: string
  first(socket: Socket): void
  is: ReturnType<typeof causeOf>
  class: FailureClass
  times?: HttpTimeouts
  waitMs?: number
}[] = [
  {
    name: 'reset before anything is read',
    first: (socket) => socket.resetAndDestroy(),
    is: 'reset',
    class: 'retry',
  },
  {
    name: 'reset in the middle of the body',
    first: (socket) => socket.once('data', () => socket.resetAndDestroy()),
    is: 'reset',
    class: 'retry',
  },
  {
    name: 'closed without an answer',
    first: (socket) => socket.once('data', () => socket.end()),
    is: 'reset',
    class: 'retry',
  },
  {
    name: 'half open: taken, never answered',
    first: (socket) => void socket.resume(),
    is: 'timeout',
    class: 'retry',
    times: SOON,
  },
  {
    name: 'an answer that is not HTTP',
    first: (socket) => answerAll(socket, 'SSH-2.0-OpenSSH_9.2\r\n\r\n'),
    is: 'protocol',
    class: 'retry',
  },
  {
    name: 'an answer that breaks off',
    first: (socket) => socket.once('data', () => socket.end('HTTP/1.1 204 No Con')),
    is: 'reset',
    class: 'retry',
  },
  {
    name: 'captive portal: 200 with a page',
    first: respond('HTTP/1.1 200 OK\r\nContent-Type: text/html', '<html>Accept the terms</html>'),
    is: 'portal',
    class: 'retry',
  },
  {
    name: 'captive portal: a redirect, which is not followed',
    first: respond('HTTP/1.1 302 Found\r\nLocation: http://portal.invalid/'),
    is: 'portal',
    class: 'retry',
  },
  {
    name: '500 of a proxy, with a page',
    first: respond('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html', '<html></html>'),
    is: 'wrong',
    class: 'retry',
  },
  {
    name: '401',
    first: respond('HTTP/1.1 401 Unauthorized\r\nTus-Resumable: 1.0.0'),
    is: 'token',
    class: 'credentials',
  },
  {
    name: '402',
    first: respond('HTTP/1.1 402 Payment Required\r\nTus-Resumable: 1.0.0'),
    is: 'plan',
    class: 'plan',
  },
  {
    name: '415',
    first: respond('HTTP/1.1 415 Unsupported Media Type\r\nTus-Resumable: 1.0.0'),
    is: 'config',
    class: 'configuration',
  },
  {
    name: '429 with Retry-After in seconds',
    first: respond('HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7'),
    is: 'later',
    class: 'retry',
    waitMs: 7000,
  },
  {
    name: "429 with Retry-After as a date, by the server's clock",
    first: respond(
      'HTTP/1.1 429 Too Many Requests\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nRetry-After: Wed, 01 Jan 2020 00:00:09 GMT',
    ),
    is: 'later',
    class: 'retry',
    waitMs: 9000,
  },
  {
    name: '503 with Retry-After',
    first: respond('HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3'),
    is: 'later',
    class: 'retry',
    waitMs: 3000,
  },
]

for (const { name, first, is, class: kind, times, waitMs } of CASES)
  test(`${name}: ${is} (${kind}); then it gets through`, async () => {
    const { url } = await serverOf(first)
    const client = new TusClient(systemClock)
    const answer = await append(client, url, times)
    assert.equal(causeOf(answer), is, answer.message)
    assert.equal(CLASS_OF[is!], kind)
    assert.equal(answer.waitMs, waitMs)
    // what the line needs after an answer is a new connection or the same one; the case's server answers both on the second
    client.close()
    assert.equal((await append(client, url)).outcome, 'ok')
    client.close()
  })

test('a server that reads nothing: the time-out for sending', async () => {
  const { url } = await serverOf((socket) => void socket.pause())
  const client = new TusClient(systemClock)
  const views = [new Uint8Array(32 * 1024 * 1024)]
  const answer = await client.append(
    url,
    'token',
    { offset: 0, views, index: { pieces: [] } },
    { sendMs: 300, replyMs: 60_000 },
  )
  assert.equal(causeOf(answer), 'timeout')
  assert.match(answer.message, /not sent within 300 ms/)
  client.close()
})

test('nobody listens: refused (retry)', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const client = new TusClient(systemClock)
  assert.equal(causeOf(await append(client, new URL(`http://127.0.0.1:${port}/`))), 'refused')
})

test('a name that is unknown: dns (retry), asked for again with the next try', async () => {
  const { url } = await serverOf((socket) => answerAll(socket))
  let asked = 0
  const lookup: LookupFunction = (_, options, callback) => {
    if (++asked === 1) {
      const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
      return callback(error, '', 4)
    }
    if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }])
    else callback(null, '127.0.0.1', 4)
  }
  const origin = new URL(`http://cloud.invalid:${url.port}`)
  const connection = new HttpConnection(origin, systemClock, undefined, lookup)
  const request = { method: 'HEAD', path: '/', headers: {}, body: [] } as const
  await assert.rejects(connection.request(request, TIMES), { fault: 'dns' })
  assert.equal((await connection.request(request, TIMES)).status, 204)
  connection.close()
  await assert.rejects(
    new HttpConnection(new URL('http://no-such-host.invalid'), systemClock).request(request, TIMES),
    { fault: 'dns' },
    'the same from the system',
  )
})

const skip = needTool('openssl')

test('certificates: of an authority that is known, of a stranger, of another name', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-line-'))
  closing.push(() => rmSync(folder, { recursive: true }))
  const authority = new TestAuthority(folder)
  const { url } = await serverOf((socket) => answerAll(socket), authority.issue('cloud'))
  const known = new TusClient(systemClock, authority.ca)
  assert.equal((await append(known, url)).outcome, 'ok')
  known.close()
  const other = await serverOf((socket) => answerAll(socket), authority.issue('x', 'DNS:x.invalid'))
  for (const [client, target] of [
    [new TusClient(systemClock), url],
    [new TusClient(systemClock, authority.ca), other.url],
  ] as const) {
    const answer = await append(client, target)
    assert.equal(causeOf(answer), 'tls', answer.message)
    assert.equal(answer.outcome, 'config')
    client.close()
  }
})

test('TLS where there is none: tls', async () => {
  const { url } = await serverOf((socket) => answerAll(socket, 'HTTP/1.1 400 Bad Request\r\n\r\n'))
  const client = new TusClient(systemClock)
  const secure = new URL(url.href.replace('http:', 'https:'))
  // the handshake is no request, so the server says nothing until it gives up on it
  const answer = await append(client, secure, { sendMs: 300, replyMs: 300 })
  assert.equal(causeOf(answer), 'timeout')
  const { url: loud } = await serverOf((socket) => void socket.end('HTTP/1.1 400 Bad\r\n\r\n'))
  const told = await append(client, new URL(loud.href.replace('http:', 'https:')))
  assert.equal(causeOf(told), 'tls', told.message)
})
