#!/usr/bin/env node
/**
 * npm run test:bindings [-- LANGUAGE...]
 *
 * Every binding whose toolchain is here: its own tests (which run the conformance vectors), then the example of its README into a
 * .ts and an .mp4 file. The files must be the same in all languages, playable for ffprobe and without fault for our checkers. One line
 * per language. A missing toolchain is skipped with its reason; with CI=true it is a failure.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Failure, findTool, run } from './shell.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const at = (...parts) => join(root, ...parts)
const build = at('build', 'bindings')
/** What takes long to build outlives the checkout: wasmtime for Rust. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skyrill')
const VIDEO = at('tests', 'conformance', 'example.h264')
const AUDIO = at('tests', 'conformance', 'example.pcm')
const PICTURES = 50
const AAC_FRAMES = 15
const CONTAINERS = ['ts', 'mp4']

/** `make` for one compiler; a cross build runs under qemu. */
const c = (target, variables) => {
  const make = (goal) =>
    run(
      'make',
      ['-s', ...variables, `BUILD=${join(build, 'c', target)}`, goal],
      at('bindings', 'c'),
    )
  const runner =
    variables
      .find((v) => v.startsWith('RUN='))
      ?.slice(4)
      .split(' ') ?? []
  return {
    needs: ['make', 'wasm2c', variables[0].slice(3), ...runner.slice(0, 1)],
    test: () => /^(\d+) vectors, 0 failures/m.exec(make('test'))?.[1],
    example: (out) => {
      make('example')
      const [command, ...args] = [...runner, join(build, 'c', target, 'example')]
      run(command, [...args, VIDEO, AUDIO, out])
    },
    readme: ['bindings/c/README.md', 'bindings/c/example.c'],
  }
}

/** The wheel is built and installed where nothing else is; the tests import what was installed. */
const python = () => {
  const venv = join(build, 'python-venv')
  const wheels = join(build, 'python')
  const interpreter = join(venv, 'bin', 'python')
  const pip = (...args) =>
    run(interpreter, ['-m', 'pip', '--disable-pip-version-check', '-q', ...args])
  return {
    needs: ['python3'],
    test: () => {
      rmSync(wheels, { recursive: true, force: true })
      run('python3', ['-m', 'venv', '--clear', venv])
      pip('wheel', '--no-deps', '-w', wheels, at('bindings', 'python'))
      const [wheel, ...others] = readdirSync(wheels)
      if (!wheel?.startsWith('skyrill-') || others.length > 0)
        throw new Failure(`unexpected wheels: ${[wheel, ...others]}`)
      pip('install', `skyrill[test] @ ${pathToFileURL(join(wheels, wheel))}`)
      const out = run(
        interpreter,
        ['-m', 'unittest', 'discover', '-v', '-s', at('bindings', 'python', 'tests')],
        build,
      )
      return /^OK$/m.test(out) && /^(\d+) vectors$/m.exec(out)?.[1]
    },
    example: (out) =>
      run(interpreter, [at('bindings', 'python', 'example.py'), VIDEO, AUDIO, out], build),
    readme: ['bindings/python/README.md', 'bindings/python/example.py'],
  }
}

