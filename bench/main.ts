import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { isMain } from '../tools/cli/main-module.ts'
import { cameraClip } from './clips.ts'
import { libavformatVersion } from './engines/libavformat.ts'
import type { BenchResult } from './harness.ts'
import { machine } from './machine.ts'
import type { MuxChildResult } from './mux.bench.ts'
import { chart } from './report/chart.ts'
import { replaceSection } from './report/document.ts'
import { muxMarkdown } from './report/mux-table.ts'
import { commandLine, process, RUNTIMES, type RuntimeName } from './runtime.ts'

const HELP = `npm run bench -- CASE [--json] [--write] [--runtime bun|deno|node] [--only TEXT]

  mux     TS, fMP4 and the NAL scan against libavformat, mediabunny and memcpy, on Bun, Deno and Node in turn
  aac     the AAC encoder: quality and speed against ffmpeg's
  bindings  the same pushes through every language and runtime whose toolchain is here
  instructions  instructions per frame of the C binding on x86-64, aarch64 and ARMv7, under qemu
  fleet   cameras of 1 Mbit/s against the cloud, and the bytes that nginx takes as files
  footprint  memory, CPU and start of skyrill push at 1080p25, 4 Mbit/s and G.711
  queries time lines and playlists over millions of slices, on PostgreSQL and PGlite

  --json      one JSON object
  --write     also writes the table and the chart into docs/
  --runtime   mux: on this runtime only
  --only      mux: cases whose name contains TEXT; fleet: paced, flood or instances; queries: postgres or pglite
  --cameras   fleet: so many, instead of more and more until a chunk is late
  --speed     footprint: how many times faster the hour passes; default 24
  --seconds   footprint: of CPU in real time; fleet: how long each of them is measured
  --rows      queries: slices in the index
  --folder    queries: where the rows are kept, and read from the next time; without it they are deleted`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BIN = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))
const MUX_PROGRAM = fileURLToPath(new URL('./mux.bench.ts', import.meta.url))
const DOCUMENT = fileURLToPath(new URL('../docs/BENCHMARKS.md', import.meta.url))
const BOARDS = fileURLToPath(new URL('../docs/BOARDS.md', import.meta.url))
const CHART = fileURLToPath(new URL('../docs/mux.svg', import.meta.url))

export type MuxResult = BenchResult & {
  heapGrowthPerMillionFrames: Record<string, Record<string, number>>
  skipped: string[]
}

/** The measurements run one after the other, each in a process of its own. */
const runChild = (runtime: RuntimeName, only: string): Promise<MuxChildResult> =>
  new Promise((resolve, reject) => {
    const [command, ...args] = commandLine(runtime, BIN, MUX_PROGRAM)
    const child = spawn(command!, [...args, only], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
    })
    child.on('error', reject)
    child.on('close', (status) => {
      if (status !== 0) reject(new Error(`the measurement on ${runtime} ended with ${status}`))
      else resolve(JSON.parse(out.trim().split('\n').at(-1)!))
    })
  })

const runMux = async (runtimes: readonly RuntimeName[], only: string): Promise<MuxResult> => {
  // encoded before anything is timed
  for (const codec of ['h264', 'h265'] as const) await cameraClip(codec)
  const result: MuxResult = {
    cases: [],
    machine: machine({ libavformat: libavformatVersion() }),
    heapGrowthPerMillionFrames: {},
    skipped: [],
  }
  for (const runtime of runtimes) {
    console.error(`measuring on ${runtime}`)
    const child = await runChild(runtime, only)
    result.cases.push(...child.cases)
    result.machine.runtimes[runtime] = child.version
    result.heapGrowthPerMillionFrames[runtime] = child.heapGrowthPerMillionFrames
    for (const reason of child.skipped)
      if (!result.skipped.includes(reason)) result.skipped.push(reason)
  }
  return result
}

const option = (args: readonly string[], name: string): string | undefined => {
  const at = args.indexOf(name)
  return at < 0 ? undefined : args[at + 1]
}

const muxCommand = async (args: readonly string[]): Promise<number> => {
  const wanted = option(args, '--runtime')
  const runtimes = wanted === undefined ? RUNTIMES : RUNTIMES.filter((name) => name === wanted)
  if (runtimes.length === 0) {
    console.error(`bench: --runtime ${wanted}: must be ${RUNTIMES.join(', ')}`)
    return 2
  }
  const result = await runMux(runtimes, option(args, '--only') ?? '')
  const markdown = muxMarkdown(result)
  if (args.includes('--write')) {
    writeFileSync(CHART, chart(result.cases))
    writeFileSync(DOCUMENT, replaceSection(readFileSync(DOCUMENT, 'utf8'), 'mux', markdown))
  }
  console.log(args.includes('--json') ? JSON.stringify(result, undefined, 2) : markdown)
  for (const reason of result.skipped) console.error(`skipped: ${reason}`)
  return 0
}

