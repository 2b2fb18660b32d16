/**
 * What a language pays: the same pushes through every binding and runtime, each in a process of its own. Figures are the fastest of 25
 * batches of 40 ms; a video push is copy, mux and release, a sound push is 1024 samples encoded and released.
 */
import { spawnSync } from 'node:child_process'
import { argv } from 'node:process'
import { isMain } from '../tools/cli/main-module.ts'
import { CONTENDERS, type Contender, runCommand } from './bindings/contenders.ts'
import { type Inputs, SOUND_RATE, writeInputs } from './bindings/inputs.ts'
import { measurePeer } from './bindings/peer.ts'
import type { Machine } from './harness.ts'
import { machine } from './machine.ts'

const TIMEOUT_MS = 15 * 60_000
const CASES = ['ts', 'fmp4', 'ts-small', 'aac'] as const
type Case = (typeof CASES)[number]

export type BindingsRow = { name: string; engine: string; nsPerFrame: Record<Case, number> }
export type BindingsResult = {
  rows: BindingsRow[]
  skipped: string[]
  cameraFrameBytes: number
  machine: Machine
}

/** Not the core at all: what the same work costs in native code that others wrote. */
const PEER = { name: 'libavformat; ffmpeg -c:a aac', engine: 'native, not this core' }

const pick = (figures: Record<string, unknown>): Record<Case, number> =>
  Object.fromEntries(CASES.map((name) => [name, Number(figures[name])])) as Record<Case, number>

/** Builds and runs one contender; a string says why it cannot take part. */
const measure = (contender: Contender, inputs: Inputs): BindingsRow | string => {
  for (const step of contender.build) {
    const built = spawnSync(step.command, step.args, {
      ...runCommand(step),
      timeout: TIMEOUT_MS,
      encoding: 'utf8',
    })
    if (built.status !== 0)
      return `${step.command}: ${built.error?.message ?? built.stderr.trim().split('\n').at(-1)}`
  }
  const program = contender.program()
  const done = spawnSync(program.command, [...program.args, ...inputs.paths], {
    ...runCommand(program),
    timeout: TIMEOUT_MS,
    encoding: 'utf8',
  })
  if (done.status !== 0)
    return `${program.command}: ${done.error?.message ?? done.stderr.trim().split('\n').at(-1)}`
  const figures = Object.fromEntries(
    done.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')),
  )
  return { name: contender.name, engine: contender.engine, nsPerFrame: pick(figures) }
}

export const runBindings = async (only = ''): Promise<BindingsResult> => {
  const inputs = await writeInputs()
  const result: BindingsResult = {
    rows: [],
    skipped: [],
    cameraFrameBytes: Math.round(inputs.camera.bytes / inputs.camera.frames.length),
    machine: machine({}),
  }
  for (const contender of CONTENDERS) {
    if (!contender.name.toLowerCase().includes(only)) continue
    console.error(`measuring ${contender.name}`)
    const row = measure(contender, inputs)
    if (typeof row === 'string') result.skipped.push(`${contender.name}: ${row}`)
    else result.rows.push(row)
  }
  if (PEER.name.includes(only)) {
    console.error(`measuring ${PEER.name}`)
    const figures = await measurePeer(inputs)
    if (typeof figures === 'string') result.skipped.push(`${PEER.name}: ${figures}`)
    else result.rows.push({ ...PEER, nsPerFrame: pick(figures) })
  }
  return result
}

const AAC_FRAME_NS = (1024 / SOUND_RATE) * 1e9

/** Figures with their factors against Bun, the runtime that the product runs on, and against the core as native code. */
export const bindingsMarkdown = ({
  rows,
  cameraFrameBytes,
  machine: m,
}: BindingsResult): string => {
  const bases = ['bun', 'gcc'].map((name) => rows.find((row) => row.name.endsWith(name)))
  const cell = (row: BindingsRow, name: Case): string => {
    const ns = row.nsPerFrame[name]
    const factors = bases.map((base) => (base ? (ns / base.nsPerFrame[name]).toFixed(2) : '–'))
    const factor = ` (${factors.join('; ')})`
    const shown =
      name === 'aac'
        ? `${Math.round(AAC_FRAME_NS / ns)}x real time`
        : `${(ns / 1000).toFixed(2)} µs`
    return `${shown}${factor}`
  }
  return [
    `Measured on ${m.date}: ${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.os}. Time per frame with its copy into the ring;`,
    `in brackets the time as a multiple of Bun's and of C's (gcc), which is the core as native code. 1080p frames have ${cameraFrameBytes} bytes on average, small ones 2048.`,
    '',
    '| | engine | TS, 1080p | fMP4, 1080p | TS, small | AAC 16 kHz mono |',
    '|---|---|--:|--:|--:|--:|',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${row.engine} | ${CASES.map((name) => cell(row, name)).join(' | ')} |`,
    ),
    '',
  ].join('\n')
}

if (isMain(import.meta.url)) {
  const result = await runBindings(argv[2] ?? '')
  console.log(bindingsMarkdown(result))
  for (const reason of result.skipped) console.error(`skipped: ${reason}`)
}
