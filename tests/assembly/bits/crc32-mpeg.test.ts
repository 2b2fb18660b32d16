import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

/** The textbook: a bit at a time. Spec: 13818-1 Annex A */
const slowCrc = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes)
    for (let bit = 7; bit >= 0; bit--) {
      const feedback = ((crc >>> 31) ^ ((byte >> bit) & 1)) & 1
      crc = ((crc << 1) ^ (feedback ? 0x04c11db7 : 0)) >>> 0
    }
  return crc
}

test('the check value of CRC-32/MPEG-2 for "123456789"', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  core.x.initCrc32()
  assert.equal(core.x.crc32(core.put(Buffer.from('123456789')), 9) >>> 0, 0x0376e6e7)
})

test('any bytes give what the bitwise definition gives', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  core.x.initCrc32()
  const rng = random(2)
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, () => Math.floor(rng() * 256))
    assert.equal(core.x.crc32(core.put(bytes), length) >>> 0, slowCrc(bytes))
  }
})
