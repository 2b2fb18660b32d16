/**
 * Writes vectors.json and data.bin. Run it when the core's output changes on purpose, and read the diff:
 *   node --import tsx tests/conformance/generate.ts [--check]
 * Statuses come from the scenarios, not from the core; outputs are the scalar build's (the oracle).
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import * as abi from '../../core-wasm/abi.gen.ts'
import { statusName } from '../../core-wasm/index.ts'
import type { StateField, Vector, VectorFile } from './format.ts'
import { makePieces } from './pieces.ts'
import { type Outcome, runVector } from './runner.ts'
import type { Scenario } from './scenario.ts'
import { configScenarios } from './scenarios/config.ts'
import { encodeScenarios } from './scenarios/encode.ts'
import { faultScenarios } from './scenarios/faults.ts'
import { ringScenarios } from './scenarios/ring.ts'
import { streamScenarios } from './scenarios/stream.ts'
import { toText } from './text.ts'

/** First i32 field of the state block. */
const STATE_I32 = abi.STATE_RING_ADDRESS
/** Addresses and memory differ between builds. */
const UNSTABLE = ['STATE_RING_ADDRESS', 'STATE_MEMORY_BYTES', 'STATE_BYTES']

const stateFields = (outcome: Outcome): StateField[] =>
  Object.entries(abi)
    .filter(([name]) => name.startsWith('STATE_') && !UNSTABLE.includes(name))
    .map(([name, offset]): StateField => {
      const type = offset < STATE_I32 ? 'f64' : 'i32'
      return [offset, type, outcome.state(offset, type), name]
    })
    .filter(([, , value]) => value !== 0)

const complaints: string[] = []

const say = (status: number): string => `${status} ${statusName(status) ?? ''}`

/** The scenario's statuses must be the core's. */
const judge = (scenario: Scenario, outcome: Outcome): void => {
  if (scenario.open !== outcome.open)
    complaints.push(`${scenario.name}: open ${say(outcome.open)}, expected ${say(scenario.open)}`)
  scenario.steps.forEach((step, i) => {
    const got = outcome.statuses[i] ?? Number.NaN
    if ('status' in step && step.status !== got)
      complaints.push(
        `${scenario.name} step ${i} ${JSON.stringify(step)}: ${say(got)}, expected ${say(step.status)}`,
      )
  })
}

const record = async (scenario: Scenario, pieces: Record<string, Uint8Array>): Promise<Vector> => {
  const empty = { stream: { bytes: 0, sha256: '' }, slices: [], units: [], state: [] }
  const vector: Vector = { ...scenario, expect: empty }
  const outcome = await runVector(vector, (name) => pieces[name] as Uint8Array, {
    variant: 'scalar',
  })
  judge(scenario, outcome)
  const steps = scenario.steps.map((step, i) =>
    step.do === 'mutate' ? { ...step, sha256: outcome.hashes.get(i) ?? '' } : step,
  )
  const state = outcome.open === 0 ? stateFields(outcome) : []
  return { ...vector, steps, expect: { ...outcome.expect, state } }
}

const layOut = (pieces: Record<string, Uint8Array>) => {
  const index: VectorFile['data']['pieces'] = {}
  const parts: Uint8Array[] = []
  let at = 0
  for (const [name, bytes] of Object.entries(pieces)) {
    index[name] = [at, bytes.length]
    parts.push(bytes)
    at += bytes.length
  }
  return { index, bytes: Buffer.concat(parts) }
}

const pieces = makePieces()
const data = layOut(pieces)
const vectors: Vector[] = []
for (const scenario of [
  ...configScenarios,
  ...streamScenarios,
  ...encodeScenarios,
  ...faultScenarios,
  ...ringScenarios,
]) {
  const before = complaints.length
  const v = await record(scenario, pieces)
  if (process.env.PARTIAL && complaints.length > before) complaints.length = before
  else vectors.push(v)
}

const file: VectorFile = {
  abi: abi.ABI_VERSION,
  data: {
    file: 'data.bin',
    sha256: createHash('sha256').update(data.bytes).digest('hex'),
    pieces: data.index,
  },
  vectors,
}
const text = toText(file)
for (const complaint of complaints) console.error(complaint)
const at = (name: string) => new URL(name, import.meta.url)
if (process.argv.includes('--check')) {
  if (readFileSync(at('vectors.json'), 'utf8') !== text) complaints.push('vectors.json is stale')
  if (!readFileSync(at('data.bin')).equals(data.bytes)) complaints.push('data.bin is stale')
} else if (complaints.length === 0) {
  writeFileSync(at('vectors.json'), text)
  writeFileSync(at('data.bin'), data.bytes)
}
console.log(`${vectors.length} vectors, ${text.length + data.bytes.length} bytes`)
process.exitCode = complaints.length > 0 ? 1 : 0
