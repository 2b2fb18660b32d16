import { AAC_FRAME_SAMPLES } from '../../runtime/source/adts.ts'
import {
  type AccessUnit,
  AccessUnitSplitter,
  readAccessUnits,
  type VideoCodec,
} from '../../runtime/source/annexb.ts'
import { fileChunks } from '../cli/file-chunks.ts'
import { InputError } from '../cli/usage-error.ts'
import { type AudioSource, openAudio } from '../mux/audio-source.ts'
import type { MediaFrame, MediaSource } from './media.ts'

const DEFAULT_FPS = 25
/** More than a picture of 4 Mbit/s mostly has: what is read stays in the buffer that the splitter begins with. */
const CHUNK_BYTES = 64 * 1024
/** A stream has a picture within these. */
const PROBE_BYTES = 1024 * 1024

export type RawLoopOptions = {
  path: string
  codec: VideoCodec
  /** ADTS, WAV or G.711 (.g711a, .g711u) */
  audioPath?: string | undefined
  /** of a G.711 file, in Hz; default 8000 */
  audioRate?: number | undefined
  fps?: number | undefined
}

/** The parameter sets in front of the first picture tell the rate. */
const probeFps = (
  { path, codec }: RawLoopOptions,
  buffer: Uint8Array,
  splitter: AccessUnitSplitter,
): number => {
  let unit: AccessUnit | undefined
  let bytes = 0
  for (const chunk of fileChunks(path, buffer)) {
    splitter.push(chunk)
    unit = splitter.next()
    bytes += chunk.length
    if (unit || bytes >= PROBE_BYTES) break
  }
  splitter.finish()
  if (!unit && !splitter.next())
    throw new InputError(`${path}: no ${codec.toUpperCase()} picture in it`)
  return splitter.fps ?? DEFAULT_FPS
}

/**
 * A raw stream in a loop, with sound beside it if there is any. Times go on from turn to turn: a turn is as long as its pictures, sound that
 * is longer is cut there. Read as a stream, whatever its size.
 */
export const openRawLoop = (options: RawLoopOptions): MediaSource => {
  const { path, codec, audioPath } = options
  // of all turns: a file that goes round leaves no garbage behind
  const buffer = new Uint8Array(CHUNK_BYTES)
  const splitter = new AccessUnitSplitter(codec)
  const fps = options.fps ?? probeFps(options, buffer, splitter)
  const audio = audioPath === undefined ? undefined : openAudio(audioPath, options.audioRate)
  return {
    codec,
    hasAudio: audio !== undefined,
    ...(audio === undefined || audio.coding === 'aac'
      ? {}
      : {
          sound: { coding: audio.coding, sampleRate: audio.sampleRate, channels: audio.channels },
        }),
    fps: Math.round(fps),
    live: false,
    async *frames() {
      for (let startMs = 0; ; ) {
        let endMs = startMs
        splitter.reset()
        const pictures = readAccessUnits(fileChunks(path, buffer), splitter)
        for await (const frame of turn(pictures, fps, startMs, audio)) {
          if (frame.kind === 'video') endMs = frame.ptsMs + 1000 / fps
          yield frame
        }
        if (endMs === startMs) throw new InputError(`${path}: no picture in it`)
        startMs = endMs
      }
    },
    close() {},
  }
}

/** One turn: pictures and sound merged by their times. */
async function* turn(
  units: AsyncIterable<AccessUnit>,
  fps: number,
  startMs: number,
  source: AudioSource | undefined,
): AsyncGenerator<MediaFrame> {
  const audio = source && audioFrames(source, startMs)
  let sound = await audio?.next()
  let pictures = 0
  for await (const unit of units) {
    const ptsMs = startMs + (pictures++ * 1000) / fps
    for (; sound && !sound.done && sound.value.ptsMs < ptsMs; sound = await audio?.next())
      yield sound.value
    yield { kind: 'video', data: unit.data, ptsMs, key: unit.key }
  }
  const endMs = startMs + (pictures * 1000) / fps
  for (; sound && !sound.done && sound.value.ptsMs < endMs; sound = await audio?.next())
    yield sound.value
  await audio?.return(undefined)
}

async function* audioFrames(source: AudioSource, startMs: number): AsyncGenerator<MediaFrame> {
  let frames = 0
  for await (const data of source.frames()) {
    const ptsMs = startMs + (frames++ * AAC_FRAME_SAMPLES * 1000) / source.sampleRate
    yield { kind: 'audio', data, ptsMs, key: false }
  }
}
