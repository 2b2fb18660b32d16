import { extname } from 'node:path'
import { AUDIO_AAC, AUDIO_G711A, AUDIO_G711U, AUDIO_PCM } from '../../core-wasm/abi.gen.ts'
import { AAC_FRAME_SAMPLES, parseAdtsHeader, readAdtsFrames } from '../../runtime/source/adts.ts'
import { fileChunks, fileHead } from '../cli/file-chunks.ts'
import { InputError, UsageError } from '../cli/usage-error.ts'
import { detectFileType, HEAD_BYTES } from '../report/file-type.ts'
import { parseWavHeader, sampleBlocks } from './wav.ts'

export type AudioSource = {
  /** the spec's number of the coding, as the core takes it */
  input: number
  coding: 'aac' | 'pcm' | 'g711a' | 'g711u'
  sampleRate: number
  channels: number
  /** one push each: an ADTS frame, or 1024 samples per channel; one reader at a time */
  frames(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

const INPUTS = { aac: AUDIO_AAC, pcm: AUDIO_PCM, g711a: AUDIO_G711A, g711u: AUDIO_G711U } as const
const SAMPLE_BYTES = { pcm: 2, g711a: 1, g711u: 1 } as const
/** Silence, to fill up the last block. Spec: G.711 Tables 1a and 2a, the code of +0 */
const SILENCE = { pcm: 0, g711a: 0xd5, g711u: 0xff } as const
const G711_DEFAULT_RATE = 8000
/** 1 s of G.711 and more; the same for each turn of a source that is played in a loop */
const CHUNK_BYTES = 16 * 1024

const EXTENSIONS: Record<string, 'g711a' | 'g711u'> = {
  '.g711a': 'g711a',
  '.alaw': 'g711a',
  '.al': 'g711a',
  '.g711u': 'g711u',
  '.ulaw': 'g711u',
  '.ul': 'g711u',
}

const aacSource = (path: string, head: Uint8Array, rate: number | undefined): AudioSource => {
  const header = parseAdtsHeader(head)
  if (!header) throw new InputError(`${path}: no ADTS header at its start`)
  if (rate !== undefined && rate !== header.sampleRate)
    throw new UsageError(
      `--rate ${rate}: ${path} has ${header.sampleRate} Hz; there is no resampling`,
    )
  const buffer = new Uint8Array(CHUNK_BYTES)
  const frames = async function* (): AsyncGenerator<Uint8Array> {
    for await (const { data } of readAdtsFrames(fileChunks(path, buffer))) yield data
  }
  return {
    input: INPUTS.aac,
    coding: 'aac',
    sampleRate: header.sampleRate,
    channels: header.channelConfiguration,
    frames,
  }
}

/** Sound of a file, by content (ADTS, WAV) or, where there is no header, by its name (G.711). */
export const openAudio = (path: string, rate: number | undefined): AudioSource => {
  const head = fileHead(path, HEAD_BYTES)
  const raw = EXTENSIONS[extname(path).toLowerCase()]
  const type = raw === undefined ? detectFileType(head) : undefined
  if (type === 'adts') return aacSource(path, head, rate)
  if (type !== 'wav' && raw === undefined)
    throw new InputError(
      `${path}: neither ADTS nor WAV; G.711 without a header is named .g711a or .g711u`,
    )
  const wav = raw === undefined ? parseWavHeader(head, path) : undefined
  if (wav && rate !== undefined && rate !== wav.sampleRate)
    throw new UsageError(`--rate ${rate}: ${path} has ${wav.sampleRate} Hz; there is no resampling`)
  const coding = wav?.coding ?? raw!
  const channels = wav?.channels ?? 1
  const blockBytes = AAC_FRAME_SAMPLES * channels * SAMPLE_BYTES[coding]
  const buffer = new Uint8Array(CHUNK_BYTES)
  return {
    input: INPUTS[coding],
    coding,
    sampleRate: wav?.sampleRate ?? rate ?? G711_DEFAULT_RATE,
    channels,
    frames: () =>
      sampleBlocks(
        fileChunks(path, buffer),
        blockBytes,
        SILENCE[coding],
        wav?.dataOffset,
        wav?.dataBytes,
      ),
  }
}
