import { AAC_FRAME_SAMPLES } from '../../runtime/source/adts.ts'
import {
  AccessUnitSplitter,
  readAccessUnits,
  type VideoCodec,
} from '../../runtime/source/annexb.ts'
import { fileChunks, fileHead } from '../cli/file-chunks.ts'
import { InputError } from '../cli/usage-error.ts'
import { type AudioSource, openAudio } from '../mux/audio-source.ts'
import type { MediaFrame, MediaSource } from './media.ts'

const DEFAULT_FPS = 25
/** Enough for the parameter sets in front of the first picture, whose timing gives the frame rate. */
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

const probeFps = (path: string, codec: VideoCodec): number => {
  const splitter = new AccessUnitSplitter(codec)
  splitter.push(fileHead(path, PROBE_BYTES))
  splitter.finish()
  if (!splitter.next()) throw new InputError(`${path}: no ${codec.toUpperCase()} picture in it`)
  return splitter.fps ?? DEFAULT_FPS
}

/**
 * A raw stream in a loop, with sound beside it if there is any. Times go on from turn to turn: a turn is as long as its pictures, sound that
 * is longer is cut there. Read as a stream, whatever its size.
 */
export const openRawLoop = (options: RawLoopOptions): MediaSource => {
  const { path, codec, audioPath } = options
  const fps = options.fps ?? probeFps(path, codec)
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
        for await (const frame of turn(options, fps, startMs, audio)) {
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
  { path, codec }: RawLoopOptions,
  fps: number,
  startMs: number,
  source: AudioSource | undefined,
): AsyncGenerator<MediaFrame> {
  const audio = source && audioFrames(source, startMs)
  let sound = await audio?.next()
  let pictures = 0
  for await (const unit of readAccessUnits(fileChunks(path), new AccessUnitSplitter(codec))) {
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
