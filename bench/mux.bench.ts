import { argv } from 'node:process'
import { isMain } from '../tools/cli/main-module.ts'
import { type Clip, cameraClip, smallFrameClip } from './clips.ts'
import { buildLibavformat, libavformat } from './engines/libavformat.ts'
import { mediabunny } from './engines/mediabunny.ts'
import { memcpy } from './engines/memcpy.ts'
import {
  type Format,
  heapGrowthPerMillion,
  type Row,
  skyrillMuxer,
  skyrillScanner,
} from './engines/skyrill.ts'
import { type BenchCase, type Contender, interleave } from './harness.ts'
import { heapBytes } from './heap.ts'
import { runtimeName, runtimeVersion } from './runtime.ts'

const ROWS: readonly Row[] = ['in-place', 'copied']
const FORMATS: readonly Format[] = ['ts', 'fmp4']

export type MuxChildResult = {
  runtime: string
  version: string
  cases: BenchCase[]
  heapGrowthPerMillionFrames: Record<string, number>
  skipped: string[]
}

type Maker = { engine: string; make: () => Contender | Promise<Contender> }

/** A contender that cannot take part is named with its reason, and the others go on. */
const prepare = async (
  makers: readonly Maker[],
  name: string,
  skipped: Set<string>,
): Promise<Contender[]> => {
  const ready: Contender[] = []
  for (const { engine, make } of makers)
    try {
      ready.push(await make())
    } catch (error) {
      skipped.add(`${name}, ${engine}: ${error instanceof Error ? error.message : error}`)
    }
  return ready
}

/** All cases of the muxers on this runtime. @param only runs the cases whose name contains it */
export const measureMux = async (only = ''): Promise<MuxChildResult> => {
  const runtime = runtimeName()
  const skipped = new Set<string>()
  const cases: BenchCase[] = []
  const peer = buildLibavformat()
  if ('missing' in peer) skipped.add(peer.missing)

  const muxCase = async (clip: Clip, name: string, format: Format) => {
    if (!name.includes(only)) return
    for (const row of ROWS) {
      const makers: Maker[] = [
        { engine: 'skyrill-simd', make: () => skyrillMuxer(clip, 'simd', format, row) },
        { engine: 'skyrill-scalar', make: () => skyrillMuxer(clip, 'scalar', format, row) },
        { engine: 'mediabunny', make: () => mediabunny(clip, format, row) },
        { engine: 'memcpy', make: () => memcpy(clip, row) },
      ]
      if ('program' in peer)
        makers.push({
          engine: 'libavformat',
          make: () =>
            libavformat(peer.program, clip, `${name}-${row}`.replaceAll(' ', '-'), format, row),
        })
      cases.push(...(await interleave(name, row, runtime, await prepare(makers, name, skipped))))
    }
  }
  const scanCase = async (clip: Clip, name: string) => {
    if (!name.includes(only)) return
    for (const row of ROWS) {
      const makers: Maker[] = [
        { engine: 'skyrill-simd', make: () => skyrillScanner(clip, 'simd', row) },
        { engine: 'skyrill-scalar', make: () => skyrillScanner(clip, 'scalar', row) },
        { engine: 'memcpy', make: () => memcpy(clip, row) },
      ]
      cases.push(...(await interleave(name, row, runtime, await prepare(makers, name, skipped))))
    }
  }

  for (const codec of ['h264', 'h265'] as const) {
    const clip = await cameraClip(codec)
    await scanCase(clip, `nal-scan ${codec} 1080p`)
    for (const format of FORMATS) await muxCase(clip, `${format} ${codec} 1080p`, format)
  }
  const small = smallFrameClip(await cameraClip('h264'))
  const heapGrowth: Record<string, number> = {}
  for (const format of FORMATS) {
    const name = `${format} h264 2KB-P`
    await muxCase(small, name, format)
    if (!name.includes(only)) continue
    try {
      heapGrowth[name] = await heapGrowthPerMillion(small, format, heapBytes)
    } catch (error) {
      skipped.add(`${name}, heap: ${error instanceof Error ? error.message : error}`)
    }
  }
  return {
    runtime,
    version: runtimeVersion(),
    cases,
    heapGrowthPerMillionFrames: heapGrowth,
    skipped: [...skipped],
  }
}

// started by bench/main.ts once per runtime; the result is the last line
if (isMain(import.meta.url)) console.log(JSON.stringify(await measureMux(argv[2])))
