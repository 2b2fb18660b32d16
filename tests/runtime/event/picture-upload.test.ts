import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { systemClock } from '../../../runtime/clock.ts'
import type { PictureOutcome } from '../../../runtime/event/picture.ts'
import { pictureUploader } from '../../../runtime/event/picture-upload.ts'
import { Scheduler } from '../../../runtime/upload/scheduler.ts'

const JPEG = new Uint8Array(100_000).fill(7)
JPEG.set([0xff, 0xd8, 0xff, 0xe0])

/** Answers `/status/N` with N and remembers the request; anything else it leaves without an answer. */
let seen: { method: string; headers: IncomingMessage['headers']; body: Buffer } | undefined
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  seen = { method: request.method!, headers: request.headers, body: Buffer.concat(chunks) }
  const status = /^\/status\/(\d+)$/.exec(request.url!)?.[1]
  if (status) response.writeHead(Number(status)).end()
})
let origin = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

const scheduler = new Scheduler(systemClock)

const put = (path: string, replyMs = 5000, url = origin + path) =>
  pictureUploader(
    systemClock,
    () => ({ sendMs: 5000, replyMs }),
    scheduler,
  )({ url, token: 'secret', expiresAtMs: 0 }, JPEG)

test('a picture is put whole, with its kind, its checksum and the token', async () => {
  const { outcome } = await put('/status/204').done
  assert.equal(outcome, 'ok')
  assert.equal(seen?.method, 'PUT')
  assert.ok(seen?.body.equals(JPEG))
  assert.equal(seen?.headers.authorization, 'Bearer secret')
  assert.equal(seen?.headers['content-type'], 'image/jpeg')
  assert.equal(
    seen?.headers['upload-checksum'],
    `sha256 ${createHash('sha256').update(JPEG).digest('base64')}`,
  )
})

const OUTCOMES: readonly [status: number, outcome: PictureOutcome][] = [
  [200, 'retry'], // a captive portal answers so
  [302, 'retry'],
  [400, 'reject'],
  [401, 'token'],
  [403, 'token'],
  [404, 'token'],
  [410, 'reject'],
  [413, 'reject'],
  [415, 'reject'],
  [429, 'retry'],
  [460, 'retry'],
  [500, 'retry'],
  [503, 'retry'],
  [507, 'retry'],
]
for (const [status, outcome] of OUTCOMES)
  test(`${status}: ${outcome}`, async () =>
    assert.equal((await put(`/status/${status}`).done).outcome, outcome))

test('no answer in time: later again', async () =>
  assert.equal((await put('/silence', 50).done).outcome, 'retry'))

test('nobody there: later again', async () =>
  assert.equal((await put('', 5000, 'http://127.0.0.1:1/').done).outcome, 'retry'))

test('called off: it ends at once', async () => {
  const request = put('/silence')
  const startMs = performance.now()
  setTimeout(() => request.cancel(), 50)
  assert.equal((await request.done).outcome, 'retry')
  assert.ok(performance.now() - startMs < 2000)
})

test('pictures wait for their turn, and can be called off meanwhile', async () => {
  const hanging = [put('/silent', 60_000), put('/silent', 60_000)]
  const third = put('/status/204')
  const called = put('/status/204')
  called.cancel()
  assert.deepEqual(await called.done, {
    outcome: 'retry',
    message: 'cancelled before its turn',
  })
  assert.deepEqual(
    { ...scheduler.stats('picture'), sentBytes: 0, failed: 0 },
    { waiting: 1, underWay: 2, sentBytes: 0, failed: 0 },
  )
  hanging[0]!.cancel()
  assert.equal((await third.done).outcome, 'ok')
  hanging[1]!.cancel()
  await Promise.all(hanging.map(({ done }) => done))
  assert.equal(scheduler.stats('picture').underWay, 0)
})
