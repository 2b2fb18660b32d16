#!/usr/bin/env node
/**
 * What takes too long for `npm test`: the model tests, the fuzzers and the encoder with many more cases. Writes docs/SOAK.md with seed,
 * date and machine. `npm run soak -- --minutes N` sets how long the fuzzers run (default 5).
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bun = join(root, 'node_modules', '.bin', 'bun')
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
})
const SEQUENCES = '10000'
const CUTS = '200'
const TEST_TIMEOUT_MS = '3600000'

const test = (file) => [bun, ['test', '--timeout', TEST_TIMEOUT_MS, `./${file}`]]
const STEPS = [
  [
    `${SEQUENCES} random sequences against the model of channel, dump and uplink`,
    ...test('tests/runtime/model.test.ts'),
  ],
  [
    `${SEQUENCES} random sequences against the model of events`,
    ...test('tests/runtime/event/model.test.ts'),
  ],
  [
    `parsers and pushes fuzzed for ${values.minutes} min from seed ${values.seed}`,
    bun,
    ['tests/fuzz/main.ts', '--minutes', values.minutes, '--seed', values.seed],
  ],
  [
    `slices of both codecs and containers, each cut at ${CUTS} random offsets`,
    ...test('tests/interop/cut.test.ts'),
  ],
  [
    'one hour of generated sound through the encoder and ffmpeg',
    bun,
    ['tests/assembly/aac/soak.ts', '--hours', '1'],
  ],
]

const os =
  /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
const lines = [
  '# Soak',
  '',
  'Written by `npm run soak`.',
  '',
  `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${os}, fuzz seed ${values.seed}`,
  '',
  '| what | result | seconds | its last word |',
  '|---|---|--:|---|',
]
let failed = 0
for (const [what, command, args] of STEPS) {
  console.log(`\u25b8 ${what}`)
  const started = Date.now()
  const done = spawnSync(command, args, {
    cwd: root,
    env: {
      ...process.env,
      SKYRILL_SEQUENCES: SEQUENCES,
      SKYRILL_CUTS: CUTS,
      SKYRILL_SEED: values.seed,
    },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const output = `${done.stdout}${done.stderr}`.trim()
  if (done.status !== 0) {
    failed++
    console.error(output)
  }
  const word = output.split('\n').at(-1)?.replaceAll('|', '/') ?? ''
  const seconds = ((Date.now() - started) / 1000).toFixed(0)
  lines.push(`| ${what} | ${done.status === 0 ? 'passed' : 'FAILED'} | ${seconds} | ${word} |`)
  console.log(`  ${done.status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`)
}
writeFileSync(join(root, 'docs', 'SOAK.md'), `${lines.join('\n')}\n`)
console.log(`\n${STEPS.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
