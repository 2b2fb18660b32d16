import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { i16s, openInside, ROOM, u8s, u16s } from './inside.ts'
import { Bits, tables } from './syntax.ts'

const inside = openInside()
const IN = ROOM(inside)
const OUT = IN + 8192

/** Code word, signs and escapes of one group of values as the standard says, from the JSON. Spec: 14496-3 4.6.3.3 */
const expected = (book: number, values: readonly number[]): string => {
  const { dim, signed, lav, len, code } = tables.codebooks[book]!
  const modulus = signed ? 2 * lav + 1 : lav + 1
  const index = values.reduce(
    (sum, v) => sum * modulus + (signed ? v + lav : Math.min(Math.abs(v), lav)),
    0,
  )
  assert.equal(values.length, dim)
  let bits = code[index]!.toString(2).padStart(len[index]!, '0')
  if (!signed) for (const v of values) if (v !== 0) bits += v < 0 ? '1' : '0'
  if (book === 11)
    for (const v of values) {
      const magnitude = Math.abs(v)
      if (magnitude < 16) continue
      const width = Math.floor(Math.log2(magnitude))
      bits += `${'1'.repeat(width - 4)}0${(magnitude - 2 ** width).toString(2).padStart(width, '0')}`
    }
  return bits
}

const put = (book: number, values: readonly number[]): string => {
  i16s(inside, IN, values.length).set(values)
  const count = inside.putBandAt!(book, IN, values.length, OUT)
  const bits = new Bits(u8s(inside, OUT, 64))
  return Array.from({ length: count }, () => bits.read(1)).join('')
}

for (let book = 1; book <= 11; book++)
  test(`codebook ${book}: every code word is that of the JSON`, () => {
    const { dim, signed, lav } = tables.codebooks[book]!
    const all = Array.from({ length: lav * 2 + 1 }, (_, i) => i - lav)
    const groups = all.flatMap((a) => all.map((b) => [a, b]))
    const tuples =
      dim === 2 ? groups : groups.flatMap((head) => groups.map((tail) => [...head, ...tail]))
    assert.equal(tuples.length, (2 * lav + 1) ** dim)
    assert.equal(tables.codebooks[book]!.len.length, (signed ? 2 * lav + 1 : lav + 1) ** dim)
    for (const values of tuples)
      assert.equal(put(book, values), expected(book, values), `${values}`)
  })

test('escapes up to 8191', () => {
  for (const magnitude of [16, 17, 31, 32, 63, 64, 1000, 4095, 4096, 8190, 8191])
    for (const values of [
      [magnitude, 0],
      [-3, -magnitude],
      [magnitude, -magnitude],
    ])
      assert.equal(put(11, values), expected(11, values), `${values}`)
})

test('scale factor code words are those of the JSON', () => {
  for (let delta = -60; delta <= 60; delta++) {
    const length = tables.scalefactor.len[delta + 60]!
    assert.equal(inside.putDeltaAt!(delta, OUT), length)
    assert.equal(
      new Bits(u8s(inside, OUT, 8)).read(length),
      tables.scalefactor.code[delta + 60],
      `${delta}`,
    )
  }
})

test('bits per codebook of a band are what writing it takes', () => {
  const next = random(7)
  for (let round = 0; round < 600; round++) {
    const largest = [1, 2, 4, 7, 12, 15, 40, 8191][round % 8]!
    const lines = 4 * (1 + Math.floor(next() * 24))
    const values = Array.from({ length: lines }, () =>
      Math.round((2 * next() - 1) * largest * next() ** 2),
    )
    i16s(inside, IN, lines).set(values)
    const peak = Math.max(...values.map(Math.abs))
    inside.bandBits!(IN, lines, peak, OUT)
    const found = [...u16s(inside, OUT, 14)]
    for (let book = 1; book <= 11; book++) {
      const fits = book === 11 || peak <= tables.codebooks[book]!.lav
      assert.equal(
        found[book],
        fits ? inside.putBandAt!(book, IN, lines, OUT + 64) : 0xffff,
        `${book}`,
      )
    }
    assert.equal(found[0], 0xffff)
  }
})
