import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { at, i32s, openInside, u8s, u16s } from './inside.ts'

const inside = openInside()
const channel = inside.channelAt!(0)
const set = (name: `AT_${string}`, value: number): void => {
  i32s(inside, channel + at(inside, name), 1)[0] = value
}

const IMPOSSIBLE = 0xffff
const BOOKS = 14

/** Bits of section_data and spectral_data for a choice of codebooks. Spec: 14496-3 table 4.52 */
const price = (
  books: readonly number[],
  bits: readonly (readonly number[])[],
  width: number,
): number => {
  let total = 0
  for (let b = 0; b < books.length; ) {
    let run = 1
    while (b + run < books.length && books[b + run] === books[b]) run++
    total += 4 + width * (1 + Math.floor(run / (2 ** width - 1)))
    b += run
  }
  return total + books.reduce((sum, book, b) => sum + bits[b]![book]!, 0)
}

/** The least bits over all ways to cut the bands into sections: the definition, in cubic time. */
const least = (bits: readonly (readonly number[])[], width: number): number => {
  const best = [0]
  for (let end = 1; end <= bits.length; end++) {
    best[end] = Infinity
    for (let start = 0; start < end; start++)
      for (let book = 0; book < BOOKS; book++) {
        const own = bits
          .slice(start, end)
          .reduce((sum, row) => sum + (row[book] === IMPOSSIBLE ? Infinity : row[book]!), 0)
        const header = 4 + width * (1 + Math.floor((end - start) / (2 ** width - 1)))
        best[end] = Math.min(best[end]!, best[start]! + header + own)
      }
  }
  return best[bits.length]!
}

for (const { name, sequence, groups, bands, width } of [
  { name: 'long', sequence: 0, groups: 1, bands: 30, width: 5 },
  { name: 'long, sections beyond the escape length', sequence: 0, groups: 1, bands: 51, width: 5 },
  { name: 'short', sequence: 2, groups: 3, bands: 14, width: 3 },
])
  test(`codebooks of ${name} frames cost as little as any choice`, () => {
    const next = random(bands)
    for (let round = 0; round < 60; round++) {
      const rows = Array.from({ length: groups * bands }, () => {
        const lowest = Math.floor(next() * 12)
        const size = Math.floor(next() * 60)
        return Array.from({ length: BOOKS }, (_, book) =>
          book > 11 || (book < lowest && book !== 11) ? IMPOSSIBLE : size + Math.floor(next() * 12),
        )
      })
      if (round % 3 === 0)
        for (const row of rows.slice(0, 40)) row.fill(IMPOSSIBLE, 1).fill(0, 0, 1)
      const table = u16s(inside, inside.bookBitsAt!(), 16 * rows.length)
      for (const [b, row] of rows.entries()) table.set(row, 16 * b)
      set('AT_SEQUENCE', sequence)
      set('AT_GROUPS', groups)
      set('AT_MAX_SFB', bands)
      set('AT_BANDS', groups * bands)
      inside.chooseBooks!(channel)
      const books = [...u8s(inside, channel + at(inside, 'AT_BOOK'), rows.length)]
      for (let g = 0; g < groups; g++) {
        const own = rows.slice(g * bands, (g + 1) * bands)
        const got = price(books.slice(g * bands, (g + 1) * bands), own, width)
        const want = least(own, width)
        // the path's own length is followed, not every length: an escape in sect_len may be taken one section too early
        assert.ok(
          got >= want && got <= want + (bands > 2 ** width - 2 ? width : 0),
          `${got}, least ${want}`,
        )
      }
    }
  })
