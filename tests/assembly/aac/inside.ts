import { spawnSync } from 'node:child_process'
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { buildFolder, ROOT } from '../../support/paths.ts'
import { findTool } from '../../support/tools.ts'

/** What assembly/aac/inside.ts exports. */
export type Inside = Record<string, (...args: number[]) => number> & {
  readonly memory: WebAssembly.Memory
} & Record<`AT_${string}`, WebAssembly.Global>

const SOURCES = ['aac', 'pcm', 'audio'].map((name) => join(ROOT, 'assembly', name))

const newestSource = (): number => {
  let newest = 0
  for (const folder of SOURCES)
    for (const name of readdirSync(folder))
      newest = Math.max(newest, statSync(join(folder, name)).mtimeMs)
  return newest
}

const compile = (out: string, simd: boolean): void => {
  const folder = buildFolder('aac')
  const config = join(folder, 'asconfig.json')
  const partial = join(folder, `${process.pid}-${simd ? 'simd' : 'scalar'}.wasm`)
  writeFileSync(config, '{}') // not the repository's own, which adds its entry file
  const options =
    `--runtime stub --use abort= --exportStart  -O3 --noAssert --enable bulk-memory --initialMemory 5`.split(
      ' ',
    )
  const compiler = join(ROOT, 'node_modules', 'assemblyscript', 'bin', 'asc.js')
  const done = spawnSync(
    findTool('node') ?? process.execPath,
    [
      ...[compiler, 'assembly/aac/inside.ts', '--config', config, '--outFile', partial],
      ...options,
      ...(simd ? ['--enable', 'simd'] : ['--disable', 'simd']),
    ],
    { cwd: ROOT, encoding: 'utf8' },
  )
  if (done.status !== 0) throw new Error(`asc: ${done.stderr}${done.stdout}`)
  renameSync(partial, out) // test files run in parallel and may all compile
  rmSync(partial, { force: true })
}

const load = (simd: boolean): WebAssembly.Module => {
  const out = join(buildFolder('aac'), simd ? 'inside.wasm' : 'inside.scalar.wasm')
  if (!existsSync(out) || statSync(out).mtimeMs < newestSource()) compile(out, simd)
  return new WebAssembly.Module(readFileSync(out))
}

// at import, not in a test: compiling takes longer than a test may
const modules = { simd: load(true), scalar: load(false) }

/** The test build of the encoder. */
export const insideModule = (simd = true): WebAssembly.Module =>
  simd ? modules.simd : modules.scalar

/** A fresh instance, opened for a format so that its tables are there. */
export const openInside = (rate = 48000, channels = 1, simd = true, bitRate = 0): Inside => {
  const inside = new WebAssembly.Instance(insideModule(simd)).exports as unknown as Inside
  const status = inside.aac_open!(rate, channels, 0, bitRate)
  if (status !== 0) throw new Error(`aac_open: ${status}`)
  return inside
}

export const at = (inside: Inside, name: `AT_${string}`): number => inside[name]!.value as number

export const f32s = (inside: Inside, address: number, length: number): Float32Array =>
  new Float32Array(inside.memory.buffer, address, length)
export const i32s = (inside: Inside, address: number, length: number): Int32Array =>
  new Int32Array(inside.memory.buffer, address, length)
export const i16s = (inside: Inside, address: number, length: number): Int16Array =>
  new Int16Array(inside.memory.buffer, address, length)
export const u16s = (inside: Inside, address: number, length: number): Uint16Array =>
  new Uint16Array(inside.memory.buffer, address, length)
export const u8s = (inside: Inside, address: number, length: number): Uint8Array =>
  new Uint8Array(inside.memory.buffer, address, length)

export const ROOM = (inside: Inside): number => inside.testRoom!()

/** Encodes whole blocks (1024 samples per channel, i16 interleaved) and returns the ADTS frames. */
export const encodeAll = (
  inside: Inside,
  samples: Uint8Array,
  blockBytes: number,
  each?: (bytes: number) => void,
): Uint8Array[] => {
  const frames: Uint8Array[] = []
  const input = inside.aac_input!()
  const output = inside.aac_output!()
  const take = (length: number): void => {
    if (length < 0) throw new Error(`status ${length}`)
    each?.(length)
    if (length > 0) frames.push(u8s(inside, output, length).slice())
  }
  for (let from = 0; from < samples.length; from += blockBytes) {
    const block = u8s(inside, input, blockBytes)
    block.fill(0)
    block.set(samples.subarray(from, from + blockBytes))
    take(inside.aac_encode!(blockBytes))
  }
  for (let length = inside.aac_flush!(); length !== 0; length = inside.aac_flush!()) take(length)
  return frames
}
