import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

/** Offsets of every 00 00 01, found without cleverness. */
const plain = (bytes: Uint8Array): number[] => {
  const found: number[] = []
  for (let i = 0; i + 2 < bytes.length; i++)
    if (bytes[i] === 0 && bytes[i + 1] === 0 && bytes[i + 2] === 1) found.push(i)
  return found
}

const scan = (core: TestCore, bytes: Uint8Array, offset: number): number[] => {
  const at = core.put(bytes, offset)
  const end = at + bytes.length
  const found: number[] = []
  for (let p = core.x.nextStartCode(at, end); p < end; p = core.x.nextStartCode(p + 1, end))
    found.push(p - at)
  return found
}

test('a start code at every offset and alignment, across vector boundaries', {
  skip: needTestWasm,
}, () => {
  const core = TestCore.open()
  for (const length of [0, 1, 2, 3, 4, 16, 17, 64, 65, 66, 67, 68, 129, 130, 200])
    for (let at = 0; at + 3 <= length; at++)
      for (const alignment of [0, 1, 15]) {
        const bytes = new Uint8Array(length).fill(0xff)
        bytes.set([0, 0, 1], at)
        assert.deepEqual(
          scan(core, bytes, alignment),
          [at],
          `length ${length}, offset ${at}, alignment ${alignment}`,
        )
      }
})

test('nothing behind the end is part of a start code', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  for (let length = 0; length < 140; length++) {
    core.put(new Uint8Array(256).fill(0xff))
    core.put([0, 0, 1], length > 1 ? length - 2 : length)
    const at = core.at
    assert.equal(core.x.nextStartCode(at, at + length), at + length, `length ${length}`)
  }
})

test('random bytes of few values agree with the plain loop', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const rng = random(3)
  for (let round = 0; round < 3000; round++) {
    const values = 2 + Math.floor(rng() * 6)
    const bytes = Uint8Array.from({ length: Math.floor(rng() * 300) }, () =>
      Math.floor(rng() * values),
    )
    const expected = plain(bytes)
    assert.deepEqual(scan(core, bytes, round % 16), expected)
    assert.equal(core.x.countUnits(core.put(bytes), bytes.length), countSeparate(expected))
  }
})

/** The scanner goes on behind a code's three bytes; codes cannot overlap, so nothing is lost. */
const countSeparate = (offsets: number[]): number => offsets.length

test('zeros in front of a code and at the end are trimmed', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const at = core.put([9, 5, 0, 0, 0])
  assert.equal(core.x.trimZeros(at, at + 5), at + 2)
  assert.equal(core.x.trimZeros(at + 2, at + 5), at + 2)
})
