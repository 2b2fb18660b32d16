import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ENV_NAMES, parseEnv } from '../../cloud/server/env.ts'
import { ROOT } from '../support/paths.ts'

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

test('a store of objects is named whole or not at all', () => {
  const whole = {
    SKYRILL_S3_ENDPOINT: 'https://s3.example:9000',
    SKYRILL_S3_BUCKET: 'recordings',
    SKYRILL_S3_ACCESS_KEY: 'key',
    SKYRILL_S3_SECRET_KEY: 'secret',
  }
  assert.deepEqual(parseEnv(whole).s3, {
    endpoint: 'https://s3.example:9000',
    bucket: 'recordings',
    accessKey: 'key',
    secretKey: 'secret',
    region: 'us-east-1',
    pathStyle: true,
  })
  assert.equal(parseEnv({ ...whole, SKYRILL_S3_PATH_STYLE: '0' }).s3?.pathStyle, false)
  assert.equal(parseEnv({ SKYRILL_S3_REGION: 'eu-1' }).s3, undefined)
  for (const name of Object.keys(whole))
    assert.throws(() => parseEnv({ ...whole, [name]: '' }), new RegExp(name), name)
  assert.throws(() => parseEnv({ ...whole, SKYRILL_S3_BUCKET: 'a/b' }), /SKYRILL_S3_BUCKET/)
})

test('README and the example file name every variable, and the example holds the defaults', () => {
  const readme = readFileSync(join(ROOT, 'cloud/README.md'), 'utf8')
  const named = [...readme.matchAll(/^\| `(SKYRILL_\w+)`/gm)].map(([, name]) => name)
  assert.deepEqual(named.toSorted(), ENV_NAMES.toSorted())
  const example = readFileSync(join(ROOT, 'cloud/.env.example'), 'utf8')
  const lines = [...example.matchAll(/^(SKYRILL_\w+)=(.*)$/gm)].map(([, name, value]) => [
    name!,
    value!,
  ])
  assert.deepEqual(lines.map(([name]) => name).toSorted(), ENV_NAMES.toSorted())
  assert.deepEqual(parseEnv(Object.fromEntries(lines)), parseEnv({}))
})
