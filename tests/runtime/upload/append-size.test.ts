import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  APPEND_MAX_BYTES,
  APPEND_MIN_BYTES,
  AppendSize,
} from '../../../runtime/upload/append-size.ts'

const KIB = 1024
const REPLY_MS = 5000

/** Appends over a line of so many bytes per second; those that are not answered in time are lost. */
const over = (bytesPerS: number, appends: number) => {
  const size = new AppendSize()
  const sent: { bytes: number; isLost: boolean }[] = []
  for (let count = 0; count < appends; count++) {
    const { bytes } = size
    const tookMs = (bytes * 1000) / bytesPerS
    const isLost = tookMs > REPLY_MS
    sent.push({ bytes, isLost })
    if (isLost) size.lost()
    else size.taken(bytes, tookMs, REPLY_MS)
  }
  return sent
}

test('1 KB/s: three appends are lost, none after that', () => {
  const sent = over(1000, 100)
  assert.deepEqual(
    sent.slice(0, 5).map(({ bytes }) => bytes / KIB),
    [256, 64, 16, 4, 2500 / KIB],
  )
  assert.equal(sent.filter(({ isLost }) => isLost).length, 3, '4 KiB take 4.1 s')
})

test('a fast line: appends of 1 MiB', () => {
  const sent = over(100e6, 10)
  assert.equal(sent.at(-1)!.bytes, APPEND_MAX_BYTES)
  assert.ok(sent.every(({ isLost }) => !isLost))
})

test('a line between: what it carries in half of the time-out', () => {
  assert.equal(over(50_000, 20).at(-1)!.bytes, 125_000)
})

test('small appends say nothing about the line', () => {
  const size = new AppendSize()
  size.taken(300, 3000, REPLY_MS)
  assert.equal(size.bytes, 256 * KIB)
})

test('413 halves, and there is a least', () => {
  const size = new AppendSize()
  size.refused()
  assert.equal(size.bytes, 128 * KIB)
  while (size.canShrink) size.refused()
  assert.equal(size.bytes, APPEND_MIN_BYTES)
})
