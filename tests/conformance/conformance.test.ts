/** Every vector on every build of the core: the same statuses, records and bytes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { ABI_VERSION, loadModule, statusName, type Variant } from '../../core-wasm/index.ts'
import type { Vector, VectorFile } from './format.ts'
import { type Outcome, runVector } from './runner.ts'

const read = (name: string) => readFileSync(new URL(name, import.meta.url))
const file = JSON.parse(read('vectors.json').toString('utf8')) as VectorFile
const data = read(file.data.file)

const piece = (name: string): Uint8Array => {
  const range = file.data.pieces[name]
  assert.ok(range, `no piece ${name}`)
  return data.subarray(range[0], range[0] + range[1])
}

const say = (status: number | undefined) => `${status} ${statusName(status ?? Number.NaN) ?? ''}`

const compare = (vector: Vector, outcome: Outcome): void => {
  assert.equal(say(outcome.open), say(vector.open), 'open')
  vector.steps.forEach((step, i) => {
    const expected = 'status' in step ? step.status : 0
    const got = outcome.statuses[i]
    if (vector.open === 0)
      assert.equal(say(got), say(expected), `step ${i} ${JSON.stringify(step)}`)
    if (step.do === 'mutate') assert.equal(outcome.hashes.get(i), step.sha256, `step ${i} statuses`)
  })
  const { state, ...records } = vector.expect
  assert.deepEqual(outcome.expect.slices, records.slices)
  assert.deepEqual(outcome.expect.units, records.units)
  assert.deepEqual(outcome.expect.stream, records.stream)
  for (const [offset, type, value, name] of state)
    assert.equal(outcome.state(offset, type), value, name)
}

test('the vectors belong to this ABI and their data is whole', () => {
  assert.equal(file.abi, ABI_VERSION)
  assert.equal(createHash('sha256').update(data).digest('hex'), file.data.sha256)
  assert.equal(new Set(file.vectors.map((vector) => vector.name)).size, file.vectors.length)
})

for (const variant of ['simd', 'scalar', 'threads'] satisfies Variant[])
  test(`vectors on the ${variant} build`, async (t) => {
    const module = await loadModule(variant)
    for (const vector of file.vectors)
      await t.test(vector.name, async () => {
        compare(vector, await runVector(vector, piece, { module }))
      })
  })
