import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { f32s, openInside, ROOM } from './inside.ts'

const PONG = 2048

for (const simd of [true, false])
  for (const length of [64, 512])
    test(`FFT of ${length} points against the textbook sum, ${simd ? 'SIMD' : 'scalar'}`, () => {
      const inside = openInside(48000, 1, simd)
      const next = random(length)
      const re = ROOM(inside)
      const im = re + 2 * PONG
      const inRe = f32s(inside, re, length)
      const inIm = f32s(inside, im, length)
      for (let n = 0; n < length; n++) {
        inRe[n] = next() - 0.5
        inIm[n] = next() - 0.5
      }
      const x = [...inRe].map((value, n) => [value, inIm[n]!] as const)
      const other = inside.fft!(re, im, PONG, length) ? PONG : 0
      const outRe = f32s(inside, re + other, length)
      const outIm = f32s(inside, im + other, length)
      for (let k = 0; k < length; k++) {
        let sumRe = 0
        let sumIm = 0
        x.forEach(([a, b], n) => {
          const c = Math.cos((2 * Math.PI * n * k) / length)
          const s = -Math.sin((2 * Math.PI * n * k) / length)
          sumRe += a * c - b * s
          sumIm += a * s + b * c
        })
        assert.ok(Math.hypot(outRe[k]! - sumRe, outIm[k]! - sumIm) < 2e-5, `line ${k}`)
      }
    })
