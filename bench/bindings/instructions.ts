/**
 * Instructions per frame of the C binding: the same on every run, so they can be had without a board. qemu-user as Debian packages it
 * has no plugins; translating one instruction at a time and logging every block that is executed, it prints a line per instruction. What a
 * run of many frames prints more than a run of few is what the frames between them took. On x86-64 callgrind counts, faster; the two agree.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine } from '../machine.ts'
import { type Inputs, SOUND_RATE, writeInputs } from './inputs.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TIMEOUT_MS = 4 * 60_000

type Target = { name: string; compiler: string; count: (command: string[]) => number }

const run = (command: string, args: string[]): string => {
  const done = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', timeout: TIMEOUT_MS })
  if (done.status !== 0)
    throw new Error(`${command}: ${done.error?.message ?? done.stderr.trim().split('\n').at(-1)}`)
  return `${done.stdout}${done.stderr}`
}

/** The log is hundreds of megabytes: it does not come through here. */
const underQemu =
  (emulator: string, cpu: string) =>
  (command: string[]): number => {
    const options = ['-cpu', cpu, '-singlestep', '-d', 'nochain,exec', '-D', '/dev/stdout']
    return Number(
      run('sh', ['-c', '"$@" | grep -c ^Trace', 'count', emulator, ...options, ...command]),
    )
  }

const underCallgrind = (command: string[]): number => {
  const options = ['--tool=callgrind', '--callgrind-out-file=/dev/null']
  return Number(/Collected : (\d+)/.exec(run('valgrind', [...options, ...command]))?.[1])
}

const TARGETS: Target[] = [
  { name: 'x86-64', compiler: 'gcc', count: underCallgrind },
  {
    name: 'aarch64',
    compiler: 'aarch64-linux-gnu-gcc',
    count: underQemu('qemu-aarch64-static', 'cortex-a53'),
  },
  {
    name: 'ARMv7',
    compiler: 'arm-linux-gnueabihf-gcc',
    count: underQemu('qemu-arm-static', 'cortex-a7'),
  },
]

/** The frames from the first number to the second are counted: pictures after the IDR, a fragment of fMP4; sound that the encoder is used to. */
type Case = { name: string; title: string; file: 0 | 1 | 2; frames: [from: number, to: number] }
const CASES: Case[] = [
  { name: 'ts', title: 'TS, 1080p', file: 0, frames: [1, 14] },
  { name: 'fmp4', title: 'fMP4, 1080p', file: 0, frames: [1, 14] },
  { name: 'ts', title: 'TS, small', file: 1, frames: [1, 51] },
  { name: 'aac', title: `AAC, ${SOUND_RATE / 1000} kHz mono`, file: 2, frames: [3, 7] },
]

export type InstructionsResult = {
  /** by target, then in the order of CASES */
  perFrame: Record<string, number[]>
  pictureBytes: number
  skipped: string[]
}

const build = ({ name, compiler }: Target): string => {
  const folder = join(ROOT, 'build', 'bindings', 'instructions', name)
  const variables = [`CC=${compiler}`, `BUILD=${folder}`, 'LDFLAGS=-static']
  run('make', ['-s', '-C', join('bindings', 'c'), ...variables, 'bench'])
  return join(folder, 'bench')
}

const measure = (target: Target, paths: Inputs['paths']): number[] => {
  const program = build(target)
  return CASES.map(({ name, file, frames: [from, to] }) => {
    const pushed = (frames: number) =>
      target.count([program, 'push', name, paths[file], String(frames)])
    const perFrame = (pushed(to) - pushed(from)) / (to - from)
    if (!(perFrame > 0)) throw new Error('nothing was counted')
    return perFrame
  })
}

export const runInstructions = async (): Promise<InstructionsResult> => {
  const { paths, camera } = await writeInputs()
  const [from, to] = CASES[0]!.frames
  const counted = camera.frames.slice(from, to)
  const pictureBytes = counted.reduce((sum, { data }) => sum + data.length, 0) / counted.length
  const result: InstructionsResult = {
    perFrame: {},
    pictureBytes: Math.round(pictureBytes),
    skipped: [],
  }
  for (const target of TARGETS) {
    console.error(`counting ${target.name}`)
    try {
      result.perFrame[target.name] = measure(target, paths)
    } catch (error) {
      result.skipped.push(`${target.name}: ${(error as Error).message}`)
    }
  }
  return result
}

export const instructionsMarkdown = ({ perFrame, pictureBytes }: InstructionsResult): string => {
  const names = Object.keys(perFrame)
  const { date, os } = machine({})
  return [
    `Counted on ${date}, ${os}. P pictures of ${pictureBytes} bytes on average, small ones of 2048, their copy into the ring included.`,
    '',
    `| thousand instructions per frame | ${names.join(' | ')} |`,
    `|---|${names.map(() => '--:|').join('')}`,
    ...CASES.map(({ title }, i) => {
      const cells = names.map((name) => (perFrame[name]![i]! / 1000).toFixed(1))
      return `| ${title} | ${cells.join(' | ')} |`
    }),
    '',
  ].join('\n')
}
