import { closeSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AAC_FRAME_SAMPLES } from '../../runtime/source/adts.ts'
import type { AudioSource } from './audio-source.ts'
import { encodeAac } from './encode-aac.ts'

const FILE_NAME = 'audio.aac'

/** `--out` is a folder, or the file itself when it is named like one. */
const targetPath = (out: string): string => {
  const isFolder = statSync(out, { throwIfNoEntry: false })?.isDirectory() ?? false
  return !isFolder && /\.(aac|adts)$/i.test(out) ? out : join(out, FILE_NAME)
}

/** Writes the sound alone as ADTS frames. */
export const writeAdts = async (
  audio: AudioSource,
  options: { out: string; bitRate: number; json: boolean },
): Promise<number> => {
  const path = targetPath(options.out)
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'w')
  let bytes = 0
  let frames = 0
  try {
    const source = audio.coding === 'aac' ? audio.frames() : encodeAac(audio, options.bitRate)
    for await (const frame of source) {
      bytes += writeSync(file, frame)
      frames++
    }
  } finally {
    closeSync(file)
  }
  const durationMs = (frames * AAC_FRAME_SAMPLES * 1000) / audio.sampleRate
  const bitRate = Math.round((bytes * 8000) / durationMs)
  if (options.json)
    console.log(
      JSON.stringify(
        {
          out: options.out,
          format: 'adts',
          file: path,
          sampleRate: audio.sampleRate,
          channels: audio.channels,
          frames,
          durationMs,
          bytes,
          bitRate,
        },
        undefined,
        2,
      ),
    )
  else
    console.log(
      `${path}  ${(durationMs / 1000).toFixed(3)} s  ${frames} frames  ${bytes} bytes  ${bitRate} bit/s`,
    )
  return 0
}
