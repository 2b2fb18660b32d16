import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'
import { buildPps, buildSlice, type SliceFields } from './build.ts'

const cases: [fields: SliceFields, firstMb: number, type: number, pps: number][] = [
  [{}, 0, 0, 0],
  [{ idr: true }, 0, 2, 0],
  [{ type: 1 }, 0, 1, 0],
  [{ type: 9, firstMb: 139263, pps: 255 }, 139263, 4, 255],
  [{ type: 3, firstMb: 1 }, 1, 3, 0],
]

test('first fields of a slice header', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  for (const [fields, firstMb, type, pps] of cases) {
    const bytes = buildSlice(fields)
    const at = core.put(bytes)
    assert.equal(core.x.h264_parse_slice(at, at + bytes.length), 0)
    const slice = core.x.h264_slice()
    const field = (index: number) => core.view.getInt32(slice + 4 * index, true)
    assert.deepEqual(
      [field(0), field(1), field(2), field(3), field(4)],
      [fields.idr ? 5 : 1, 3, firstMb, type, pps],
    )
  }
})

test('slice_type 10, pps id 256 and a header that ends are refused', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  for (const bytes of [
    buildSlice({ type: 10 }),
    buildSlice({ pps: 256 }),
    Uint8Array.of(0x65),
    Uint8Array.of(0x65, 0),
  ]) {
    const at = core.put(bytes)
    assert.equal(core.x.h264_parse_slice(at, at + bytes.length), -1504)
  }
})

test('PPS: id and SPS id, and their limits', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const parse = (bytes: Uint8Array) => core.x.h264_parse_pps(core.put(bytes), bytes.length)
  assert.equal(parse(buildPps({ id: 255, sps: 31 })), 0)
  assert.equal(parse(buildPps({ id: 256 })), -1503)
  assert.equal(parse(buildPps({ sps: 32 })), -1503)
  assert.equal(parse(Uint8Array.of(0x68)), -1503)
})
