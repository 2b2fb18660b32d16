import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'

const MAX_SETS = 32
const POOL_BYTES = 2048
const MAX_SET_BYTES = 1024

const open = () => {
  const core = TestCore.open()
  core.x.clearSets()
  const put = (kind: number, id: number, bytes: number[]) =>
    core.x.storeSet(kind, id, core.put(bytes), bytes.length)
  const get = (kind: number, id: number) => {
    const index = core.x.findSet(kind, id)
    return index < 0 ? undefined : [...core.take(core.x.setAddress(index), core.x.setLength(index))]
  }
  return { core, put, get }
}

test('sets are found by kind and id; the same bytes again change nothing', {
  skip: needTestWasm,
}, () => {
  const { core, put, get } = open()
  assert.equal(put(1, 0, [0x67, 1]), 1)
  assert.equal(put(2, 0, [0x68, 2, 3]), 1)
  assert.equal(put(1, 0, [0x67, 1]), 0)
  assert.deepEqual(get(1, 0), [0x67, 1])
  assert.deepEqual(get(2, 0), [0x68, 2, 3])
  assert.equal(get(2, 1), undefined)
  assert.equal(core.x.setsBytes(), 2 + 3 + 2 * 4)
})

test('a set of another length replaces the old one and the pool closes up', {
  skip: needTestWasm,
}, () => {
  const { put, get } = open()
  for (let id = 0; id < 5; id++) put(1, id, Array(10 + id).fill(id))
  assert.equal(put(1, 1, [7, 7]), 1)
  assert.deepEqual(get(1, 0), Array(10).fill(0))
  assert.deepEqual(get(1, 1), [7, 7])
  for (let id = 2; id < 5; id++) assert.deepEqual(get(1, id), Array(10 + id).fill(id))
})

test('each limit holds, and one more is refused', { skip: needTestWasm }, () => {
  const sets = open()
  for (let id = 0; id < MAX_SETS; id++) assert.equal(sets.put(2, id, [id]), 1)
  assert.equal(sets.put(2, MAX_SETS, [1]), -1)
  assert.equal(sets.put(2, 0, [5, 5]), 1, 'replacing still works')
  const bytes = open()
  assert.equal(bytes.put(1, 0, Array(MAX_SET_BYTES + 1).fill(1)), -1)
  assert.equal(bytes.put(1, 0, Array(MAX_SET_BYTES).fill(1)), 1)
  assert.equal(bytes.put(1, 1, Array(POOL_BYTES - MAX_SET_BYTES).fill(2)), 1)
  assert.equal(bytes.put(1, 2, [3]), -1)
})
