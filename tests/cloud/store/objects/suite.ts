import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import {
  type ObjectStore,
  REWRITABLE_BYTES,
  StorageFullError,
  type UnsettledObject,
} from '../../../../cloud/server/store/objects/types.ts'
import { noise } from '../../support/device.ts'

/** What a store under test can do beside its interface. */
export type StoreFixture = {
  open(): Promise<ObjectStore>
  /** opens it with no room left, where that can be had */
  openFull?(): Promise<ObjectStore>
  /** removes everything */
  remove(): Promise<void>
}

const sha = (data: Uint8Array) => createHash('sha256').update(data).digest('base64')
const KEY = 'P1/cam1/0/0123456789abcdef/0/0123456789abcdef-00000001.ts'

/** Bytes of an object as one buffer. */
export const readAll = async (store: ObjectStore, key: string, start: number, end: number) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of store.read(key, start, end)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const unsettledOf = async (store: ObjectStore): Promise<UnsettledObject[]> => {
  const found: UnsettledObject[] = []
  for await (const object of store.unsettled()) found.push(object)
  return found
}

/** Every object store passes this. */
export const objectStoreSuite = (name: string, makeFixture: () => Promise<StoreFixture>): void => {
  describe(`object store: ${name}`, () => {
    let fixture: StoreFixture
    let store: ObjectStore
    beforeEach(async () => {
      fixture = await makeFixture()
      store = await fixture.open()
    })
    afterEach(async () => {
      await store.close()
      await fixture.remove()
    })

    test('what is appended is read, whole and in ranges', async () => {
      const data = noise(200_000)
      const object = await store.grow(KEY, 'header')
      await object.append(data.subarray(0, 70_000), sha(data.subarray(0, 70_000)), 'a')
      await object.append(data.subarray(70_000), sha(data.subarray(70_000)), 'b')
      assert.equal(object.bytes, 200_000)
      assert.equal(await store.size(KEY), 200_000)
      assert.deepEqual(await readAll(store, KEY, 0, 200_000), data)
      assert.deepEqual(await readAll(store, KEY, 69_990, 70_010), data.subarray(69_990, 70_010))
      assert.deepEqual(await readAll(store, KEY, 5, 5), Buffer.alloc(0))
    })

    test('a whole object: put, replaced, read, nothing left to settle', async () => {
      const key = 'P1/cam1/0/pictures/0123456789abcdef/0/0123456789abcdef-00000001'
      await store.put(key, noise(5000))
      await store.put(key, noise(3000, 2))
      assert.equal(await store.size(key), 3000)
      assert.deepEqual(await readAll(store, key, 0, 3000), noise(3000, 2))
      assert.deepEqual(await unsettledOf(store), [])
      await store.close()
      store = await fixture.open()
      assert.deepEqual(await readAll(store, key, 0, 3000), noise(3000, 2))
      await store.delete(key)
      assert.equal(await store.size(key), undefined)
      for (const bad of ['../x', 'a//b', 'a/..', 'a~b'])
        await assert.rejects(() => store.put(bad, noise(1)), /not an object key/)
    })

    test('a large object is there when it is whole, its beginning written last', async () => {
      const key = 'exported-files/0d0b8f1a.mp4'
      const data = noise(2 * REWRITABLE_BYTES + 1_000_001)
      const create = store.create!.bind(store)
      const write = async (bytes: Uint8Array, headBytes: number) => {
        const object = await create(key, bytes.length)
        for (let at = headBytes; at < bytes.length; at += 700_000)
          await object.write(bytes.subarray(at, at + 700_000), at)
        await object.write(bytes.subarray(0, headBytes), 0)
        return object
      }
      const killed = await write(data, 5000)
      assert.equal(await store.size(key), undefined, 'not yet')
      const second = await write(data, 5000)
      await second.commit()
      assert.equal(await store.size(key), data.length)
      assert.ok((await readAll(store, key, 0, data.length)).equals(data))
      const file = await store.file?.(key)
      if (file)
        assert.deepEqual(Buffer.from(await file.slice(9, 20).arrayBuffer()), data.subarray(9, 20))
      await killed.abort()
      assert.equal(await store.size(key), data.length)
      // one that is small, in place of the other
      await (await write(noise(20_000, 3), 100)).commit()
      assert.equal(await store.size(key), 20_000)
      const aborted = await write(noise(30_000), 100)
      await aborted.abort()
      await store.delete(key)
      assert.equal(await store.size(key), undefined)
      const left: string[] = []
      for await (const object of store.list!()) left.push(object.key)
      assert.deepEqual(left, [])
    })

    test('a restart finds header, notes and bytes of what was not settled', async () => {
      const object = await store.grow(KEY, 'header')
      await object.append(noise(10), sha(noise(10)), 'first')
      await object.append(noise(20, 2), sha(noise(20, 2)), 'second')
      await object.append(Buffer.alloc(0), sha(Buffer.alloc(0)), 'end')
      await store.close()
      store = await fixture.open()
      const [found, ...others] = await unsettledOf(store)
      assert.deepEqual(others, [])
      assert.equal(found?.key, KEY)
      assert.equal(found.header, 'header')
      assert.equal(found.bytes, 30)
      assert.deepEqual(
        found.appends.map(({ offset, bytes, note }) => [offset, bytes, note]),
        [
          [0, 10, 'first'],
          [10, 20, 'second'],
          [30, 0, 'end'],
        ],
      )
      const again = await store.grow(KEY, 'another header')
      assert.equal(again.bytes, 30)
      await again.append(noise(5, 3), sha(noise(5, 3)), 'third')
      const [later] = await unsettledOf(store)
      assert.equal(later?.header, 'header', 'the header of the beginning stays')
      assert.equal(later.appends.length, 4)
    })

    test('what is settled is not found any more, and can be gone on with', async () => {
      const object = await store.grow(KEY, 'header')
      await object.append(noise(10), sha(noise(10)), 'a')
      await object.sync()
      await object.close()
      await store.settle(KEY)
      assert.deepEqual(await unsettledOf(store), [])
      assert.equal(await store.size(KEY), 10)
      const again = await store.grow(KEY, 'later')
      await again.append(noise(4, 2), sha(noise(4, 2)), 'b')
      await again.close()
      const [found] = await unsettledOf(store)
      assert.deepEqual([found?.header, found?.baseBytes, found?.bytes], ['later', 10, 14])
    })

    test('objects and everything under a prefix are deleted', async () => {
      const other = KEY.replace('/cam1/', '/cam10/')
      for (const key of [KEY, KEY.replace('00001.ts', '00002.ts'), other]) {
        const object = await store.grow(key, 'h')
        await object.append(noise(3), sha(noise(3)), 'n')
        await object.close()
      }
      await store.delete(KEY.replace('00001.ts', '00002.ts'))
      assert.equal(await store.size(KEY.replace('00001.ts', '00002.ts')), undefined)
      await store.deleteUnder('P1/cam1')
      assert.equal(await store.size(KEY), undefined)
      assert.equal(await store.size(other), 3, 'cam10 is not cam1')
      assert.deepEqual(
        (await unsettledOf(store)).map(({ key }) => key),
        [other],
      )
      await store.delete('P1/cam1/never/there')
    })

    test('keys that leave the store are refused', async () => {
      const bad = [
        '../x',
        'a/../b',
        '/etc/passwd',
        'a//b',
        'a/.',
        'a/..',
        '',
        'a\\b',
        'a/\0',
        '.hidden',
        'a/%2e%2e',
      ]
      for (const key of bad) {
        await assert.rejects(
          async () => store.grow(key, 'h'),
          /not an object key/,
          JSON.stringify(key),
        )
        await assert.rejects(async () => store.size(key), /not an object key/)
        await assert.rejects(async () => store.delete(key), /not an object key/)
        assert.throws(() => store.read(key, 0, 1), /not an object key/)
      }
    })

    test('a full store says so, and nothing was appended', async (t) => {
      if (!fixture.openFull) return t.skip('this server has no quota that a test can set')
      const object = await store.grow(KEY, 'h')
      await object.append(noise(3), sha(noise(3)), 'n')
      await store.close()
      store = await fixture.openFull()
      await assert.rejects(() => store.grow(KEY, 'h'), StorageFullError)
      assert.equal(await store.size(KEY), 3)
    })
  })
}
