import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { f32s, type Inside, i16s, openInside, ROOM, u16s } from './inside.ts'

const setUp = (
  inside: Inside,
  values: readonly number[],
): { spectrum: number; power34: number; out: number; top: number } => {
  const spectrum = ROOM(inside)
  const power34 = spectrum + 4096
  f32s(inside, spectrum, 1024).fill(0)
  f32s(inside, spectrum, values.length).set(values)
  inside.powers34!(spectrum, power34)
  const top = Math.max(...f32s(inside, power34, values.length))
  return { spectrum, power34, out: power34 + 4096, top }
}

test('|x|^(3/4)', () => {
  const inside = openInside()
  const values = Array.from({ length: 1024 }, (_, i) => (i % 2 ? -1 : 1) * 1.02 ** i * 1e-3)
  const { power34 } = setUp(inside, values)
  f32s(inside, power34, 1024).forEach((value, i) => {
    assert.ok(Math.abs(value / Math.fround(Math.abs(values[i]!)) ** 0.75 - 1) < 1e-6, `${i}`)
  })
})

for (const simd of [true, false])
  test(`noise and bits of a band against a slow count, ${simd ? 'SIMD' : 'scalar'}`, () => {
    const inside = openInside(48000, 1, simd)
    const next = random(3)
    for (let round = 0; round < 400; round++) {
      const lines = 4 * (1 + Math.floor(next() * 24))
      const loud = 10 ** (1 + 4 * next())
      const values = Array.from({ length: lines }, () => (2 * next() - 1) * loud * next() ** 2)
      const { spectrum, power34, out, top } = setUp(inside, values)
      const sf = 100 + Math.floor(40 * next())
      const step = 2 ** ((sf - 100) / 4)
      if (top / step ** 0.75 > 8191) continue
      inside.measure!(spectrum, power34, lines, top, sf)
      const noise = inside.noiseFound!()
      const bits = inside.bitsFound!()
      const largest = inside.quantizeBand!(spectrum, power34, out, lines, sf)
      const quant = [...i16s(inside, out, lines)]
      assert.equal(largest, Math.max(...quant.map(Math.abs)))
      const slow = quant.reduce((sum, q, i) => {
        const x = Math.fround(values[i]!)
        assert.ok(q === 0 || q < 0 === x < 0, 'sign')
        // within one of the plain quotient: 0.45 rounds down a little more than half
        const y = (Math.abs(x) / step) ** 0.75
        assert.ok(Math.abs(Math.abs(q) - y) < 0.64, `${q} for ${y}`)
        return sum + (Math.abs(x) - Math.abs(q) ** (4 / 3) * step) ** 2
      }, 0)
      assert.ok(Math.abs(noise - slow) <= 1e-3 * slow + 1e-3, `noise ${noise}, ${slow}`)
      inside.bandBits!(out, lines, largest, out + 8192)
      const exact = [...u16s(inside, out + 8192, 12)]
      const books =
        largest <= 1
          ? [1, 2]
          : largest <= 2
            ? [3, 4]
            : largest <= 4
              ? [5, 6]
              : largest <= 7
                ? [7, 8]
                : largest <= 12
                  ? [9, 10]
                  : [11]
      const best = Math.min(...books.map((book) => exact[book]!))
      // the estimate takes the mean over signs for the signed books
      assert.ok(
        Math.abs(bits - best) <= (largest <= 4 ? 2 + lines / 4 : 0),
        `bits ${bits}, ${best}`,
      )
    }
  })
