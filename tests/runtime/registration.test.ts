import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import {
  isRegistrationSigned,
  openSecret,
  registrationSchema,
  sealSecret,
  signRegistration,
} from '../../runtime/mqtt/registration.ts'
import { RegistrationError, registerDevice } from '../../runtime/registration.ts'

/** Calls `use` with the address of a server that answers as `answer` says. */
const withServer = async (
  answer: (path: string, body: string) => { status: number; body: string },
  use: (url: string) => Promise<void>,
): Promise<void> => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const said = answer(request.url ?? '', body)
      response.writeHead(said.status).end(said.body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  try {
    await use(`http://127.0.0.1:${port}`)
  } finally {
    server.close()
  }
}

const DEVICE = { productId: 'P1', deviceName: 'cam1', productSecret: 'product secret' }

test('a request is signed, its answer opened', () =>
  withServer(
    (path, body) => {
      assert.equal(path, '/register')
      const request = registrationSchema.parse(JSON.parse(body))
      assert.ok(isRegistrationSigned(request, DEVICE.productSecret))
      return {
        status: 200,
        body: JSON.stringify({ sealed: sealSecret(request, DEVICE.productSecret, 'mine') }),
      }
    },
    async (url) => assert.equal(await registerDevice({ url, ...DEVICE }), 'mine'),
  ))

test('what the cloud refuses is said as the cloud says it', () =>
  withServer(
    () => ({ status: 403, body: '{"error":{"code":"forbidden","message":"not on the list"}}' }),
    (url) =>
      assert.rejects(registerDevice({ url, ...DEVICE }), (error) => {
        assert.ok(error instanceof RegistrationError)
        assert.deepEqual([error.status, error.message], [403, 'not on the list'])
        return true
      }),
  ))

test('an answer that was not sealed for this request is refused', async () => {
  const other = signRegistration('P1', 'cam1', DEVICE.productSecret)
  const answers = [
    JSON.stringify({ sealed: sealSecret(other, DEVICE.productSecret, 'mine') }),
    JSON.stringify({ sealed: 'AAAA' }),
    '{}',
    'no JSON',
  ]
  for (const body of answers)
    await withServer(
      () => ({ status: 200, body }),
      (url) => assert.rejects(registerDevice({ url, ...DEVICE }), /not from a cloud that knows/),
    )
})

test('no address, and nobody there', async () => {
  await assert.rejects(
    registerDevice({ url: 'mqtt://host', ...DEVICE }),
    /no http or https address/,
  )
  await withServer(
    () => ({ status: 200, body: '' }),
    async (url) => {
      const gone = createServer().listen(0, '127.0.0.1')
      await once(gone, 'listening')
      const { port } = gone.address() as { port: number }
      gone.close()
      await once(gone, 'close')
      const closed = url.replace(/\d+$/, String(port))
      await assert.rejects(registerDevice({ url: closed, ...DEVICE }), /cannot be reached/)
    },
  )
})

test('a signature and a seal are for one device and one nonce', () => {
  const request = signRegistration('P1', 'cam1', 'secret')
  const sealed = sealSecret(request, 'secret', 'device secret')
  assert.equal(openSecret(request, 'secret', sealed), 'device secret')
  for (const changed of [
    { ...request, productId: 'P2' },
    { ...request, deviceName: 'cam2' },
    { ...request, nonce: '0'.repeat(32) },
  ]) {
    assert.ok(!isRegistrationSigned(changed, 'secret'))
    assert.throws(() => openSecret(changed, 'secret', sealed))
  }
  assert.notEqual(signRegistration('P1', 'cam1', 'secret').nonce, request.nonce)
})
