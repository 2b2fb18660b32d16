import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { at, f32s, type Inside, i32s, openInside } from './inside.ts'
import { tables } from './syntax.ts'

const RATE = 16000
const INDEX = 8 // samplingFrequencyIndex of 16000
const edges = tables.sfb_offset_long_1024[RATE]!
const BANDS = edges.length - 1

/** Order and coefficient indexes that shapeNoise chose. */
const shaped = (
  inside: Inside,
  spectrum: readonly number[],
): { order: number; length: number; indexes: number[]; lines: number[] } => {
  const channel = inside.channelAt!(0)
  const lines = f32s(inside, channel + at(inside, 'AT_SPECTRUM'), 1024)
  lines.set(spectrum)
  const order = i32s(inside, channel + at(inside, 'AT_TNS_ORDER'), 1)
  order[0] = 0
  inside.shapeNoise!(channel, INDEX, BANDS)
  const indexes = new Int8Array(inside.memory.buffer, channel + at(inside, 'AT_TNS_INDEX'), 12)
  return {
    order: order[0]!,
    length: i32s(inside, channel + at(inside, 'AT_TNS_LENGTH'), 1)[0]!,
    indexes: [...indexes].slice(0, order[0]!),
    lines: [...lines],
  }
}

/** The decoder's filter. Spec: 14496-3 4.6.9.3: inverse quantisation, step-up, all-pole filter over the bands. */
const decode = (lines: readonly number[], length: number, indexes: readonly number[]): number[] => {
  const reflection = indexes.map((c) => Math.sin(c / ((8 - (c >= 0 ? 0.5 : -0.5)) / (Math.PI / 2))))
  let a = [1]
  reflection.forEach((k, m) => {
    const longer = [...a, 0]
    a = longer.map((value, i) => (i === 0 ? 1 : i === m + 1 ? k : value + k * a[m + 1 - i]!))
  })
  const out = [...lines]
  for (let k = edges[BANDS - length]!; k < edges[Math.min(BANDS, 42)]!; k++)
    for (let i = 1; i < a.length && k - i >= edges[BANDS - length]!; i++)
      out[k]! -= a[i]! * out[k - i]!
  return out
}

/** Spectrum of a burst of noise around sample `where`: cosines along the frequency axis. */
const burst = (where: number): number[] => {
  const next = random(where)
  const spectrum = Array<number>(1024).fill(0)
  for (let sample = where - 150; sample < where + 150; sample += 3) {
    const level = 4e4 * (next() - 0.5)
    for (let k = 0; k < 1024; k++)
      spectrum[k]! += level * Math.cos(((2 * Math.PI) / 2048) * (sample + 512.5) * (k + 0.5))
  }
  return spectrum.map(Math.fround)
}

for (const simd of [true, false]) {
  const inside = openInside(RATE, 1, simd)

  test(`a burst is predicted, and the decoder's filter gives it back, ${simd ? 'SIMD' : 'scalar'}`, () => {
    for (const where of [300, 700, 1500]) {
      const spectrum = burst(where)
      const { order, length, indexes, lines } = shaped(inside, spectrum)
      assert.ok(order >= 1 && order <= 12)
      const energy = (values: readonly number[]): number =>
        values.slice(200).reduce((sum, x) => sum + x * x, 0)
      assert.ok(energy(lines) < energy(spectrum) / 2, 'gain')
      decode(lines, length, indexes).forEach((x, k) => {
        assert.ok(Math.abs(x - spectrum[k]!) < 1, `line ${k}: ${x}, ${spectrum[k]}`)
      })
    }
  })

  test(`noise is left alone, ${simd ? 'SIMD' : 'scalar'}`, () => {
    const next = random(5)
    const spectrum = Array.from({ length: 1024 }, () => Math.fround(1e4 * (next() - 0.5)))
    const { order, lines } = shaped(inside, spectrum)
    assert.equal(order, 0)
    assert.deepEqual(lines, spectrum)
  })
}

test('reflection coefficients are those of the decoder', () => {
  const inside = openInside()
  for (let c = -8; c <= 7; c++) {
    const step = (8 - (c >= 0 ? 0.5 : -0.5)) / (Math.PI / 2)
    assert.ok(Math.abs(inside.reflection!(c) - Math.sin(c / step)) < 1e-14, `${c}`)
  }
})
