import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

/** Units with gaps of 3 to 12 bytes between them, made into a sample at any distance from where they lie. */
test('units moved up, down or not at all make the same sample', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const rng = random(5)
  const below = (limit: number) => Math.floor(rng() * limit)
  for (let round = 0; round < 2000; round++) {
    const units = Array.from({ length: 1 + below(6) }, () =>
      Uint8Array.from({ length: 1 + below(60) }, () => below(256)),
    )
    const base = core.at + 2000
    core.x.clearUnits()
    let at = base
    for (const unit of units) {
      at += 3 + (below(3) === 0 ? below(10) : below(2))
      core.bytes.set(unit, at)
      core.x.addUnit(at, unit.length)
      at += unit.length
    }
    const length = core.x.sampleLength()
    assert.equal(
      length,
      units.reduce((sum, unit) => sum + 4 + unit.length, 0),
    )
    const to = base + below(200) - 100
    core.x.makeSample(to, length)
    const expected = Buffer.concat(
      units.flatMap((unit) => {
        const size = Buffer.alloc(4)
        size.writeUInt32BE(unit.length)
        return [size, unit]
      }),
    )
    assert.deepEqual(Buffer.from(core.take(to, length)), expected, `round ${round}`)
  }
})
