import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { openPgliteIndex } from '../../cloud/server/store/index/pglite.ts'
import type { IndexStore } from '../../cloud/server/store/index/types.ts'
import { S3ObjectStore } from '../../cloud/server/store/objects/s3/s3.ts'
import { S3Client } from '../../cloud/server/store/objects/s3/s3-client.ts'
import { ObjectBusyError, OutdatedObjectError } from '../../cloud/server/store/objects/types.ts'
import { objectStoreSuite, readAll } from '../cloud/store/objects/suite.ts'
import { noise, sha256 } from '../cloud/support/device.ts'
import { S3_SERVERS, type S3Kind, type S3Server } from '../support/s3-servers.ts'

const KEY = 'P1/cam1/0/0123456789abcdef/0/0123456789abcdef-00000001.ts'
const MIB = 1024 * 1024

/** One server and one index for all tests of a kind; each test has a prefix of the bucket for itself. */
const openShared = (kind: S3Kind) => {
  let opened: Promise<{ server: S3Server; index: IndexStore }> | undefined
  let fixtures = 0
  after(async () => {
    const shared = await opened
    await shared?.index.close()
    await shared?.server.close()
  })
  return async () => {
    opened ??= Promise.all([kind.open(), openPgliteIndex('memory://')]).then(([server, index]) => ({
      server,
      index,
    }))
    const { server, index } = await opened
    const options = { ...server, pathStyle: true, prefix: `test-${++fixtures}` }
    const fail = (error: unknown) => assert.fail(String(error))
    return {
      options,
      uploads: index.uploads,
      client: new S3Client(options),
      open: () => S3ObjectStore.open(options, index.uploads, fail),
      remove: () => index.uploads.dropUnder('P1'),
    }
  }
}

