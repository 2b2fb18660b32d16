/** The measurement on Bun, Deno and Node; the other languages' programs (bindings/*) do the same. */
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import {
  AUDIO_PCM,
  Core,
  type CoreConfig,
  FORMAT_FMP4,
  FORMAT_TS,
  statusName,
  VIDEO_NONE,
} from '../../core-wasm/index.ts'

const RING_BYTES = 4 << 20
const BATCHES = 25
const BATCH_MS = 40
const SOUND_PUSH = 2 * 1024
const SOUND_RATE = 16_000

type Picture = { data: Uint8Array; type: number }

const pictures = (path: string): Picture[] => {
  const file = readFileSync(path)
  const count = file.readUInt32LE(0)
  let at = 4 + 8 * count
  return Array.from({ length: count }, (_, i) => {
    const from = at
    at += file.readUInt32LE(4 + 8 * i)
    return { data: file.subarray(from, at), type: file.readUInt32LE(8 + 8 * i) }
  })
}

/** The fastest of batches of passes: what else runs can only add to it. The first batch warms up. */
const measure = (name: string, perPass: number, pass: () => void): void => {
  let fastest = Number.POSITIVE_INFINITY
  for (let batch = 0; batch <= BATCHES; batch++) {
    const start = performance.now()
    let frames = 0
    for (; performance.now() - start < BATCH_MS; frames += perPass) pass()
    if (batch > 0) fastest = Math.min(fastest, ((performance.now() - start) * 1e6) / frames)
  }
  console.log(`${name} ${fastest.toFixed(1)}`)
}

const check = (status: number): void => {
  if (status < 0) throw new Error(statusName(status))
}

const video = async (name: string, path: string, format: number): Promise<void> => {
  const core = await Core.create({ ringBytes: RING_BYTES, format })
  const list = pictures(path)
  let ms = 60_000
  let seq = 0
  measure(name, list.length, () => {
    for (const { data, type } of list) {
      check(core.copyVideo(data, ms, ms, seq++, type))
      check(core.release(core.head))
      ms += 40
    }
  })
}

const sound = async (path: string): Promise<void> => {
  const config: CoreConfig = {
    ringBytes: RING_BYTES,
    videoCodec: VIDEO_NONE,
    audioInput: AUDIO_PCM,
    sampleRate: SOUND_RATE,
    channels: 1,
  }
  const core = await Core.create(config)
  const file = readFileSync(path)
  let ms = 0
  measure('aac', Math.floor(file.length / SOUND_PUSH), () => {
    for (let at = 0; at + SOUND_PUSH <= file.length; at += SOUND_PUSH) {
      check(core.copyAudio(file.subarray(at, at + SOUND_PUSH), ms, ms, ms))
      check(core.release(core.head))
      ms += 64
    }
  })
}

const [camera = '', small = '', pcm = ''] = argv.slice(2)
await video('ts', camera, FORMAT_TS)
await video('fmp4', camera, FORMAT_FMP4)
await video('ts-small', small, FORMAT_TS)
await sound(pcm)
