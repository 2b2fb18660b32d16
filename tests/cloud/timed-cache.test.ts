import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TimedCache } from '../../cloud/server/timed-cache.ts'

test('remembers for a while, and not what was forgotten while it was read', async () => {
  let now = 0
  let stored = 'a'
  const cache = new TimedCache<string>(1000, () => now)
  const read = () => cache.get('key', async () => stored)
  assert.equal(await read(), 'a')
  stored = 'b'
  now = 999
  assert.equal(await read(), 'a')
  now = 1000
  assert.equal(await read(), 'b')
  stored = 'c'
  cache.forget('key')
  assert.equal(await read(), 'c')
  cache.clear()
  const late = cache.get('key', async () => {
    const value = stored
    stored = 'd'
    cache.forget('key')
    return value
  })
  assert.equal(await late, 'c')
  assert.equal(await read(), 'd', 'what arrived late was not kept')
})
