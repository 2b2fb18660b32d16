import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { at, f32s, i32s, openInside, u8s, u16s } from './inside.ts'

const inside = openInside(48000, 2)
const LINES = 64

/** Runs the choice over one band; returns whether it is mid/side, and both spectra. */
const choose = (left: number[], right: number[], masks: [number, number]) => {
  const channels = [0, 1].map((index) => inside.channelAt!(index))
  for (const [c, channel] of channels.entries()) {
    f32s(inside, channel + at(inside, 'AT_SPECTRUM'), LINES).set(c === 0 ? left : right)
    f32s(inside, channel + at(inside, 'AT_MASK'), 1)[0] = masks[c]!
    i32s(inside, channel + at(inside, 'AT_BANDS'), 1)[0] = 1
    u16s(inside, channel + at(inside, 'AT_EDGE'), 2).set([0, LINES])
  }
  inside.chooseMidSide!()
  return {
    used: u8s(inside, inside.midSideAt!(), 1)[0] === 1,
    spectra: channels.map((channel) => [
      ...f32s(inside, channel + at(inside, 'AT_SPECTRUM'), LINES),
    ]),
    masks: channels.map((channel) => f32s(inside, channel + at(inside, 'AT_MASK'), 1)[0]!),
  }
}

const noise = (seed: number): number[] => {
  const next = random(seed)
  return Array.from({ length: LINES }, () => Math.fround(1000 * (next() - 0.5)))
}

test('equal channels become mid and a silent side', () => {
  const { used, spectra, masks } = choose(noise(1), noise(1), [100, 300])
  assert.ok(used)
  assert.deepEqual(spectra[0], noise(1))
  assert.ok(spectra[1]!.every((x) => x === 0))
  assert.deepEqual(masks, [50, 50])
})

test('opposite channels become side', () => {
  const { used, spectra } = choose(
    noise(1),
    noise(1).map((x) => -x),
    [100, 100],
  )
  assert.ok(used)
  assert.ok(spectra[0]!.every((x) => x === 0))
})

test('what has nothing in common stays apart', () => {
  const { used, spectra, masks } = choose(noise(1), Array<number>(LINES).fill(0), [100, 100])
  assert.ok(!used)
  assert.deepEqual(spectra[0], noise(1))
  assert.deepEqual(masks, [100, 100])
  assert.ok(!choose(noise(1), noise(2), [100, 100]).used)
})

test('mid and side give left and right back', () => {
  const right = noise(1).map((x, i) => Math.fround(0.9 * x + 0.05 * noise(2)[i]!))
  const { used, spectra } = choose(noise(1), right, [100, 100])
  assert.ok(used)
  spectra[0]!.forEach((m, i) => {
    assert.ok(Math.abs(m + spectra[1]![i]! - noise(1)[i]!) < 1e-3)
    assert.ok(Math.abs(m - spectra[1]![i]! - right[i]!) < 1e-3)
  })
})
