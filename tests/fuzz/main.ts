/**
 * Fuzzing for as long as you like: `npm run fuzz -- --minutes N [--seed S]`. A failing sequence is written to tests/fuzz/corpus as a new
 * entry; give it a name and say in `fixed` what was wrong once it is.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fuzzParsers } from './parse.ts'
import { FuzzError, fuzzPushes } from './push.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
if (!(minutes > 0)) {
  console.error(`--minutes ${values.minutes}: must be a number above 0`)
  process.exit(2)
}
const first = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed)
const end = Date.now() + minutes * 60_000
let cases = 0
let seed = first
try {
  for (; Date.now() < end; seed++) {
    cases += fuzzParsers(seed, 200)
    cases += await fuzzPushes(seed, pickVariant(seed))
  }
  console.log(`${cases} cases, seeds ${first} to ${seed - 1}, no fault`)
} catch (error) {
  console.error((error as Error).message)
  if (error instanceof FuzzError) {
    const path = fileURLToPath(new URL(`corpus/seed-${seed}.json`, import.meta.url))
    writeFileSync(path, error.corpusEntry)
    console.error(`written to ${path}`)
  }
  process.exitCode = 1
}

function pickVariant(n: number): 'simd' | 'scalar' {
  return n % 4 === 0 ? 'scalar' : 'simd'
}
