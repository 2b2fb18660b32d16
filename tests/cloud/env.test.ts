import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnv } from '../../cloud/server/env.ts'

test('defaults are safe on one machine', () => {
  const options = parseEnv({ SKYRILL_PUBLIC_URL: '' })
  assert.equal(options.host, '127.0.0.1')
  assert.equal(options.httpPort, 8080)
  assert.equal(options.adminToken, undefined, 'random, not built in')
})

test('every fault is named', () => {
  const env = { SKYRILL_HTTP_PORT: '70000', SKYRILL_ADMIN_TOKEN: 'short', SKYRILL_LOG: 'loud' }
  assert.throws(
    () => parseEnv(env),
    (error: Error) =>
      ['SKYRILL_HTTP_PORT', 'SKYRILL_ADMIN_TOKEN', 'SKYRILL_LOG'].every((name) =>
        error.message.includes(name),
      ),
  )
  assert.throws(() => parseEnv({ SKYRILL_PUBLIC_URL: 'ftp://x' }), /SKYRILL_PUBLIC_URL/)
})
