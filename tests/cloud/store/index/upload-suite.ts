import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { IndexStore } from '../../../../cloud/server/store/index/types.ts'
import type { Upload, UploadStore } from '../../../../cloud/server/store/index/upload-store.ts'

const KEY = 'P1/cam1/0/0123456789abcdef/0/0123456789abcdef-00000002.ts'
const FOREVER_MS = 3_600_000

const append = (offset: number, bytes: number, note = `${offset}`) => ({
  ...{ offset, bytes, sha256: 'c2hh', note },
  part: `part-${offset}`,
})

const taken = (upload: Upload | 'busy' | undefined): Upload => {
  assert.ok(upload && upload !== 'busy', `taken: ${JSON.stringify(upload)}`)
  return upload
}

/** Journals and locks of uploads; every index passes this. */
export const uploadStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`uploads in the index: ${name}`, () => {
    let index: IndexStore
    let uploads: UploadStore
    before(async () => {
      index = await open()
      uploads = index.uploads
    })
    after(() => index.close())
    beforeEach(async () => {
      await uploads.dropUnder('P1')
      for (const instance of ['a', 'b']) await uploads.leave(instance)
      for (const instance of ['a', 'b'])
        assert.equal(await uploads.alive(instance, FOREVER_MS), true)
    })

    test('what was appended is found in order, from where the object stood', async () => {
      const begun = taken(await uploads.begin(KEY, 'a', 'header', 7))
      assert.equal(await uploads.append(KEY, begun.version, 'a', append(7, 10)), true)
      assert.equal(await uploads.append(KEY, begun.version + 1, 'a', append(17, 0, 'end')), true)
      const again = taken(await uploads.begin(KEY, 'a', 'another', 0))
      assert.deepEqual(again, await uploads.upload(KEY))
      assert.deepEqual(again, {
        ...{ key: KEY, header: 'header', baseBytes: 7, version: begun.version + 2 },
        appends: [append(7, 10), append(17, 0, 'end')],
      })
      assert.equal(await uploads.upload(`${KEY}x`), undefined)
      assert.equal(await uploads.take(`${KEY}x`, 'a'), undefined)
    })

    test('of two appends to one version one counts', async () => {
      const { version } = taken(await uploads.begin(KEY, 'a', 'h', 0))
      taken(await uploads.take(KEY, 'b'))
      const both = await Promise.all([
        uploads.append(KEY, version, 'a', append(0, 10, 'a')),
        uploads.append(KEY, version, 'b', append(0, 10, 'b')),
      ])
      assert.deepEqual(both.sort(), [false, true])
      assert.equal((await uploads.upload(KEY))?.appends.length, 1)
    })

    test('while one closes it nobody appends, and nobody takes it', async () => {
      const { version } = taken(await uploads.begin(KEY, 'a', 'h', 0))
      assert.equal(await uploads.seal(KEY, version + 1, 'a'), false, 'another version')
      assert.equal(await uploads.seal(KEY, version, 'b'), false, 'another owner')
      assert.equal(await uploads.seal(KEY, version, 'a'), true)
      assert.equal(await uploads.append(KEY, version, 'a', append(0, 10)), false)
      assert.equal(await uploads.take(KEY, 'b'), 'busy')
      assert.equal(await uploads.begin(KEY, 'b', 'h', 0), 'busy')
      await uploads.settle(KEY, 'b')
      assert.ok(await uploads.upload(KEY), 'another instance does not end it')
      await uploads.settle(KEY, 'a')
      assert.equal(await uploads.upload(KEY), undefined)
    })

    test('what an instance that is gone had is taken over, sealed or not', async () => {
      const other = KEY.replace('2.ts', '3.ts')
      const sealed = taken(await uploads.begin(KEY, 'a', 'h', 0))
      await uploads.append(KEY, sealed.version, 'a', append(0, 10))
      assert.equal(await uploads.seal(KEY, sealed.version + 1, 'a'), true)
      taken(await uploads.begin(other, 'a', 'h', 0))
      assert.deepEqual(await uploads.takeAbandoned('b'), [], 'its owner is there')
      await uploads.leave('a')
      const found = await uploads.takeAbandoned('b')
      assert.deepEqual(found.map(({ key }) => key).sort(), [KEY, other])
      assert.deepEqual(await uploads.takeAbandoned('b'), [])
      const { version } = taken(await uploads.take(KEY, 'b'))
      assert.ok(version > sealed.version + 1, 'the one that is gone cannot go on with what it knew')
      assert.equal(await uploads.append(KEY, version, 'b', append(10, 5)), true)
      await uploads.settle(KEY, 'a')
      assert.equal((await uploads.upload(KEY))?.appends.length, 2)
    })

    test('an instance learns what it has, and what is superseded', async () => {
      const later = KEY.replace('2.ts', '9.ts')
      const elsewhere = KEY.replace('cam1', 'cam10')
      for (const key of [KEY, later, elsewhere]) taken(await uploads.begin(key, 'a', 'h', 0))
      await uploads.supersede('P1/cam1/0/0123456789abcdef', later)
      assert.deepEqual(
        (await uploads.held('a')).map(({ key, isSuperseded }) => [key, isSuperseded]).sort(),
        [
          [KEY, true],
          [later, false],
          [elsewhere, false],
        ].sort(),
      )
      taken(await uploads.take(KEY, 'b'))
      assert.equal((await uploads.held('a')).length, 2)
      await uploads.dropUnder('P1/cam1')
      assert.deepEqual(
        [...(await uploads.held('a')), ...(await uploads.held('b'))].map(({ key }) => key),
        [elsewhere],
      )
      await uploads.drop(elsewhere)
      assert.deepEqual(await uploads.held('a'), [])
    })

    test("a job is one instance's until that is gone", async () => {
      assert.deepEqual(await uploads.instances(), ['a', 'b'])
      assert.equal(await uploads.holdJob('sweep', 'a'), true)
      assert.equal(await uploads.holdJob('sweep', 'a'), true)
      assert.equal(await uploads.holdJob('sweep', 'b'), false)
      assert.equal(await uploads.holdJob('other', 'b'), true)
      await uploads.leave('a')
      assert.equal(await uploads.holdJob('sweep', 'b'), true)
      assert.deepEqual(await uploads.instances(), ['b'])
      assert.equal(await uploads.alive('b', -1), true)
      assert.equal(await uploads.alive('b', FOREVER_MS), false, 'it was taken for dead')
    })
  })
}
