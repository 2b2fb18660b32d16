import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openInside } from './inside.ts'

const inside = openInside()

test('cosTurn and sinTurn agree with the library to 1e-15', () => {
  for (let k = 0; k < 3 * 2048; k++) {
    const angle = (2 * Math.PI * k) / 2048
    assert.ok(Math.abs(inside.cosTurn!(k, 2048) - Math.cos(angle)) < 4e-15, `cos ${k}`)
    assert.ok(Math.abs(inside.sinTurn!(k, 2048) - Math.sin(angle)) < 4e-15, `sin ${k}`)
  }
})

test('log2 is within 2e-5 over the range of energies', () => {
  for (let x = 1e-20; x < 1e20; x *= 1.0173) {
    const exact = Math.log2(Math.fround(x))
    assert.ok(Math.abs(inside.log2!(x) - exact) < 2e-5 + 1e-7 * Math.abs(exact), `${x}`)
  }
})

test('exp2 is within 5e-6, and limited', () => {
  for (let x = -119; x < 119; x += 0.037) {
    const f = Math.fround(x)
    assert.ok(Math.abs(inside.exp2!(f) / 2 ** f - 1) < 5e-6, `${x}`)
  }
  assert.equal(inside.exp2!(-1000), inside.exp2!(-120))
  assert.equal(inside.exp2!(1000), inside.exp2!(120))
})

test('exp2Quarter and cubeRoot are exact to a rounding', () => {
  for (let q = -100; q <= 155; q++)
    assert.ok(Math.abs(inside.exp2Quarter!(q) / 2 ** (q / 4) - 1) < 3e-16, `${q}`)
  for (let n = 1; n <= 8191; n++)
    assert.ok(Math.abs(inside.cubeRoot!(n) / Math.cbrt(n) - 1) < 1e-15, `${n}`)
})
