import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { goldens, signatures } from '../golden/cases.ts'

const url = (name: string) => new URL(`../golden/${name}`, import.meta.url)
const read = (name: string): Buffer => {
  assert.ok(existsSync(url(name)), `tests/golden/${name} is missing: npm run golden`)
  return readFileSync(url(name))
}

test('streams are the goldens: dumps first, then bytes', async () => {
  for (const { name, bytes, dump } of await goldens()) {
    assert.equal(dump, read(`${name}.dump.txt`).toString('utf8'), name)
    assert.ok(read(`${name}.bin`).equals(bytes), `${name}.bin: same dump, other bytes`)
  }
})

test('the exports of every build are the golden', () => {
  const golden = read('exports.txt').toString('utf8')
  for (const file of ['core.wasm', 'core.scalar.wasm', 'core.threads.wasm'])
    assert.equal(signatures(file), golden, file)
})
