#!/usr/bin/env node
/**
 * What `npm start`, `npm test`, `npm run build` and `npm run bench` run: plain JavaScript without dependencies, so that it
 * works on a fresh clone before anything is installed. It installs, builds, then hands over to the program proper.
 */
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { delimiter, dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_MIN_MAJOR = 20
const bin = (name) => join(root, 'node_modules', '.bin', name)
const env = {
  ...process.env,
  PATH: join(root, 'node_modules', '.bin') + delimiter + process.env.PATH,
  NO_COLOR: process.env.NO_COLOR ?? '1',
  DENO_NO_UPDATE_CHECK: '1',
}

const say = (text) => console.log(`\u25b8 ${text}`)
const die = (text) => {
  console.error(`skyrill: ${text}`)
  process.exit(1)
}

/** Runs a program to its end; its output goes to ours. */
const run = (command, args, options = {}) => {
  const done = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options })
  if (done.error) die(`cannot run ${command}: ${done.error.message}`)
  return done.status ?? 1
}

const must = (what, command, args, options) => {
  const status = run(command, args, options)
  if (status !== 0) die(`${what} failed (exit ${status})`)
}

const install = () => {
  if (Number(process.versions.node.split('.')[0]) < NODE_MIN_MAJOR)
    die(`Node ${process.versions.node} is too old; ${NODE_MIN_MAJOR} or newer is needed`)
  const stamp = join(root, 'node_modules', '.package-lock.json')
  const lock = join(root, 'package-lock.json')
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return
  say('installing dependencies (npm ci)')
  must('npm ci', 'npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' })
}

/** The wasm builds that are committed, by asconfig.json target. */
const WASM_TARGETS = {
  release: 'core.wasm',
  scalar: 'core.scalar.wasm',
  threads: 'core.threads.wasm',
}

const newest = (folder, suffix) => {
  let time = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && entry.name.endsWith(suffix))
      time = Math.max(time, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs)
  return time
}

const asc = (args) =>
  must(`asc ${args.join(' ')}`, process.execPath, [
    join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js'),
    ...args,
  ])

/** Compiles the committed targets in place. */
const buildWasm = () => {
  for (const target of Object.keys(WASM_TARGETS)) {
    say(`asc --target ${target}`)
    asc(['--target', target])
  }
  for (const generator of ['gen-abi', 'gen-bindings'])
    must(generator, process.execPath, ['--import', 'tsx', join('tools', `${generator}.ts`)])
}

/** Compiles the core with its internals exported, for the unit tests. Skipped when it is newer than every source. */
const buildTestWasm = () => {
  const out = join(root, 'build', 'core.test.wasm')
  const sources = Math.max(
    newest(join(root, 'assembly'), '.ts'),
    newest(join(root, 'tests', 'assembly'), '.ts'),
  )
  if (existsSync(out) && statSync(out).mtimeMs > sources) return
  say('asc --target test')
  asc(['tests/assembly/exports.ts', '--target', 'test'])
}

/** Compiles the committed targets elsewhere and compares: what is committed must be what the sources say. */
const compareWasm = () => {
  const stale = []
  for (const [target, file] of Object.entries(WASM_TARGETS)) {
    const out = join('build', 'compare', file)
    asc(['--target', target, '--outFile', out])
    if (!readFileSync(join(root, out)).equals(readFileSync(join(root, 'core-wasm', file))))
      stale.push(file)
  }
  return stale
}

/** JavaScript and type declarations for Node and for the packed package. */
const buildDist = () => {
  say('tsc -p tsconfig.build.json')
  rmSync(join(root, 'dist'), { recursive: true, force: true })
  must('tsc', process.execPath, [
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    'tsconfig.build.json',
  ])
  mkdirSync(join(root, 'dist', 'core-wasm'), { recursive: true })
  for (const file of Object.values(WASM_TARGETS))
    cpSync(join(root, 'core-wasm', file), join(root, 'dist', 'core-wasm', file))
}

const buildViewer = () => {
  say('viewer bundle')
  must('viewer bundle', process.execPath, [join(root, 'cloud', 'build-viewer.mjs')])
}

const build = () => {
  buildTestWasm()
  buildDist()
  buildViewer()
}

// ── tests ─────────────────────────────────────────────────────────────────────────────────────────

