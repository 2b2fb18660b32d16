import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  parseTarHeader,
  TAR_END,
  TarError,
  tarBlocks,
  tarHeader,
  tarPadding,
} from '../../../cloud/server/backup/tar.ts'
import { run } from '../../support/ffmpeg.ts'
import { withTempFolder } from '../../support/paths.ts'

/** As long as the longest object key can be. */
const LONG = `objects/${'P'.repeat(10)}/${'d'.repeat(48)}/64/00112233445566aa/99999/00112233445566aa-99999999.mp4`

test('a header says what it was made from', () => {
  for (const [path, bytes] of [
    ['a', 0],
    ['index/slices/000001.jsonl', 512],
    ['x'.repeat(100), 1],
    [LONG, 2 * 1024 ** 3],
  ] as const)
    assert.deepEqual(parseTarHeader(tarHeader(path, bytes, 1_780_000_000)), { path, bytes })
  assert.equal(parseTarHeader(new Uint8Array(512)), undefined, 'the end')
})

test('what is no header is refused', () => {
  const header = tarHeader('a', 1, 0)
  header[124] = 0x39
  assert.throws(() => parseTarHeader(header), TarError)
  assert.throws(() => parseTarHeader(new Uint8Array(512).fill(0x41)), TarError)
  assert.throws(() => tarHeader('y'.repeat(101), 1, 0), TarError)
  assert.throws(() => tarHeader('a', 8 ** 11, 0), TarError)
})

test('files fill blocks', () => {
  for (const [bytes, padding] of [
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
  ] as const) {
    assert.equal(tarPadding(bytes).length, padding)
    assert.equal(tarBlocks(bytes), bytes + padding)
  }
})

test("the system's tar lists it", () =>
  withTempFolder((folder) => {
    const path = join(folder, 'a.tar')
    const data = Buffer.from('hello')
    const files = ['manifest.json', LONG].flatMap((name) => [
      tarHeader(name, data.length, 1_780_000_000),
      data,
      tarPadding(data.length),
    ])
    writeFileSync(path, Buffer.concat([...files, TAR_END]))
    const listed = run('tar', ['-tf', path])
    assert.equal(listed.status, 0, listed.stderr)
    assert.deepEqual(listed.stdout.toString().trim().split('\n'), ['manifest.json', LONG])
  }))
