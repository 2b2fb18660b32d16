import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../../runtime/clock.ts'
import { HttpConnection, HttpFailure, type HttpRequest } from '../../../runtime/upload/http.ts'

const TIMES = { sendMs: 2000, replyMs: 2000 }
const put = (path: string, ...body: Uint8Array[]): HttpRequest => ({
  method: 'PATCH',
  path,
  headers: { 'X-Test': 'yes' },
  body,
})

/** What the server does with a connection, by the path of its first request. */
type Script = (socket: Socket, received: () => Buffer) => void

describe('HTTP connection', { timeout: 30_000 }, () => {
  let server: Server
  let connections = 0
  const sockets = new Set<Socket>()
  let script: Script = () => {}
  before(async () => {
    server = createServer((socket) => {
      connections++
      sockets.add(socket)
      let bytes: Buffer = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk])
        script(socket, () => bytes)
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
  })
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  const connect = (): HttpConnection => {
    connections = 0
    const { port } = server.address() as AddressInfo
    return new HttpConnection(new URL(`http://127.0.0.1:${port}`), systemClock)
  }
  /** Answers each request once its body is complete. */
  const answering =
    (answer: string): Script =>
    (socket, received) => {
      const text = received().toString('latin1')
      const requests = text.split('PATCH ').slice(1)
      const last = requests.at(-1) ?? ''
      const head = last.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(last)?.[1] ?? -1)
      if (head >= 0 && last.length - head - 4 === length) socket.write(answer)
    }

  test('bodies of several parts arrive in order, requests share a connection', async () => {
    const http = connect()
    let seen = Buffer.alloc(0)
    const answer = answering('HTTP/1.1 204 No\r\n\r\n')
    script = (socket, received) => {
      seen = received() as Buffer<ArrayBuffer>
      answer(socket, received)
    }
    const large = new Uint8Array(300_000).fill(65)
    for (let count = 0; count < 3; count++)
      assert.equal(
        (await http.request(put(`/${count}`, large, Buffer.from('tail')), TIMES)).status,
        204,
      )
    assert.equal(connections, 1)
    assert.equal(seen.toString('latin1').match(/A{300000}tail/g)?.length, 3)
    assert.match(
      seen.toString('latin1'),
      /^PATCH \/0 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nX-Test: yes\r\nContent-Length: 300004\r\n\r\n/,
    )
    http.close()
  })

  test('one request at a time', async () => {
    const http = connect()
    script = answering('HTTP/1.1 204 No\r\n\r\n')
    const first = http.request(put('/'), TIMES)
    await assert.rejects(http.request(put('/'), TIMES), /under way/)
    await first
    http.close()
  })

  test('a server that closes after its answer: the next request opens a connection', async () => {
    const http = connect()
    script = answering('HTTP/1.1 204 No\r\nConnection: close\r\n\r\n')
    for (let count = 0; count < 2; count++)
      assert.equal((await http.request(put('/'), TIMES)).status, 204)
    assert.equal(connections, 2)
    http.close()
  })

  test('an answer before the body is through ends the connection, and is an answer', async () => {
    const http = connect()
    script = (socket) => {
      socket.pause()
      socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
    }
    const answer = await http.request(put('/', new Uint8Array(20_000_000)), TIMES)
    assert.equal(answer.status, 413)
    assert.equal(Buffer.from(answer.body).toString(), 'no')
    http.close()
  })

  const FAILURES: [string, Script, RegExp][] = [
    ['no answer', () => {}, /no answer within 200 ms/],
    ['cut', (socket) => socket.destroy(), /./],
    ['reset', (socket) => socket.resetAndDestroy(), /./],
    ['closed without an answer', (socket) => socket.end(), /closed before the answer/],
    ['half an answer', (socket) => socket.end('HTTP/1.1 20'), /closed before the answer/],
    ['nonsense', (socket) => socket.write('hello\r\n'), /not HTTP\/1\.1/],
  ]
  for (const [name, behaviour, message] of FAILURES)
    test(`${name}: a failure with its reason, and the next request works`, async () => {
      const http = connect()
      script = behaviour
      await assert.rejects(
        http.request(put('/', new Uint8Array(10)), { sendMs: 1000, replyMs: 200 }),
        (error) => error instanceof HttpFailure && message.test(error.message),
      )
      script = answering('HTTP/1.1 204 No\r\n\r\n')
      assert.equal((await http.request(put('/'), TIMES)).status, 204)
      http.close()
    })

  test('a server that reads nothing: the time for sending ends it', async () => {
    const http = connect()
    script = (socket) => socket.pause()
    await assert.rejects(
      http.request(put('/', new Uint8Array(50_000_000)), { sendMs: 300, replyMs: 1000 }),
      /not sent within 300 ms/,
    )
    http.close()
  })

  test('nobody listens, or there is no such host', async () => {
    const closed = new HttpConnection(new URL('http://127.0.0.1:9'), systemClock)
    await assert.rejects(closed.request(put('/'), TIMES), HttpFailure)
    const unknown = new HttpConnection(new URL('http://no-such-host.invalid'), systemClock)
    await assert.rejects(unknown.request(put('/'), TIMES), HttpFailure)
  })
})
