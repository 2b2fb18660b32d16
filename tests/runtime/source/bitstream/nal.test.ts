import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findStartCode, splitNals, unescapeNal } from '../../../../runtime/source/bitstream/nal.ts'
import { random } from '../../../support/random.ts'

const naiveStartCode = (bytes: Uint8Array, from: number): number => {
  for (let at = from; at + 2 < bytes.length; at++)
    if (bytes[at] === 0 && bytes[at + 1] === 0 && bytes[at + 2] === 1) return at
  return -1
}

/** Bytes that are zeros and ones more often than chance, so that start codes and what resembles them abound. */
const streams = function* (count: number): Generator<Uint8Array> {
  const next = random(0xa11b)
  for (let i = 0; i < count; i++)
    yield Uint8Array.from({ length: Math.floor(next() * 80) }, () => {
      const kind = next()
      return kind < 0.5 ? 0 : kind < 0.7 ? 1 : kind < 0.8 ? 3 : Math.floor(next() * 256)
    })
}

test('start codes where a plain loop finds them', () => {
  for (const bytes of streams(5000))
    for (let from = 0; from <= bytes.length; from++)
      assert.equal(findStartCode(bytes, from), naiveStartCode(bytes, from))
})

test('NAL units: no start code in them, no zero at their end, nothing but zeros and start codes between them', () => {
  for (const bytes of streams(5000)) {
    const spans = splitNals(bytes)
    let end = findStartCode(bytes, 0)
    for (const span of spans) {
      assert.ok(bytes.subarray(end, span.start).every((byte) => byte <= 1))
      assert.equal(findStartCode(bytes.subarray(span.start, span.end), 0), -1)
      assert.notEqual(bytes[span.end - 1], 0)
      end = span.end
    }
  }
})

describe('emulation prevention', () => {
  const CASES: [string, string][] = [
    ['000003', '0000'],
    ['00000300', '000000'],
    ['00000301000003', '0000010000'],
    ['0000030000030000', '000000000000'],
    ['00030003', '00030003'],
    ['000000030003', '0000000003'],
    ['', ''],
  ]
  for (const [nal, rbsp] of CASES)
    test(`${nal} is ${rbsp}`, () => {
      assert.equal(Buffer.from(unescapeNal(Buffer.from(nal, 'hex'))).toString('hex'), rbsp)
    })

  test('only as many bytes as asked for', () => {
    assert.equal(unescapeNal(Buffer.from('000003000003', 'hex'), 3).length, 3)
  })
})
