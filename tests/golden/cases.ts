/** Small streams whose bytes are committed, with a readable dump beside them. `npm run golden` writes both. */
import { readFileSync } from 'node:fs'
import * as abi from '../../core-wasm/abi.gen.ts'
import { Core, type CoreConfig, FORMAT_FMP4, FORMAT_TS } from '../../core-wasm/index.ts'
import { dumpMp4 } from '../../tools/dump-mp4.ts'
import { dumpTs } from '../../tools/dump-ts.ts'
import { Collector } from '../core-wasm/mux-file.ts'
import { idr, idr265, p, p265, UTC } from '../core-wasm/synthetic.ts'
import { adts } from '../fuzz/seeds.ts'

export type Golden = { name: string; bytes: Uint8Array; dump: string }

type Case = { name: string; config: Partial<CoreConfig>; sound: boolean; h265: boolean }

const CASES: Case[] = [
  { name: 'ts-h264-aac', config: { format: FORMAT_TS }, sound: true, h265: false },
  { name: 'ts-h265', config: { format: FORMAT_TS }, sound: false, h265: true },
  { name: 'fmp4-h264-aac', config: { format: FORMAT_FMP4 }, sound: true, h265: false },
  { name: 'fmp4-h265', config: { format: FORMAT_FMP4 }, sound: false, h265: true },
]

/** 20 pictures, a GOP of 15, sound beside them, as one slice. */
const record = async ({ name, config, sound, h265 }: Case): Promise<Golden> => {
  const core = await Core.create({
    ringBytes: 1 << 18,
    nominalFps: 25,
    videoCodec: h265 ? abi.VIDEO_H265 : abi.VIDEO_H264,
    audioInput: sound ? abi.AUDIO_AAC : abi.AUDIO_NONE,
    ...config,
  })
  const collector = new Collector(core)
  let sounds = 0
  for (let i = 0; i < 20; i++) {
    const key = i % 15 === 0
    const pts = 1000 + i * 40
    const size = 120 + i * 13
    const frame = h265 ? (key ? idr265(undefined, 500) : p265(size)) : key ? idr(500) : p(size, i % 16)
    core.copyVideo(frame, pts, UTC + pts, i, key ? 0 : 1)
    for (; sound && 1000 + sounds * 64 <= pts; sounds++) core.copyAudio(adts(90 + sounds), 1000 + sounds * 64, UTC, sounds)
    collector.take()
  }
  core.flush(abi.CLOSED_STOP)
  collector.take()
  const bytes = collector.slices()[0]!.bytes
  return { name, bytes, dump: config.format === FORMAT_TS ? dumpTs(bytes) : dumpMp4(bytes) }
}

export const goldens = (): Promise<Golden[]> => Promise.all(CASES.map(record))

// the value types of the binary format. Spec: WebAssembly core 5.3.1
const VALUE_TYPES: Record<number, string> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64', 123: 'v128' }

/** Signatures of a module's exports, read from its type, function and export sections: the ABI as the binary has it. */
export const signatures = (file: string): string => {
  const bytes = readFileSync(new URL(`../../core-wasm/${file}`, import.meta.url))
  let at = 8
  const leb = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
  }
  const list = <T>(read: () => T): T[] => Array.from({ length: leb() }, read)
  const types: string[] = []
  const functions: number[] = []
  const lines: string[] = []
  while (at < bytes.length) {
    const id = bytes[at++]!
    const size = leb()
    const end = at + size
    if (id === 1)
      types.push(
        ...list(() => {
          at++ // func
          const parameters = list(() => VALUE_TYPES[bytes[at++]!])
          const results = list(() => VALUE_TYPES[bytes[at++]!])
          return `(${parameters.join(', ')}) -> ${results.join(', ') || 'nothing'}`
        }),
      )
    if (id === 3) functions.push(...list(leb))
    if (id === 7)
      list(() => {
        const length = leb()
        const name = bytes.toString('utf8', at, at + length)
        at += length
        const kind = bytes[at++]!
        const index = leb()
        lines.push(kind === 0 ? `${name}${types[functions[index]!]}` : `${name}: ${kind === 2 ? 'memory' : `kind ${kind}`}`)
      })
    at = end
  }
  return `${lines.join('\n')}\n`
}
