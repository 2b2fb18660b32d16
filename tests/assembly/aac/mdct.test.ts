import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { f32s, type Inside, openInside, ROOM } from './inside.ts'

/** Window of 2 x length samples. Spec: 14496-3 4.6.11.3.2 */
const window = (
  inside: Inside,
  length: number,
  rising: number,
  falling: number,
  shape: number,
): number[] => {
  const half = (slope: number): number[] => {
    const values = [...f32s(inside, inside.windowSlope!(slope, shape), slope)]
    const flat = (length - slope) / 2
    return [...Array<number>(flat).fill(0), ...values, ...Array<number>(flat).fill(1)]
  }
  return [...half(rising), ...half(falling).reverse()]
}

/** X[k] = 2 sum z[n] cos(2 pi / N (n + n0)(k + 1/2)), as the standard has it. */
const textbook = (z: readonly number[]): number[] => {
  const size = z.length
  const n0 = (size / 2 + 1) / 2
  return Array.from({ length: size / 2 }, (_, k) =>
    z.reduce(
      (sum, value, n) => sum + 2 * value * Math.cos(((2 * Math.PI) / size) * (n + n0) * (k + 0.5)),
      0,
    ),
  )
}

const cases = [
  { name: 'long', length: 1024, rising: 1024, falling: 1024 },
  { name: 'start', length: 1024, rising: 1024, falling: 128 },
  { name: 'stop', length: 1024, rising: 128, falling: 1024 },
  { name: 'short', length: 128, rising: 128, falling: 128 },
]

for (const { name, length, rising, falling } of cases)
  for (const shape of [0, 1])
    for (const simd of [true, false])
      test(`MDCT, ${name} window, shape ${shape}, ${simd ? 'SIMD' : 'scalar'}, against the textbook sum`, () => {
        const inside = openInside(48000, 1, simd)
        const next = random(length + rising)
        const input = ROOM(inside)
        const output = input + 8192
        const samples = f32s(inside, input, 2 * length)
        for (let n = 0; n < samples.length; n++) samples[n] = 65536 * (next() - 0.5)
        const shaped = window(inside, length, rising, falling, shape)
        const expected = textbook([...samples].map((value, n) => value * shaped[n]!))
        inside.mdct!(
          ...[input, output, length],
          ...[inside.windowSlope!(rising, shape), rising],
          ...[inside.windowSlope!(falling, shape), falling],
        )
        const scale = Math.sqrt(expected.reduce((sum, x) => sum + x * x, 0) / length)
        f32s(inside, output, length).forEach((value, k) => {
          assert.ok(
            Math.abs(value - expected[k]!) < 1e-5 * scale,
            `line ${k}: ${value}, ${expected[k]}`,
          )
        })
      })

test('window slopes are power complementary, and KBD is not sine', () => {
  const inside = openInside()
  for (const length of [1024, 128])
    for (const shape of [0, 1]) {
      const slope = f32s(inside, inside.windowSlope!(length, shape), length)
      for (let n = 0; n < length; n++) {
        assert.ok(
          Math.abs(slope[n]! ** 2 + slope[length - 1 - n]! ** 2 - 1) < 1e-6,
          `${length} ${shape} ${n}`,
        )
        if (shape === 0)
          assert.ok(Math.abs(slope[n]! - Math.sin((Math.PI / (2 * length)) * (n + 0.5))) < 1e-7)
      }
    }
})

test('KBD slopes against the definition', () => {
  // Spec: 14496-3 4.6.11.3.2: I0 by its integral, not by the series that the encoder sums
  const bessel = (x: number): number => {
    const steps = 2000
    let sum = 0
    for (let i = 0; i < steps; i++) sum += Math.exp(x * Math.cos((Math.PI * (i + 0.5)) / steps))
    return sum / steps
  }
  const inside = openInside()
  for (const [length, alpha] of [
    [1024, 4],
    [128, 6],
  ] as const) {
    const kaiser = Array.from({ length: length + 1 }, (_, n) =>
      bessel(Math.PI * alpha * Math.sqrt(1 - ((2 * n) / length - 1) ** 2)),
    )
    const total = kaiser.reduce((sum, value) => sum + value, 0)
    const slope = f32s(inside, inside.windowSlope!(length, 1), length)
    let sum = 0
    for (let n = 0; n < length; n++) {
      sum += kaiser[n]!
      assert.ok(Math.abs(slope[n]! - Math.sqrt(sum / total)) < 2e-7, `${length} ${n}`)
    }
  }
})
