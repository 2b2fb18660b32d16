import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { needTestWasm } from '../assembly/wasm.ts'
import { fromJson } from './operations.ts'
import { fuzzParsers } from './parse.ts'
import { fuzzPushes, replay, STEPS } from './push.ts'

/** Cases of a normal run, the same ones every time; `npm run fuzz` goes on from there. */
const PARSER_CASES = 120_000
const PUSH_CASES = 80_000
const SEED = 1

test(`${PARSER_CASES} damaged inputs to the parsers`, { skip: needTestWasm }, () => {
  assert.equal(fuzzParsers(SEED, PARSER_CASES), PARSER_CASES)
})

test(`${PUSH_CASES} cases of push sequences`, async () => {
  let cases = 0
  for (let seed = SEED; cases < PUSH_CASES; seed++)
    cases += await fuzzPushes(seed, seed % 4 === 0 ? 'scalar' : 'simd')
  assert.ok(cases >= PUSH_CASES && cases < PUSH_CASES + STEPS)
})

const corpus = new URL('corpus/', import.meta.url)
for (const file of readdirSync(corpus).filter((name) => name.endsWith('.json')))
  test(`corpus: ${file}`, async () => {
    const scenario = fromJson(readFileSync(new URL(file, corpus), 'utf8'))
    for (const variant of ['simd', 'scalar'] as const) await replay(scenario, variant)
  })
