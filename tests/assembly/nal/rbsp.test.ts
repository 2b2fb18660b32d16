import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { preventEmulation } from '../bit-writer.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

const RBSP_MAX = 1024

const toRbsp = (core: TestCore, bytes: Uint8Array): Uint8Array => {
  const at = core.put(bytes)
  const length = core.x.unescape(at, at + bytes.length)
  return core.take(core.x.rbspAddress(), length)
}

test('escaped and unescaped is the same', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const rng = random(4)
  for (let round = 0; round < 500; round++) {
    const rbsp = Uint8Array.from({ length: Math.floor(rng() * 100) }, () => Math.floor(rng() * 5))
    assert.deepEqual(toRbsp(core, preventEmulation(rbsp)), rbsp)
  }
})

test('at most RBSP_MAX bytes are written', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  assert.equal(toRbsp(core, new Uint8Array(RBSP_MAX + 1).fill(9)).length, RBSP_MAX)
})
