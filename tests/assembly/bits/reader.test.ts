import assert from 'node:assert/strict'
import { test } from 'node:test'
import { random } from '../../support/random.ts'
import { BitWriter } from '../bit-writer.ts'
import { needTestWasm, TestCore } from '../wasm.ts'

test('what a bit writer wrote is read back', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const rng = random(1)
  for (let round = 0; round < 200; round++) {
    const w = new BitWriter()
    const steps = Array.from({ length: 40 }, () => {
      const kind = Math.floor(rng() * 4)
      const size = 1 + Math.floor(rng() * 32)
      const value = Math.floor(rng() * 2 ** size)
      if (kind === 0) w.u(size, value)
      else if (kind === 1) w.ue(Math.min(value, 2 ** 31 - 2))
      else if (kind === 2) w.se(value % 2 ** 30)
      else w.flag(value % 2 === 1)
      return { kind, size, value }
    })
    const bytes = w.trailing().bytes()
    core.x.openReader(core.put(bytes), bytes.length)
    for (const { kind, size, value } of steps) {
      if (kind === 0) assert.equal(core.x.readBits(size) >>> 0, value)
      else if (kind === 1) assert.equal(core.x.readUe() >>> 0, Math.min(value, 2 ** 31 - 2))
      else if (kind === 2) assert.equal(core.x.readSe(), value % 2 ** 30)
      else assert.equal(core.x.readFlag(), value % 2)
    }
    assert.equal(core.x.moreRbspData(), 0)
    assert.equal(core.x.reader_failed(), 0)
  }
})

const underflows: [name: string, bytes: number[], read: (core: TestCore) => void][] = [
  ['u(9) of a byte', [0xff], (core) => core.x.readBits(9)],
  ['a flag of nothing', [], (core) => core.x.readFlag()],
  ['ue without a one', [0, 0, 0, 0, 0], (core) => core.x.readUe()],
  ['ue whose suffix is missing', [0x01], (core) => core.x.readUe()],
  [
    'more than 32 leading zeros',
    [0, 0, 0, 0, 0x40, 0xff, 0xff, 0xff, 0xff, 0xff],
    (core) => core.x.readUe(),
  ],
  ['a skip past the end', [0], (core) => core.x.skipBits(9)],
]

for (const [name, bytes, read] of underflows)
  test(`underflow is latched: ${name}`, { skip: needTestWasm }, () => {
    const core = TestCore.open()
    core.x.openReader(core.put(bytes), bytes.length)
    read(core)
    assert.equal(core.x.reader_failed(), 1)
    assert.equal(core.x.readBits(1), 0)
  })
