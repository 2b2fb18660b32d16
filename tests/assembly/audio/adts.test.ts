import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adts } from '../../fuzz/seeds.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

const change = (at: number, value: number, mask = 0xff): Uint8Array => {
  const frame = adts(20)
  frame[at] = (frame[at]! & ~mask) | value
  return frame
}

const cases: [name: string, frame: Uint8Array, status: number][] = [
  ['good', adts(20), 0],
  ['with CRC', change(1, 0xf0), 0],
  ['MPEG-2', change(1, 0xf9), 0],
  ['longest', adts(8191 - 7), 0],
  ['no syncword', change(0, 0xfe), -1403],
  ['layer not 0', change(1, 0xf3), -1403],
  ['profile Main', change(2, 0x00, 0xc0), -1404],
  ['sampling_frequency_index 13', change(2, 13 << 2, 0x3c), -1405],
  ['channel_configuration 0', change(3, 0, 0xc0), -1406],
  ['three channels', change(3, 0xc0, 0xc0), -1406],
  ['two raw data blocks', change(6, 1, 3), -1409],
  ['header cut', adts(20).slice(0, 6), -1407],
  ['frame cut', adts(20).slice(0, 26), -1407],
  ['no payload', adts(0), -1407],
]
for (const [name, frame, status] of cases)
  test(`ADTS: ${name}`, { skip: needTestWasm }, () => {
    const core = TestCore.open()
    assert.equal(core.x.parseAdts(core.put(frame), frame.length), status)
  })

test('AudioSpecificConfig of AAC-LC', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  assert.equal(core.x.audioSpecificConfig(16000, 1), 0x1408)
  assert.equal(core.x.audioSpecificConfig(48000, 2), 0x1190)
  assert.equal(core.x.audioSpecificConfig(8000, 1), 0x1588)
})

test('sampling frequencies and their indices', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  for (let index = 0; index < 13; index++)
    assert.equal(core.x.frequencyIndex(core.x.frequencyOf(index)), index)
  for (const rate of [0, -1, 7351, 44099]) assert.equal(core.x.frequencyIndex(rate), -1)
  assert.equal(core.x.frequencyOf(13), 0)
  assert.equal(core.x.frequencyOf(-1), 0)
})