/** Suites: which folders run where. What is portable runs on all three runtimes. */
const SUITES = [
  { name: 'bun', folders: ['assembly', 'core-wasm', 'tools', 'conformance', 'fuzz', 'docs'] },
  { name: 'bun-host', folders: ['runtime', 'cloud'] },
  { name: 'node', folders: ['assembly', 'core-wasm', 'runtime', 'conformance'] },
  { name: 'deno', folders: ['assembly', 'core-wasm', 'runtime', 'conformance'] },
  { name: 'e2e', folders: ['e2e'] },
  { name: 'pack', folders: ['pack'] },
]

/** What takes minutes or needs servers, browsers and emulators: `npm run test:long`, one after another; on Bun unless said otherwise. */
const LONG_SUITES = [
  { name: 'cloud-node', folders: ['cloud'] },
  { name: 'interop', folders: ['interop'] },
  { name: 'faults', folders: ['faults'] },
  { name: 'peers', folders: ['peers'] },
  { name: 'page', folders: ['page'] },
  { name: 'boards', folders: ['boards'] },
]

const testFiles = (folders) => {
  const files = []
  for (const folder of folders) {
    const path = join(root, 'tests', folder)
    if (!existsSync(path)) continue
    for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
      if (entry.isFile() && entry.name.endsWith('.test.ts'))
        files.push(
          relative(root, join(entry.parentPath ?? entry.path, entry.name))
            .split(sep)
            .join('/'),
        )
  }
  return files.sort()
}

/** A suite that hangs is ended; one that only has a busy machine is not: the longest takes five minutes on two idle cores. */
const SUITE_TIMEOUT_MS = 12 * 60_000

/** How each runner is called, and how its closing lines are read. */
const RUNNERS = {
  bun: (files) => ({
    command: bin('bun'),
    args: ['test', '--timeout', '300000', ...files.map((file) => `./${file}`)],
    count: (out) => ({
      passed: sum(out, /^\s*(\d+) pass$/gm),
      failed: sum(out, /^\s*(\d+) fail$/gm),
      skipped: sum(out, /^\s*(\d+) skip$/gm),
    }),
  }),
  node: (files) => ({
    command: process.execPath,
    args: ['--import', 'tsx', '--test', '--test-reporter=tap', '--test-concurrency=2', ...files],
    count: (out) => ({
      passed: sum(out, /^# pass (\d+)$/gm),
      failed: sum(out, /^# (?:fail|cancelled) (\d+)$/gm),
      skipped: sum(out, /^# skipped (\d+)$/gm),
    }),
  }),
  deno: (files) => ({
    command: bin('deno'),
    args: ['test', '-A', '--no-check', '--no-lock', ...files],
    count: (out) => {
      const lines = [
        ...out.matchAll(
          /^.*\| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?(?: \| (\d+) ignored(?: \((\d+) steps?\))?)?/gm,
        ),
      ]
      const at = (index) => lines.reduce((total, line) => total + Number(line[index] ?? 0), 0)
      return { passed: at(1) + at(2), failed: at(3) + at(4), skipped: at(5) + at(6) }
    },
  }),
}
for (const name of ['bun-host', 'e2e', 'pack', ...LONG_SUITES.map((suite) => suite.name)])
  RUNNERS[name] = RUNNERS.bun
RUNNERS['cloud-node'] = RUNNERS.node

const sum = (text, pattern) =>
  [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0)

/** Runs one suite; `later` keeps its output until it has ended, as another one is being shown. */
const runSuite = (suite, { later = false } = {}) =>
  new Promise((resolve) => {
    const files = testFiles(suite.folders)
    if (files.length === 0)
      return resolve({ name: suite.name, passed: 0, failed: 0, skipped: 0, seconds: 0 })
    say(`${suite.name}: ${files.length} files`)
    const started = Date.now()
    const { command, args, count } = RUNNERS[suite.name](files)
    let out = ''
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => {
      out += `\n${suite.name} did not end within ${SUITE_TIMEOUT_MS / 1000} s\n`
      child.kill('SIGKILL')
    }, SUITE_TIMEOUT_MS)
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk
        if (!later) process.stdout.write(chunk)
      })
    child.on('close', (status) => {
      clearTimeout(timer)
      if (later) process.stdout.write(out)
      const counts = count(stripVTControlCharacters(out))
      // a runner that died or printed no summary is a failure even when it counted none
      if (status !== 0 && counts.failed === 0) counts.failed = 1
      if (counts.passed + counts.failed === 0) counts.failed = 1
      resolve({ name: suite.name, ...counts, seconds: (Date.now() - started) / 1000 })
    })
  })

