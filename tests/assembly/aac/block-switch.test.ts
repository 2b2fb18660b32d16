import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { encodeAll, openInside } from './inside.ts'
import { parseRawDataBlock } from './syntax.ts'

const RATE = 48000
const BLOCKS = 9

/** window_sequence and the groups of every frame for a tone that starts at sample `onset`. */
const frames = (onset: number): { sequence: number; groups: number[] }[] => {
  const next = random(onset)
  const samples = Int16Array.from({ length: 1024 * BLOCKS }, (_, n) =>
    n < onset ? 20 * (next() - 0.5) : 20000 * (next() - 0.5),
  )
  const inside = openInside(RATE, 1, true, 96000)
  return encodeAll(inside, new Uint8Array(samples.buffer), 2048).map((frame) => {
    const { sequence, groups } = parseRawDataBlock(frame.subarray(7), RATE).channels[0]!
    return { sequence, groups }
  })
}

test('an attack anywhere falls into short windows, between a start and a stop window', () => {
  for (let onset = 4 * 1024; onset < 5 * 1024; onset += 61) {
    const all = frames(onset)
    const short = all.findIndex(({ sequence }) => sequence === 2)
    assert.ok(short > 0, `onset ${onset}`)
    assert.equal(all.filter(({ sequence }) => sequence === 2).length, 1, `onset ${onset}`)
    assert.equal(all[short - 1]!.sequence, 1)
    assert.equal(all[short + 1]!.sequence, 3)
    // frame f covers blocks f - 1 and f; its short windows begin at 448 and end at 1600
    const place = onset - 1024 * (short - 1)
    assert.ok(place >= 448 && place < 1664, `onset ${onset}: ${place}`)
    // the windows before the one that is struck are a group of their own, so no noise of the attack gets there
    const { groups } = all[short]!
    assert.equal(
      groups.reduce((sum, n) => sum + n, 0),
      8,
    )
    const quiet = Math.floor((place - 448) / 128) - 1
    if (quiet > 1)
      assert.ok(groups[0]! >= quiet - 1 && groups[0]! <= quiet + 1, `${groups}, ${quiet}`)
  }
})

test('sequences follow one another as the standard allows', () => {
  // Spec: 14496-3 table 4.113: long and stop before long or start; start and short before short or stop
  const allowed = ['00', '01', '12', '22', '23', '30', '31']
  const next = random(8)
  for (let round = 0; round < 6; round++) {
    let level = 100
    const samples = Int16Array.from({ length: 1024 * 60 }, (_, n) => {
      if (n % 200 === 0 && next() < 0.06) level = 10 ** (1 + 3.4 * next())
      return level * (next() - 0.5)
    })
    const inside = openInside(RATE)
    const sequences = encodeAll(inside, new Uint8Array(samples.buffer), 2048).map(
      (frame) => parseRawDataBlock(frame.subarray(7), RATE).channels[0]!.sequence,
    )
    assert.ok(sequences.includes(2))
    sequences.slice(1).forEach((sequence, i) => {
      assert.ok(allowed.includes(`${sequences[i]}${sequence}`), sequences.join(''))
    })
  }
})
