import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Clip } from '../clips.ts'
import { BATCH_MS, type Contender } from '../harness.ts'
import type { Format, Row } from './skyrill.ts'

const SOURCE = fileURLToPath(new URL('../peers/libavformat.c', import.meta.url))
const BUILD = fileURLToPath(new URL('../../build/bench', import.meta.url))
const LIBRARIES = ['libavformat', 'libavcodec', 'libavutil']
const TICKS_PER_MS = 90

/** Compiles the peer against the system's libraries; a reason when that is not possible. */
export const buildLibavformat = (): { program: string } | { missing: string } => {
  mkdirSync(BUILD, { recursive: true })
  const program = join(BUILD, 'libavformat')
  if (existsSync(program) && statSync(program).mtimeMs > statSync(SOURCE).mtimeMs)
    return { program }
  const flags = spawnSync('pkg-config', ['--cflags', '--libs', ...LIBRARIES], { encoding: 'utf8' })
  if (flags.status !== 0)
    return {
      missing:
        'libavformat is not there (apt-get install gcc pkg-config libavformat-dev libavcodec-dev libavutil-dev)',
    }
  const args = [
    '-O2',
    '-Wall',
    '-Wextra',
    '-o',
    program,
    SOURCE,
    ...flags.stdout.trim().split(/\s+/),
  ]
  const built = spawnSync('gcc', args, { encoding: 'utf8' })
  return built.status === 0
    ? { program }
    : { missing: `libavformat.c does not compile: ${built.stderr ?? built.error?.message}` }
}

export const libavformatVersion = (): string =>
  spawnSync('pkg-config', ['--modversion', 'libavformat'], { encoding: 'utf8' }).stdout?.trim() ??
  ''

/** The file format that libavformat.c describes. */
const writePackets = (clip: Clip, path: string): void => {
  const u32 = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(values.length * 4)
    values.forEach((value, i) => {
      bytes.writeUInt32LE(value, i * 4)
    })
    return bytes
  }
  const { codec, width, height, frameMs, parameterSets, frames } = clip
  const parts: Uint8Array[] = [
    Buffer.from('PKT1'),
    u32(
      codec === 'h264' ? 0 : 1,
      width,
      height,
      Math.round(frameMs * TICKS_PER_MS),
      parameterSets.length,
      frames.length,
    ),
    parameterSets,
  ]
  for (const { data, key } of frames) parts.push(u32(data.length, key ? 1 : 0), data)
  writeFileSync(path, Buffer.concat(parts))
}

/** A child that answers every line with a line. */
class LineChild {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(program: string, args: string[]) {
    this.#child = spawn(program, args)
    this.#child.stderr.on('data', (chunk) => process.stderr.write(chunk))
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
  }

  async read(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('libavformat ended')
    return value
  }

  ask(): Promise<string> {
    this.#child.stdin.write('\n')
    return this.read()
  }

  close(): void {
    this.#child.stdin.end()
  }
}

/** libavformat in a process of its own: it is asked for a batch when its turn comes. */
export const libavformat = async (
  program: string,
  clip: Clip,
  name: string,
  format: Format,
  row: Row,
): Promise<Contender> => {
  const packets = join(BUILD, `${name}.packets`)
  writePackets(clip, packets)
  const child = new LineChild(program, [
    packets,
    format === 'ts' ? 'mpegts' : 'mp4',
    row,
    String(BATCH_MS),
  ])
  const written = Number(await child.read())
  return {
    engine: 'libavformat',
    overheadBytes: written - clip.bytes,
    batch: async () => {
      const [ns, frames, bytes] = (await child.ask()).split(' ').map(Number)
      return { ns: ns!, frames: frames!, bytes: bytes! }
    },
    close: () => child.close(),
  }
}
