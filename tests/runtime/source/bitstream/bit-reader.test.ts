import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BitReader } from '../../../../runtime/source/bitstream/bit-reader.ts'

/** Bytes of a bit string such as `010 1`; filled with zeros at the end. */
const bits = (text: string): Uint8Array => {
  const digits = text.replaceAll(' ', '')
  const bytes = new Uint8Array(Math.ceil(digits.length / 8))
  for (let i = 0; i < digits.length; i++) if (digits[i] === '1') bytes[i >> 3]! |= 128 >> (i & 7)
  return bytes
}

test('u(n) over byte boundaries, up to 32 bits unsigned', () => {
  const r = new BitReader(bits('101 11111111 0 11111111111111111111111111111111 1001'))
  assert.equal(r.u(3), 5)
  assert.equal(r.u(8), 255)
  assert.equal(r.flag(), false)
  assert.equal(r.u(32), 0xffffffff)
  assert.equal(r.u(0), 0)
  assert.equal(r.u(4), 9)
  assert.equal(r.overrun, false)
})

/** Spec: H.264 Table 9-2 and 9.1.1. */
const EXP_GOLOMB: [string, number, number][] = [
  ['1', 0, 0],
  ['010', 1, 1],
  ['011', 2, -1],
  ['00100', 3, 2],
  ['00101', 4, -2],
  ['0001000', 7, 4],
  ['000010011', 18, -9],
  [`${'0'.repeat(31)}1${'1'.repeat(31)}`, 2 ** 32 - 2, -(2 ** 31 - 1)],
]

describe('Exp-Golomb', () => {
  for (const [code, unsigned, signed] of EXP_GOLOMB)
    test(`${code} is ${unsigned} and ${signed}`, () => {
      assert.equal(new BitReader(bits(code)).ue(), unsigned)
      assert.equal(new BitReader(bits(code)).se(), signed)
    })

  test('33 zeros are a fault, not a number', () => {
    const r = new BitReader(new Uint8Array(16))
    assert.equal(r.ue(), 0)
    assert.equal(r.overrun, true)
  })
})

describe('the end of the data', () => {
  const PAST: [string, (r: BitReader) => unknown][] = [
    ['u', (r) => r.u(9)],
    ['skip', (r) => r.skip(9)],
    ['ue', (r) => r.ue()],
  ]
  for (const [name, read] of PAST)
    test(`${name} past it latches overrun`, () => {
      const r = new BitReader(new Uint8Array(1))
      read(r)
      assert.equal(r.overrun, true)
      assert.equal(r.u(8), 0)
      assert.equal(r.overrun, true)
    })

  test('more_rbsp_data() up to the stop bit', () => {
    const r = new BitReader(bits('1011 1000 0000 0000'))
    for (const more of [true, true, true, true, false, false]) {
      assert.equal(r.moreRbspData(), more)
      r.skip(1)
    }
    assert.equal(new BitReader(new Uint8Array(3)).moreRbspData(), false)
  })
})