const checks = () => {
  const result = { name: 'checks', passed: 0, failed: 0, skipped: 0, seconds: 0 }
  const started = Date.now()
  const check = (what, ok) => {
    console.log(`${ok ? 'ok' : 'NOT OK'} - ${what}`)
    if (ok) result.passed++
    else result.failed++
  }
  const stale = compareWasm()
  check(
    `committed wasm is what the sources build to${stale.length ? ` (stale: ${stale.join(', ')}; run npm run build:wasm)` : ''}`,
    stale.length === 0,
  )
  check(
    'tsc (strict)',
    run(process.execPath, [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      'tsconfig.json',
    ]) === 0,
  )
  check(
    'tsc (the page)',
    run(process.execPath, [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      join('cloud', 'viewer', 'tsconfig.json'),
    ]) === 0,
  )
  check(
    'tsc (the worker of the page)',
    run(process.execPath, [
      join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
      '-p',
      join('cloud', 'viewer', 'worker', 'tsconfig.json'),
    ]) === 0,
  )
  check('biome', run(bin('biome'), ['ci', '--diagnostic-level=error', '.']) === 0)
  result.seconds = (Date.now() - started) / 1000
  return result
}

const test = async (wanted) => {
  const known = ['checks', ...SUITES.map((suite) => suite.name)]
  for (const name of wanted)
    if (!known.includes(name)) die(`no suite ${name}; there are ${known.join(', ')}`)
  const results = []
  if (wanted.length === 0 || wanted.includes('checks')) results.push(checks())
  const asked = SUITES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  const chain = async (names, later) => {
    for (const suite of asked)
      if (names.includes(suite.name)) results.push(await runSuite(suite, { later }))
  }
  // two cores: two chains side by side, of like length
  const later = asked.some(({ name }) => name.startsWith('bun'))
  await Promise.all([chain(['bun', 'node', 'e2e'], false), chain(['bun-host', 'deno'], later)])
  await chain(['pack'], false)
  summarize(results)
}

const testLong = async (wanted) => {
  for (const name of wanted)
    if (!LONG_SUITES.some((suite) => suite.name === name))
      die(`no long suite ${name}; there are ${LONG_SUITES.map((suite) => suite.name).join(', ')}`)
  const results = []
  for (const suite of LONG_SUITES)
    if (wanted.length === 0 || wanted.includes(suite.name)) results.push(await runSuite(suite))
  summarize(results)
}

/** A table, and a last line that other programs read. */
const summarize = (results) => {
  const total = { passed: 0, failed: 0, skipped: 0 }
  console.log('\nsuite      passed  failed  skipped  seconds')
  for (const r of results) {
    console.log(
      `${r.name.padEnd(10)} ${String(r.passed).padStart(6)}  ${String(r.failed).padStart(6)}  ${String(r.skipped).padStart(7)}  ${r.seconds.toFixed(1).padStart(7)}`,
    )
    for (const key of Object.keys(total)) total[key] += r[key]
  }
  console.log(
    `\n${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}`,
  )
  process.exitCode = total.failed === 0 ? 0 : 1
}

/** Hands over to a TypeScript program on Bun; signals reach it through the terminal or are passed on. */
const handOver = (file, args) => {
  const child = spawn(bin('bun'), [join(root, file), ...args], {
    cwd: process.cwd(),
    env: { ...env, NO_COLOR: process.env.NO_COLOR ?? '' },
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => process.stdin.isTTY || child.kill(signal))
  child.on('close', (status, signal) => process.exit(signal ? 1 : (status ?? 1)))
}

const HELP = `node tools/run.mjs COMMAND
  start [--input FILE|rtsp://… …]   install, build, run the embedded cloud and one camera
  test [SUITE …]                    install, build, run checks and suites: ${SUITES.map((s) => s.name).join(', ')}
  test-long [SUITE …]               the suites that take minutes: ${LONG_SUITES.map((s) => s.name).join(', ')}
  build                             test wasm, dist/, viewer
  wasm                              compile the committed wasm files
  bench CASE [--json]               benchmarks`

const [command, ...args] = process.argv.slice(2)
switch (command) {
  case 'start':
    install()
    build()
    handOver('tools/start.ts', args)
    break
  case 'test':
    install()
    build()
    await test(args)
    break
  case 'test-long':
    install()
    build()
    await testLong(args)
    break
  case 'build':
    install()
    build()
    break
  case 'wasm':
    install()
    buildWasm()
    buildTestWasm()
    break
  case 'bench':
    install()
    handOver('bench/main.ts', args)
    break
  default:
    console.log(HELP)
    process.exitCode = command ? 2 : 0
}
