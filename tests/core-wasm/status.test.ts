import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { statusMessage, statusName } from '../../core-wasm/index.ts'

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const statuses = [
  ...readFileSync(path('assembly/status.ts'), 'utf8').matchAll(
    /^export const (\w+): i32 = (-?\d+);/gm,
  ),
].map(([, name, value]) => ({ name: name!, value: Number(value) }))

test('every status has a number of its own', () => {
  const seen = new Map<number, string>()
  for (const { name, value } of statuses) {
    assert.equal(seen.get(value), undefined, `${name} has the number of ${seen.get(value)}`)
    seen.set(value, name)
  }
})

test("each status lies in its module's block of 100", () => {
  const bases = statuses.filter(({ name }) => name.endsWith('_BASE'))
  for (const { name, value } of statuses) {
    if (value >= 0) continue
    const base = bases.find((candidate) => name.startsWith(candidate.name.replace('BASE', '')))
    assert.ok(base, `${name} has no base`)
    assert.ok(value <= base.value && value > base.value - 100, name)
  }
})

test('every status has a name and a message outside', () => {
  for (const { name, value } of statuses) {
    if (name.endsWith('_BASE')) continue
    assert.equal(statusName(value), name)
    assert.doesNotMatch(statusMessage(value), /unknown/)
  }
  assert.equal(statusName(-99999), undefined)
  assert.match(statusMessage(-99999), /unknown status -99999/)
})

test('generated constants and header are those of the sources', () => {
  const done = spawnSync('node', ['--import', 'tsx', 'tools/gen-abi.ts', '--check'], {
    cwd: path('.'),
    encoding: 'utf8',
  })
  assert.equal(done.status, 0, done.stderr)
})
