import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'

test('big-endian, in order', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  core.x.openSink(core.at, 32)
  core.x.put8(1)
  core.x.put16(0x0203)
  core.x.put24(0x040506)
  core.x.put32(0x0708090a)
  core.x.put64(0x0b0c0d0e0f101112n)
  core.x.putZeros(2)
  assert.deepEqual(
    [...core.take(core.at, 20)],
    [...Array(18).keys()].map((n) => n + 1).concat(0, 0),
  )
  core.x.patch32(0, 0xaabbccdd)
  assert.deepEqual([...core.take(core.at, 4)], [0xaa, 0xbb, 0xcc, 0xdd])
  assert.equal(core.x.sink_failed(), 0)
})

test('overflow is latched: nothing more is written, smaller things neither', {
  skip: needTestWasm,
}, () => {
  const core = TestCore.open()
  core.bytes.fill(0xa5, core.at, core.at + 16)
  core.x.openSink(core.at, 6)
  core.x.put32(0)
  core.x.put32(0)
  core.x.put8(1)
  core.x.put16(1)
  core.x.patch32(0, 1)
  assert.equal(core.x.sink_failed(), 1)
  assert.equal(core.x.sink_length(), 4)
  assert.deepEqual([...core.take(core.at, 8)], [0, 0, 0, 0, 0xa5, 0xa5, 0xa5, 0xa5])
})

test('short copies of every length write exactly that', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const source = Uint8Array.from({ length: 300 }, (_, index) => (index * 37 + 11) & 255)
  const from = core.put(source, 1000)
  for (let length = 0; length < 200; length++) {
    core.bytes.fill(0xa5, core.at, core.at + 256)
    core.x.copyForward(core.at, from + (length % 7), length)
    assert.deepEqual(core.take(core.at, length), source.slice(length % 7, (length % 7) + length))
    assert.equal(core.bytes[core.at + length], 0xa5)
  }
})
