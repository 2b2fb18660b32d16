import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cipherLength, encryptBlocks, ivPlus } from '../../../runtime/crypto/aes-cbc.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Spec: NIST SP 800-38A F.2.1, CBC-AES128.Encrypt. */
const KEY = hex('2b7e1516 28aed2a6 abf71588 09cf4f3c')
const IV = hex('00010203 04050607 08090a0b 0c0d0e0f')
const PLAIN = hex(
  '6bc1bee2 2e409f96 e93d7e11 7393172a ae2d8a57 1e03ac9c 9eb76fac 45af8e51' +
    '30c81c46 a35ce411 e5fbc119 1a0a52ef f69f2445 df4f9b17 ad2b417b e66c3710',
)
const CIPHER = hex(
  '7649abac 8119b246 cee98e9b 12e9197d 5086cb9b 507219ee 95db113a 917678b2' +
    '73bed6b8 e3c1743b 7116e69e 22229516 3ff1caa1 681fac09 120eca30 7586e1a7',
)

describe('AES-128-CBC', () => {
  test('the vector of the standard', () => {
    assert.deepEqual(encryptBlocks(KEY, IV, [PLAIN], false), CIPHER)
  })

  test('goes on from any block, over any views', () => {
    for (let from = 16; from < PLAIN.length; from += 16) {
      const chain = CIPHER.subarray(from - 16, from)
      const views = [PLAIN.subarray(from, from + 5), PLAIN.subarray(from + 5)]
      assert.deepEqual(encryptBlocks(KEY, chain, views, false), CIPHER.subarray(from))
    }
  })

  for (const [plain, length] of [
    [0, 0],
    [1, 16],
    [15, 16],
    [16, 32],
    [188, 192],
  ] as const)
    test(`${plain} bytes become ${length}`, () => {
      assert.equal(cipherLength(plain), length)
      if (plain > 0)
        assert.equal(
          encryptBlocks(KEY, IV, [PLAIN.subarray(0, plain)], true).length,
          Math.min(length, 80),
        )
    })

  for (const [iv, count, sum] of [
    ['00000000000000000000000000000000', 1, '00000000000000000000000000000001'],
    ['000000000000000000000000000000ff', 1, '00000000000000000000000000000100'],
    ['0000000000000000000000000000ffff', 70_000, '00000000000000000000000000021 16f'],
    ['ffffffffffffffffffffffffffffffff', 1, '00000000000000000000000000000000'],
  ] as const)
    test(`${iv} + ${count}`, () => assert.deepEqual(Buffer.from(ivPlus(hex(iv), count)), hex(sum)))
})