for (const kind of S3_SERVERS) {
  if (kind.skip) {
    test(`object store: ${kind.name}`, { skip: kind.skip }, () => {})
    continue
  }
  const fixtureOf = openShared(kind)
  objectStoreSuite(kind.name, fixtureOf)

  describe(`objects on ${kind.name}`, () => {
    test('what is settled is one object, and nothing lies beside it', async () => {
      const { open, client, remove } = await fixtureOf()
      const store = await open()
      const object = await store.grow(KEY, 'header')
      for (let at = 0; at < 5; at++) {
        const data = noise(1000, at)
        await object.append(data, sha256(data), `${at}`)
      }
      assert.equal((await client.list('parts/')).length, 5)
      await object.close()
      await store.settle(KEY)
      assert.deepEqual(await client.list('parts/'), [])
      assert.deepEqual(await client.list('objects/'), [`objects/${KEY}`])
      assert.equal(await client.size(`objects/${KEY}`), 5000)
      await store.close()
      await remove()
    })

    test('all objects are listed, however many', async () => {
      const { open, remove } = await fixtureOf()
      const store = await open()
      const fromMs = Date.now()
      await Promise.all(
        Array.from({ length: 1005 }, (_, at) => store.put(`P1/cam1/pictures/${at}`, noise(at % 7))),
      )
      const found = new Map<string, number>()
      for await (const { key, bytes, changedMs } of store.list()) {
        found.set(key, bytes)
        assert.ok(Math.abs(changedMs - fromMs) < 600_000, String(changedMs))
      }
      assert.equal(found.size, 1005)
      assert.equal(found.get('P1/cam1/pictures/1004'), 1004 % 7)
      await store.deleteUnder('P1/cam1')
      for await (const { key } of store.list()) assert.fail(`${key} is still there`)
      await store.close()
      await remove()
    })

    test('a long object is made in parts', async () => {
      const { open, client, remove } = await fixtureOf()
      const store = await open()
      const object = await store.grow(KEY, 'header')
      for (let at = 0; at < 10; at++) {
        const data = Buffer.alloc(4 * MIB, at + 1)
        await object.append(data, sha256(data), `${at}`)
      }
      await object.close()
      await store.settle(KEY)
      assert.equal(await client.size(`objects/${KEY}`), 40 * MIB)
      for (const at of [0, 3, 9]) {
        const read = await readAll(store, KEY, at * 4 * MIB, at * 4 * MIB + 8)
        assert.deepEqual(read, Buffer.alloc(8, at + 1))
      }
      await store.close()
      await remove()
    })

    test('what an attempt left of a large object goes when the next one begins', async () => {
      const { open, client, remove } = await fixtureOf()
      const store = await open()
      const left = await client.beginParts('objects/exported-files/0.mp4')
      await client.putPart('objects/exported-files/0.mp4', left, 2, Buffer.alloc(5 * MIB))
      const other = await client.beginParts('objects/exported-files/0.mp4x')
      await (await store.create('exported-files/0.mp4', 0)).abort()
      await assert.rejects(
        () => client.putPart('objects/exported-files/0.mp4', left, 3, Buffer.alloc(5 * MIB)),
        /404 NoSuchUpload/,
      )
      await client.putPart('objects/exported-files/0.mp4x', other, 1, Buffer.alloc(10))
      await client.dropParts('objects/exported-files/0.mp4x', other)
      await store.close()
      await remove()
    })

    test('another instance goes on where the object stands; the first one notices', async () => {
      const { open, client, remove } = await fixtureOf()
      const [one, two] = [await open(), await open()]
      const first = await one.grow(KEY, 'header')
      await first.append(noise(100), sha256(noise(100)), 'a')
      const resumed = await two.resume(KEY)
      assert.deepEqual([resumed?.header, resumed?.bytes], ['header', 100])
      const second = await two.grow(KEY, 'not asked for')
      await second.append(noise(50, 2), sha256(noise(50, 2)), 'b')
      await assert.rejects(
        () => first.append(noise(70, 3), sha256(noise(70, 3)), 'c'),
        OutdatedObjectError,
      )
      assert.equal((await client.list('parts/')).length, 2, 'the refused append left nothing')
      assert.deepEqual((await one.passing()).lost, [KEY])
      assert.deepEqual(await readAll(one, KEY, 0, 150), Buffer.concat([noise(100), noise(50, 2)]))
      await one.settle(KEY)
      assert.equal((await two.size(KEY)) ?? 0, 150, 'whoever lost it does not close it')
      await two.settle(KEY)
      assert.equal(await client.size(`objects/${KEY}`), 150)
      assert.deepEqual(
        await readAll(one, KEY, 90, 150),
        Buffer.concat([noise(100), noise(50, 2)]).subarray(90),
      )
      await one.close()
      await two.close()
      await remove()
    })

    test('killed while it made the object whole: the next one does', async () => {
      const { open, client, uploads, remove } = await fixtureOf()
      const first = await open()
      const object = await first.grow(KEY, 'header')
      for (const at of [0, 1]) await object.append(noise(10, at), sha256(noise(10, at)), `${at}`)
      const whole = Buffer.concat([noise(10, 0), noise(10, 1)])
      const upload = await uploads.upload(KEY)
      assert.equal(await uploads.seal(KEY, upload!.version, first.instance), true)
      const second = await open()
      await assert.rejects(() => second.resume(KEY), ObjectBusyError)
      // as far as it can have come: the object is there, one of its parts is not any more
      await client.put(`objects/${KEY}`, whole)
      await client.delete((await client.list('parts/'))[0]!)
      await first.close()
      const { found } = await second.passing()
      assert.deepEqual(
        found.map(({ key, bytes }) => [key, bytes]),
        [[KEY, 20]],
      )
      await second.settle(KEY)
      assert.deepEqual(await readAll(second, KEY, 0, 20), whole)
      assert.deepEqual(await client.list('parts/'), [])
      await second.close()
      await remove()
    })

    test('readers get a URL once the object is whole, and for that object alone', async () => {
      const { options, uploads, remove } = await fixtureOf()
      const fail = (error: unknown) => assert.fail(String(error))
      const publicly = { ...options, publicEndpoint: options.endpoint }
      const store = await S3ObjectStore.open(publicly, uploads, fail)
      const object = await store.grow(KEY, 'header')
      await object.append(noise(1000), sha256(noise(1000)), 'a')
      const asked = { bytes: 1000, seconds: 60, type: 'video/mp2t' }
      assert.equal(await store.presign(KEY, asked), undefined, 'its parts are not for readers')
      await object.close()
      await store.settle(KEY)
      const url = await store.presign(KEY, asked)
      const answer = await fetch(url!, { headers: { Range: 'bytes=10-19' } })
      assert.equal(answer.status, 206)
      assert.equal(answer.headers.get('Content-Type'), 'video/mp2t')
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), noise(1000).subarray(10, 20))
      const other = await fetch(url!.replace('00000001.ts', '00000002.ts'))
      assert.equal(other.status, 403)
      await other.arrayBuffer()
      await store.close()
      await remove()
    })

    test('wrong keys and a bucket that is not there are told of at the start', async () => {
      const { options, uploads } = await fixtureOf()
      const open = (more: object) => S3ObjectStore.open({ ...options, ...more }, uploads, () => {})
      await assert.rejects(() => open({ secretKey: 'wrong' }), /403 SignatureDoesNotMatch/)
      await assert.rejects(() => open({ bucket: 'not-there' }), /404 NoSuchBucket/)
    })
  })
}
