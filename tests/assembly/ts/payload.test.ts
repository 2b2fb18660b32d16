import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

const PAYLOAD = 184

/** Packets the plain way, up to and including the first whose payload (and the byte behind) holds two zeros in a row. */
const plain = (input: Uint8Array, packets: number, header: number, counter: number) => {
  const out: number[] = []
  let at = 0
  let dirty = false
  while (!dirty && out.length / 188 < packets && at + PAYLOAD + 1 <= input.length) {
    out.push(header & 255, (header >> 8) & 255, (header >> 16) & 255, (header >>> 24) | counter)
    counter = (counter + 1) & 15
    for (let i = 0; i < PAYLOAD; i++) {
      out.push(input[at + i]!)
      if (input[at + i] === 0 && input[at + i + 1] === 0) dirty = true
    }
    at += PAYLOAD
  }
  return { out: Uint8Array.from(out), at, dirty, counter }
}

const HEADER = 0x10000147

const compare = (core: TestCore, input: Uint8Array, packets: number, counter: number) => {
  const from = core.put(input, 100_000)
  const to = core.at
  core.bytes.fill(0xa5, to, to + 50_000)
  const dirty = core.x.copyPayloads(
    from,
    from + input.length,
    to,
    to + packets * 188,
    HEADER,
    counter,
  )
  const expected = plain(input, packets, HEADER, counter)
  assert.equal(dirty, expected.dirty ? 1 : 0)
  assert.deepEqual(core.take(to, expected.out.length), expected.out)
  assert.equal(core.bytes[to + expected.out.length], 0xa5, 'wrote too far')
  assert.equal(core.x.payload_from() - from, expected.at)
  assert.equal(core.x.payload_to() - to, expected.out.length)
  assert.equal(core.x.payload_cc(), expected.counter)
}

test('a pair of zeros at every offset of a payload, and one behind it', {
  skip: needTestWasm,
}, () => {
  const core = TestCore.open()
  for (let at = 0; at < PAYLOAD + 3; at++) {
    const input = new Uint8Array(PAYLOAD * 3).fill(7)
    input.set([0, 0], at)
    compare(core, input, 9, at & 15)
  }
})

test('random input of every length, few and many zeros, ring ends', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const rng = random(6)
  for (let round = 0; round < 600; round++) {
    const zeros = rng() * 0.05
    const input = Uint8Array.from({ length: Math.floor(rng() * 3000) }, () =>
      rng() < zeros ? 0 : 1 + Math.floor(rng() * 255),
    )
    compare(core, input, Math.floor(rng() * 20), Math.floor(rng() * 16))
  }
})
