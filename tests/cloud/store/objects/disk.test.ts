import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { DiskObjectStore } from '../../../../cloud/server/store/objects/disk.ts'
import { parseJournal } from '../../../../cloud/server/store/objects/journal.ts'
import { noise, sha256 } from '../../support/device.ts'
import { objectStoreSuite } from './suite.ts'

const makeFolders = () => {
  const root = mkdtempSync(join(tmpdir(), 'skyrill-objects-'))
  const folders = { objects: join(root, 'objects'), journals: join(root, 'journals') }
  for (const folder of Object.values(folders)) mkdirSync(folder)
  return { ...folders, remove: () => rmSync(root, { recursive: true, force: true }) }
}

const openDisk = (folders: ReturnType<typeof makeFolders>, minFreeBytes = 0) =>
  new DiskObjectStore({ ...folders, minFreeBytes }, (error) => {
    throw error
  })

objectStoreSuite('disk', async () => {
  const folders = makeFolders()
  return {
    open: async () => openDisk(folders),
    openFull: async () => openDisk(folders, 2 ** 52),
    remove: async () => folders.remove(),
  }
})

/** Many are synced in rounds, by the file system at once; each one still waits until it is on the disk. */
test('many objects are synced together', async () => {
  const folders = makeFolders()
  const store = openDisk(folders)
  const keys = Array.from({ length: 40 }, (_, at) => `P1/cam${at}/0/boot/0/slice.ts`)
  await Promise.all(
    keys.map(async (key, at) => {
      const object = await store.grow(key, 'h')
      for (let part = 0; part < 3; part++) {
        const data = noise(100, at + part)
        await object.append(data, sha256(data), `${part}`)
      }
      await object.sync()
      await object.close()
    }),
  )
  for (const key of keys) assert.equal(await store.size(key), 300)
  await store.close()
  folders.remove()
})

/** What a kill or a power cut can leave behind, made by hand; each is repaired to the last whole append. */
describe('torn state', () => {
  const KEY = 'P1/cam1/0/boot/0/slice.ts'
  const first = noise(1000)
  const second = noise(500, 2)

  const torn = async (
    tear: (data: string, journal: string) => void,
  ): Promise<number | undefined> => {
    const folders = makeFolders()
    try {
      const before = openDisk(folders)
      const object = await before.grow(KEY, 'h')
      await object.append(first, sha256(first), 'first')
      await object.append(second, sha256(second), 'second')
      await before.close()
      const data = join(folders.objects, KEY)
      const journal = join(folders.journals, readdirSync(folders.journals)[0]!)
      tear(data, journal)
      const store = openDisk(folders)
      let bytes: number | undefined
      for await (const found of store.unsettled()) {
        bytes = found.bytes
        assert.equal(
          readFileSync(data).length,
          found.bytes,
          'the object is as long as its journal says',
        )
        const whole = found.appends.reduce((sum, append) => sum + append.bytes, 0)
        assert.equal(whole, found.bytes)
        // and it goes on from there
        const again = await store.grow(KEY, 'h')
        const third = noise(70, 3)
        await again.append(third, sha256(third), 'third')
        await again.close()
        assert.equal(parseJournal(readFileSync(journal, 'utf8'))?.appends.at(-1)?.note, 'third')
        assert.deepEqual(readFileSync(data).subarray(found.bytes), third)
      }
      await store.close()
      return bytes
    } finally {
      folders.remove()
    }
  }

  const CASES: [string, number | undefined, (data: string, journal: string) => void][] = [
    ['nothing torn', 1500, () => {}],
    ['the last append half written', 1000, (data) => truncateSync(data, 1200)],
    ['the journal is ahead of the object', 1000, (data) => truncateSync(data, 1000)],
    [
      'a journal line half written',
      1500,
      (_, journal) => appendFileSync(journal, '{"offset":1500,"by'),
    ],
    ['bytes without a line', 1500, (data) => appendFileSync(data, 'stray')],
    [
      'bytes that never reached the disk',
      1000,
      (data) => {
        const bytes = readFileSync(data)
        bytes.fill(0, 1000)
        writeFileSync(data, bytes)
      },
    ],
    [
      'an early append lost its bytes',
      0,
      (data) => {
        const bytes = readFileSync(data)
        bytes[10]! ^= 1
        writeFileSync(data, bytes)
      },
    ],
    [
      'an append that failed, and its repetition',
      1500,
      (_, journal) => {
        const lines = readFileSync(journal, 'utf8').trimEnd().split('\n')
        const failed = { offset: 1000, bytes: 900, sha256: sha256(noise(900)), note: 'failed' }
        writeFileSync(
          journal,
          `${[lines[0], lines[1], JSON.stringify(failed), lines[2]].join('\n')}\n`,
        )
      },
    ],
    ['an empty journal', undefined, (_, journal) => truncateSync(journal, 0)],
  ]
  for (const [what, bytes, tear] of CASES)
    test(what, async () => {
      assert.equal(await torn(tear), bytes)
    })
})