const aacCommand = async (args: readonly string[]): Promise<number> => {
  const json = args.includes('--json')
  const { runAac } = await import('./aac.bench.ts')
  const result = await runAac({ json, write: args.includes('--write') })
  if (json) console.log(JSON.stringify(result, undefined, 2))
  return 0
}

const bindingsCommand = async (args: readonly string[]): Promise<number> => {
  const { bindingsMarkdown, runBindings } = await import('./bindings.bench.ts')
  const result = await runBindings(option(args, '--only') ?? '')
  print(args, 'bindings', result, bindingsMarkdown(result))
  return 0
}

const instructionsCommand = async (args: readonly string[]): Promise<number> => {
  const { instructionsMarkdown, runInstructions } = await import('./bindings/instructions.ts')
  const result = await runInstructions()
  print(args, 'instructions', result, instructionsMarkdown(result), BOARDS)
  return 0
}

const print = (
  args: readonly string[],
  section: string,
  result: { skipped: string[] },
  markdown: string,
  document = DOCUMENT,
): void => {
  if (args.includes('--write'))
    writeFileSync(document, replaceSection(readFileSync(document, 'utf8'), section, markdown))
  console.log(args.includes('--json') ? JSON.stringify(result, undefined, 2) : markdown)
  for (const reason of result.skipped) console.error(`skipped: ${reason}`)
}

const numberOption = (args: readonly string[], name: string): number | undefined => {
  const text = option(args, name)
  return text === undefined ? undefined : Number(text.replaceAll('_', ''))
}

const fleetCommand = async (args: readonly string[]): Promise<number> => {
  const { runFleet } = await import('./fleet.bench.ts')
  const { fleetMarkdown } = await import('./report/fleet-table.ts')
  const [cameras, seconds] = [numberOption(args, '--cameras'), numberOption(args, '--seconds')]
  const only = option(args, '--only')
  const result = await runFleet({
    ...(cameras !== undefined && { cameras }),
    ...(seconds !== undefined && { seconds }),
    ...(only !== undefined && { only }),
  })
  print(args, 'fleet', result, fleetMarkdown(result))
  return 0
}

const footprintCommand = async (args: readonly string[]): Promise<number> => {
  const { DEFAULTS, runFootprint } = await import('./footprint.bench.ts')
  const { footprintMarkdown } = await import('./report/footprint-table.ts')
  const result = await runFootprint({
    speed: numberOption(args, '--speed') ?? DEFAULTS.speed,
    cpuSeconds: numberOption(args, '--seconds') ?? DEFAULTS.cpuSeconds,
    format: option(args, '--format') === 'fmp4' ? 'fmp4' : 'ts',
  })
  print(args, 'footprint', result, footprintMarkdown(result))
  return 0
}

const queriesCommand = async (args: readonly string[]): Promise<number> => {
  const { runQueries } = await import('./queries.bench.ts')
  const { queriesMarkdown } = await import('./report/queries-table.ts')
  const [rows, only] = [numberOption(args, '--rows'), option(args, '--only')]
  const folder = option(args, '--folder')
  const result = await runQueries({
    ...(folder !== undefined && { folder }),
    ...(rows !== undefined && { rows }),
    ...(only !== undefined && { only }),
  })
  print(args, 'queries', result, queriesMarkdown(result))
  return 0
}

/** `skyrill bench`, `npm run bench`. @returns the exit code */
export const bench = async (args: readonly string[]): Promise<number> => {
  const [name, ...rest] = args
  switch (name) {
    case 'mux':
      return await muxCommand(rest)
    case 'aac':
      return await aacCommand(rest)
    case 'bindings':
      return await bindingsCommand(rest)
    case 'instructions':
      return await instructionsCommand(rest)
    case 'fleet':
      return await fleetCommand(rest)
    case 'queries':
      return await queriesCommand(rest)
    case 'footprint':
      return await footprintCommand(rest)
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      console.log(HELP)
      return name === undefined ? 2 : 0
    default:
      console.error(
        `bench: no case ${JSON.stringify(name)}; there are mux, aac, bindings, instructions, fleet, footprint and queries`,
      )
      return 2
  }
}

if (isMain(import.meta.url)) process.exitCode = await bench(argv.slice(2))
