import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandLine, process, RUNTIMES } from '../runtime.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const BUILD = join(ROOT, 'build', 'bindings')
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skyrill')

type Command = { command: string; args: string[]; cwd?: string; env?: Record<string, string> }

/** A way to run the core: what must be built first, and the program that measures. */
export type Contender = {
  name: string
  engine: string
  build: Command[]
  program: () => Command
}

const bindings = (language: string): string => join(ROOT, 'bindings', language)

const runtime = (name: (typeof RUNTIMES)[number]): Contender => ({
  name: `TypeScript on ${name}`,
  engine: { bun: 'JavaScriptCore', deno: 'V8', node: 'V8' }[name],
  build: [],
  program: () => {
    const path = fileURLToPath(new URL('./program.ts', import.meta.url))
    const [command = '', ...args] = commandLine(name, join(ROOT, 'node_modules', '.bin'), path)
    return { command, args }
  },
})

const c = (compiler: string): Contender => {
  const build = join(BUILD, 'c', compiler === 'gcc' ? 'x64' : compiler)
  return {
    name: `C, ${compiler}`,
    engine: 'none (wasm2c)',
    build: [
      {
        command: 'make',
        args: ['-s', `CC=${compiler}`, `BUILD=${build}`, 'bench'],
        cwd: bindings('c'),
      },
    ],
    program: () => ({ command: join(build, 'bench'), args: [] }),
  }
}

const PYTHON = join(BUILD, 'python-bench')
const rustEnv = { CARGO_TARGET_DIR: join(CACHE, 'cargo') }

export const CONTENDERS: Contender[] = [
  ...RUNTIMES.map(runtime),
  c('gcc'),
  c('clang'),
  {
    name: 'Rust',
    engine: 'wasmtime',
    build: [
      {
        command: 'cargo',
        args: ['build', '-q', '--locked', '--release', '--example', 'bench'],
        cwd: bindings('rust'),
        env: rustEnv,
      },
    ],
    program: () => ({
      command: join(rustEnv.CARGO_TARGET_DIR, 'release', 'examples', 'bench'),
      args: [],
    }),
  },
  {
    name: 'Go',
    engine: 'wazero',
    build: [
      {
        command: 'go',
        args: ['build', '-o', join(BUILD, 'bench-go'), './bench'],
        cwd: bindings('go'),
      },
    ],
    program: () => ({ command: join(BUILD, 'bench-go'), args: [] }),
  },
  {
    name: 'Java',
    engine: 'Endive, build-time bytecode',
    build: [
      {
        command: 'mvn',
        args: [
          ...['-B', '-q', '-DskipTests', 'package', 'dependency:build-classpath'],
          ...['-Dmdep.outputFile=target/classpath.txt', '-DincludeScope=runtime'],
        ],
        cwd: bindings('java'),
      },
    ],
    program: () => {
      const classpath = readFileSync(join(bindings('java'), 'target', 'classpath.txt'), 'utf8')
      return {
        command: 'java',
        args: ['-cp', `target/skyrill-0.1.0.jar:${classpath}`, 'Bench.java'],
        cwd: bindings('java'),
      }
    },
  },
  {
    name: 'Python',
    engine: 'wasmtime',
    build: [
      { command: 'python3', args: ['-m', 'venv', PYTHON] },
      {
        command: join(PYTHON, 'bin', 'python'),
        args: [
          ...['-m', 'pip', '--disable-pip-version-check', '-q', 'install', '--force-reinstall'],
          bindings('python'),
        ],
      },
    ],
    program: () => ({
      command: join(PYTHON, 'bin', 'python'),
      args: [join(bindings('python'), 'bench.py')],
    }),
  },
]

export const runCommand = (command: Command) => ({
  cwd: command.cwd ?? ROOT,
  env: { ...process.env, ...command.env },
})
