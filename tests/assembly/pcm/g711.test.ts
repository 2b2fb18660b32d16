import assert from 'node:assert/strict'
import { test } from 'node:test'
import { f32s, i16s, openInside, ROOM, u8s } from '../aac/inside.ts'

const inside = openInside()

/**
 * Decoder output of A-law. Spec: G.711 table 1a: 7 segments of decision values, the first of 32 steps of 2, then 16 steps of
 * 4, 8 … 128, on a scale of 4096; the output is the middle of the interval. Even bits are inverted.
 */
const aLaw = (code: number): number => {
  const value = code ^ 0x55
  const steps = Array.from({ length: 128 }, (_, i) => (i < 32 ? 2 : 2 ** (Math.floor(i / 16) + 0)))
  const index = value & 127
  const low = steps.slice(0, index).reduce((sum, step) => sum + step, 0)
  const middle = low + steps[index]! / 2
  return (value & 128 ? 1 : -1) * middle * 8 // 4096 -> 32768
}

/** Decoder output of mu-law. Spec: G.711 table 2a: 0, then 15 steps of 2, then 16 steps of 4, 8 … 256, on a scale of 8159. */
const muLaw = (code: number): number => {
  const value = ~code & 255
  const index = value & 127
  let output = 0
  for (let i = 1; i <= index; i++) {
    const before = i <= 1 ? 2 : stepOf(i - 1)
    output += (before + stepOf(i)) / 2
  }
  return (value & 128 ? -1 : 1) * output * 4 // 8159 -> 32636
}
const stepOf = (index: number): number => 2 ** (Math.floor(index / 16) + 1)

for (const [name, expand, table] of [
  ['A-law', 'expandA', aLaw],
  ['mu-law', 'expandU', muLaw],
] as const)
  test(`${name}: all 256 codes`, () => {
    for (let code = 0; code < 256; code++)
      assert.equal(inside[expand]!(code), table(code) + 0, `code ${code}`)
  })

test('known values of the tables', () => {
  assert.deepEqual(
    [0xd5, 0x55, 0xaa, 0x2a].map((code) => inside.expandA!(code)),
    [8, -8, 32256, -32256],
  )
  assert.deepEqual(
    [0xff, 0x7f, 0x80, 0x00].map((code) => inside.expandU!(code)),
    [0, 0, 32124, -32124],
  )
})

test('samples are taken apart by channel', () => {
  const from = ROOM(inside)
  const to = from + 4096
  i16s(inside, from, 6).set([1, -2, 3, -4, 32767, -32768])
  inside.loadSamples!(from, 0, 2, 1, 3, to)
  assert.deepEqual([...f32s(inside, to, 3)], [-2, -4, -32768])
  inside.loadSamples!(from, 0, 1, 0, 6, to)
  assert.deepEqual([...f32s(inside, to, 6)], [1, -2, 3, -4, 32767, -32768])
  u8s(inside, from, 4).set([0xd5, 0x2a, 0x55, 0xaa])
  inside.loadSamples!(from, 1, 2, 1, 2, to)
  assert.deepEqual([...f32s(inside, to, 2)], [-32256, 32256])
  u8s(inside, from, 2).set([0x80, 0x00])
  inside.loadSamples!(from, 2, 1, 0, 2, to)
  assert.deepEqual([...f32s(inside, to, 2)], [32124, -32124])
})