const go = () => ({
  needs: ['go'],
  test: () => {
    const unformatted = run('gofmt', ['-l', '.'], at('bindings', 'go'))
    if (unformatted.trim() !== '') throw new Failure(`gofmt: ${unformatted}`)
    run('go', ['vet', './...'], at('bindings', 'go'))
    const out = run('go', ['test', '-count=1', '-v', '.'], at('bindings', 'go'))
    return out.match(/^\s+--- PASS: TestConformance\//gm)?.length
  },
  example: (out) => run('go', ['run', './example', VIDEO, AUDIO, out], at('bindings', 'go')),
  readme: ['bindings/go/README.md', 'bindings/go/example/main.go'],
})

const rust = () => {
  const env = { CARGO_TARGET_DIR: join(cache, 'cargo') }
  const cargo = (...args) => run('cargo', args, at('bindings', 'rust'), env)
  return {
    needs: ['cargo', 'cargo-fmt', 'cargo-clippy'],
    test: () => {
      cargo('fmt', '--check')
      cargo('clippy', '-q', '--locked', '--all-targets', '--', '-D', 'warnings')
      return /^(\d+) vectors$/m.exec(cargo('test', '--locked', '--', '--nocapture'))?.[1]
    },
    example: (out) =>
      cargo('run', '-q', '--locked', '--example', 'record', '--', VIDEO, AUDIO, out),
    readme: ['bindings/rust/README.md', 'bindings/rust/examples/record.rs'],
  }
}

const java = () => {
  const folder = at('bindings', 'java')
  const mvn = (...args) => run('mvn', ['-B', '-q', ...args], folder)
  return {
    needs: ['java', 'javac', 'mvn'],
    test: () => {
      mvn('verify', '-Dsurefire.printSummary=true')
      mvn(
        'dependency:build-classpath',
        '-Dmdep.outputFile=target/classpath.txt',
        '-DincludeScope=runtime',
      )
      const report = readFileSync(
        join(folder, 'target', 'surefire-reports', 'TEST-dev.skyrill.ConformanceTest.xml'),
        'utf8',
      )
      // one dynamic test per vector; Maven has failed already when one of them did
      return report.match(/<testcase name="vectors\b[^>]*\[\d+\]/g)?.length
    },
    example: (out) => {
      const path = [
        'target/skyrill-0.1.0.jar',
        readFileSync(join(folder, 'target', 'classpath.txt'), 'utf8'),
      ].join(':')
      run('java', ['-cp', path, 'Example.java', VIDEO, AUDIO, out], folder)
    },
    readme: ['bindings/java/README.md', 'bindings/java/Example.java'],
  }
}

const vectors = JSON.parse(readFileSync(at('tests', 'conformance', 'vectors.json'), 'utf8')).vectors
const vectorCount = () => vectors.length

/** What the bindings take from the core, and the vectors, are those of these sources. */
const fresh = (...command) => {
  run(process.execPath, ['--import', 'tsx', ...command, '--check'], root)
}

const LANGUAGES = {
  'c-gcc': c('x64', ['CC=gcc']),
  'c-clang': c('clang', ['CC=clang']),
  'c-aarch64': c('aarch64', [
    'CC=aarch64-linux-gnu-gcc',
    'RUN=qemu-aarch64-static -cpu cortex-a53 -L /usr/aarch64-linux-gnu',
  ]),
  'c-armv7': c('armv7', [
    'CC=arm-linux-gnueabihf-gcc',
    'RUN=qemu-arm-static -cpu cortex-a7 -L /usr/arm-linux-gnueabihf',
  ]),
  python: python(),
  go: go(),
  rust: rust(),
  java: java(),
}

/** First file of each container: what the others must equal. */
const reference = new Map()

const checkFile = (path, container) => {
  const bytes = readFileSync(path)
  const hash = createHash('sha256').update(bytes).digest('hex')
  if (!reference.has(container)) reference.set(container, hash)
  if (reference.get(container) !== hash)
    throw new Failure(`${path} differs from the first language's file`)
  const probe = JSON.parse(
    run('ffprobe', ['-v', 'error', '-count_frames', '-show_streams', '-of', 'json', path]),
  )
  const frames = Object.fromEntries(
    probe.streams.map((s) => [s.codec_name, Number(s.nb_read_frames)]),
  )
  if (frames.h264 !== PICTURES || frames.aac !== AAC_FRAMES)
    throw new Failure(`${path}: ${JSON.stringify(frames)}`)
  const complaints = run('ffmpeg', ['-v', 'warning', '-xerror', '-i', path, '-f', 'null', '-'])
  if (complaints.trim() !== '') throw new Failure(`${path}: ${complaints}`)
  run(process.execPath, ['--import', 'tsx', at('tools', `check-${container}.ts`), path], root)
}

const checkReadme = ([readme, example]) => {
  if (!readFileSync(at(readme), 'utf8').includes(readFileSync(at(example), 'utf8').trim()))
    throw new Failure(`${readme} does not show ${example} as it is`)
}

const runLanguage = (name, language) => {
  const missing = language.needs.filter((tool) => !findTool(tool))
  if (missing.length > 0) return { skipped: `${missing.join(', ')} not found` }
  const started = Date.now()
  const count = Number(language.test())
  if (count !== vectorCount()) throw new Failure(`${count} of ${vectorCount()} vectors ran`)
  checkReadme(language.readme)
  for (const container of CONTAINERS) {
    const out = join(build, `${name}.${container}`)
    language.example(out)
    checkFile(out, container)
  }
  return {
    done: `${count} vectors, example as TS and MP4, ${((Date.now() - started) / 1000).toFixed(1)} s`,
  }
}

const main = (wanted) => {
  const unknown = wanted.filter((name) => !(name in LANGUAGES))
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(LANGUAGES).join(', ')}`)
    return 2
  }
  mkdirSync(build, { recursive: true })
  fresh('tools/gen-bindings.ts')
  fresh('tests/conformance/generate.ts')
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const [name, language] of Object.entries(LANGUAGES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    let outcome
    try {
      outcome = runLanguage(name, language)
      if (outcome.skipped && process.env.CI === 'true') throw new Failure(outcome.skipped)
    } catch (error) {
      outcome = { failed: error instanceof Failure ? error.message : error.stack }
    }
    const [[kind, text]] = Object.entries(outcome)
    totals[kind === 'done' ? 'passed' : kind]++
    console.log(`${name}: ${kind === 'done' ? '' : `${kind}: `}${text}`)
  }
  console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  return totals.failed > 0 ? 1 : 0
}

try {
  process.exitCode = main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Failure ? error.message : error)
  process.exitCode = 1
}
