import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { at, f32s, type Inside, i32s, openInside } from './inside.ts'
import { tables } from './syntax.ts'

type Band = { zero: number; top: number; cost: number[]; bits: number[] }

const fill = (inside: Inside, bands: readonly Band[]): number => {
  const channel = inside.channelAt!(0)
  const per = (inside.CANDIDATES_PER_BAND as unknown as WebAssembly.Global).value as number
  i32s(inside, channel + at(inside, 'AT_BANDS'), 1)[0] = bands.length
  bands.forEach((band, b) => {
    f32s(inside, channel + at(inside, 'AT_ZERO_COST'), 120)[b] = band.zero
    i32s(inside, channel + at(inside, 'AT_CANDIDATE_TOP'), 120)[b] = band.top
    i32s(inside, channel + at(inside, 'AT_CANDIDATE_COUNT'), 120)[b] = band.cost.length
    f32s(inside, channel + at(inside, 'AT_CANDIDATE_COST'), 120 * per).set(band.cost, b * per)
    f32s(inside, channel + at(inside, 'AT_CANDIDATE_BITS'), 120 * per).set(band.bits, b * per)
  })
  return channel
}

/** Cost of a choice: candidate per band, -1 where the band is left out. Infinite where a difference has no code word. */
const price = (bands: readonly Band[], choice: readonly number[], lambda: number): number => {
  let total = 0
  let last: number | undefined
  choice.forEach((i, b) => {
    const band = bands[b]!
    if (i < 0) {
      total += band.zero
      return
    }
    const sf = band.top - i
    const delta = last === undefined ? 0 : sf - last
    const code = tables.scalefactor.len[delta + 60]
    total += code === undefined ? Infinity : band.cost[i]! + lambda * (band.bits[i]! + code)
    last = sf
  })
  return total
}

const every = (bands: readonly Band[], lambda: number): number => {
  let best = Infinity
  const walk = (choice: number[]): void => {
    const band = bands[choice.length]
    if (band === undefined) best = Math.min(best, price(bands, choice, lambda))
    else for (let i = -1; i < band.cost.length; i++) walk([...choice, i])
  }
  walk([])
  return best
}

for (const simd of [true, false])
  test(`scale factors cost as little as any choice, ${simd ? 'SIMD' : 'scalar'}`, () => {
    const inside = openInside(48000, 1, simd)
    const next = random(11)
    for (let round = 0; round < 200; round++) {
      const spread = round % 4 === 0 ? 150 : 12
      const bands = Array.from({ length: 6 }, (): Band => {
        const count = Math.floor(next() * 5)
        let cost = 3 + 4 * next()
        let bits = 4
        const zero = cost + 3 * next()
        const steps = Array.from({ length: count }, () => {
          cost -= next()
          bits += Math.floor(12 * next())
          return { cost, bits }
        })
        return {
          zero,
          top: 20 + Math.floor(spread * next()) + 10,
          cost: steps.map((s) => s.cost),
          bits: steps.map((s) => s.bits),
        }
      })
      const lambda = 2 ** (-7 * next())
      const channel = fill(inside, bands)
      inside.chooseScaleFactors!(channel, lambda)
      const factors = [...i32s(inside, channel + at(inside, 'AT_SCALE_FACTOR'), bands.length)]
      const choice = factors.map((sf, b) => (sf === 0 ? -1 : bands[b]!.top - sf))
      const got = price(bands, choice, lambda)
      const want = every(bands, lambda)
      assert.ok(Math.abs(got - want) < 1e-4, `round ${round}: ${got}, least ${want}`)
    }
  })
