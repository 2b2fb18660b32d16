#!/usr/bin/env node
/**
 * What takes too long for `npm test`: models, fuzzers, schedules, kills, cuts and days with many more cases. Two lanes side by side, about 25 minutes on two
 * cores. Every result is kept in build/soak.json and written to docs/SOAK.md with its seed, date and machine, so that a run can be done in parts:
 *
 *     npm run soak                       everything
 *     npm run soak -- schedules kills    these
 *     npm run soak -- --missing          what has not passed yet
 *     npm run soak -- --seed 7 --minutes 10
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bun = join(root, 'node_modules', '.bin', 'bun')
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
    missing: { type: 'boolean', default: false },
  },
})
const TEST_TIMEOUT_MS = '3600000'
const ALIVE_MS = 60_000
const SEQUENCES = 10_000
const SCHEDULES = 500
const KILLS = 200
const CUTS = 1000
const SOAK_HOURS = 24
const STORMS = 25

const test = (file) => ['test', '--timeout', TEST_TIMEOUT_MS, `./${file}`]

/** By lane: what takes long comes first, and the two lanes take about as long. */
const STEPS = [
  {
    name: 'schedules',
    lane: 0,
    what: `${SCHEDULES} random schedules of 2 simulated hours: every picture is at the cloud or in the ledger`,
    args: test('tests/faults/schedules.test.ts'),
    env: { SKYRILL_SCHEDULES: SCHEDULES },
  },
  {
    name: 'storms',
    lane: 0,
    what: `${STORMS} random storms through real sockets to the real cloud, with a spool`,
    args: test('tests/faults/storms.test.ts'),
    env: { SKYRILL_STORMS: STORMS },
  },
  {
    name: 'days',
    lane: 0,
    what: `${SOAK_HOURS} simulated hours each at 1 KB/s, without a line, with 5 % loss`,
    args: test('tests/faults/soak.test.ts'),
    env: { SKYRILL_SOAK_HOURS: SOAK_HOURS },
  },
  {
    name: 'model',
    lane: 0,
    what: `${SEQUENCES} random sequences against the model of channel, dump and uplink`,
    args: test('tests/runtime/model.test.ts'),
    env: { SKYRILL_SEQUENCES: SEQUENCES },
  },
  {
    name: 'events',
    lane: 0,
    what: `${SEQUENCES} random sequences against the model of events`,
    args: test('tests/runtime/event/model.test.ts'),
    env: { SKYRILL_SEQUENCES: SEQUENCES },
  },
  {
    name: 'kills',
    lane: 1,
    what: `${KILLS} times kill -9 of device, cloud, broker or store`,
    args: test('tests/faults/kills.test.ts'),
    env: { SKYRILL_KILLS: KILLS },
  },
  {
    name: 'cuts',
    lane: 1,
    what: `${CUTS} uploads cut at random offsets, both codecs and containers`,
    args: test('tests/faults/cuts.test.ts'),
    env: { SKYRILL_CUTS: CUTS },
  },
  {
    name: 'fuzz',
    lane: 1,
    what: `parsers and pushes fuzzed for ${values.minutes} min`,
    args: ['tests/fuzz/main.ts', '--minutes', values.minutes, '--seed', values.seed],
  },
  {
    name: 'sound',
    lane: 1,
    what: 'one hour of generated sound through the encoder and ffmpeg',
    args: ['tests/assembly/aac/soak.ts', '--hours', '1'],
  },
]

const names = STEPS.map(({ name }) => name)
for (const name of positionals)
  if (!names.includes(name)) {
    console.error(`no step ${name}; there are ${names.join(', ')}`)
    process.exit(2)
  }

const os =
  /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
const machine = `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${os}`

const kept = join(root, 'build', 'soak.json')
const readResults = () => {
  try {
    return JSON.parse(readFileSync(kept, 'utf8'))
  } catch {
    return {}
  }
}
const results = readResults()

const writeReport = () => {
  mkdirSync(dirname(kept), { recursive: true })
  writeFileSync(kept, JSON.stringify(results, null, 2))
  const known = STEPS.filter(({ name }) => results[name])
  const machines = [...new Set(known.map(({ name }) => results[name].machine))]
  const lines = [
    '# Soak',
    '',
    'Written by `npm run soak`.',
    '',
    ...machines.map((text, at) => `Machine${machines.length > 1 ? ` ${at + 1}` : ''}: ${text}.`),
    '',
    '| what | result | seed | date | seconds |',
    '|---|---|--:|---|--:|',
    ...known.map(({ name }) => {
      const { what, passed, seed, date, seconds } = results[name]
      return `| ${what} | ${passed ? 'passed' : 'FAILED'} | ${seed} | ${date} | ${seconds} |`
    }),
    '',
    ...known.flatMap(({ name }) => [
      `## ${results[name].what}`,
      '',
      '```',
      ...results[name].words,
      '```',
      '',
    ]),
  ]
  writeFileSync(join(root, 'docs', 'SOAK.md'), `${lines.join('\n').trimEnd()}\n`)
}

/** What a program says of its figures: lines that begin with `#`; else its last one. */
const wordsOf = (output) => {
  const lines = output.split('\n').map((line) => line.trim())
  const figures = lines.filter((line) => line.startsWith('# ')).map((line) => line.slice(2))
  return figures.length > 0 ? figures : [lines.findLast((line) => line !== '') ?? '']
}

const run = ({ name, what, args, env = {} }) =>
  new Promise((resolve) => {
    console.log(`\u25b8 ${name}: ${what}`)
    const started = Date.now()
    const seconds = () => Math.round((Date.now() - started) / 1000)
    const child = spawn(bun, args, {
      cwd: root,
      env: {
        ...process.env,
        SKYRILL_SEED: values.seed,
        ...Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)])),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const take = (chunk) => {
      output += chunk
      for (const line of String(chunk).split('\n'))
        if (line.startsWith('\u2026')) console.log(`  ${name} ${line}`)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const alive = setInterval(() => console.log(`  ${name}: ${seconds()} s`), ALIVE_MS)
    child.on('close', (status) => {
      clearInterval(alive)
      const passed = status === 0
      if (!passed) console.error(output)
      const date = new Date().toISOString().slice(0, 10)
      const words = passed ? wordsOf(output) : output.trim().split('\n').slice(-20)
      results[name] = { what, passed, seed: values.seed, date, machine, seconds: seconds(), words }
      writeReport()
      console.log(`${passed ? 'passed' : 'FAILED'} ${name} in ${seconds()} s: ${words.at(-1)}`)
      resolve(passed)
    })
  })

const wanted = STEPS.filter(
  ({ name }) =>
    (positionals.length === 0 || positionals.includes(name)) &&
    !(values.missing && results[name]?.passed),
)
const lane = async (number) => {
  let failed = 0
  for (const step of wanted) if (step.lane === number && !(await run(step))) failed++
  return failed
}
const failed = (await Promise.all([lane(0), lane(1)])).reduce((sum, count) => sum + count, 0)
console.log(`\n${wanted.length - failed} passed, ${failed} failed; docs/SOAK.md has the report`)
process.exitCode = failed === 0 ? 0 : 1
