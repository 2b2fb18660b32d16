import { existsSync } from 'node:fs'
import { InputError } from '../cli/usage-error.ts'
import { openFfmpeg } from './ffmpeg-source.ts'
import type { MediaSource } from './media.ts'
import { openRawLoop } from './raw-loop.ts'

const RAW: Record<string, 'h264' | 'h265'> = {
  h264: 'h264',
  '264': 'h264',
  avc: 'h264',
  h265: 'h265',
  '265': 'h265',
  hevc: 'h265',
}

export type InputOptions = {
  input: string
  audio?: string | undefined
  fps?: number | undefined
}

/** Raw streams are read here; everything else goes through ffmpeg. */
export const openSource = ({ input, audio, fps }: InputOptions): MediaSource => {
  const codec = RAW[input.slice(input.lastIndexOf('.') + 1).toLowerCase()]
  if (codec) return openRawLoop({ path: input, codec, audioPath: audio, fps })
  if (audio !== undefined)
    throw new InputError(
      '--audio goes with a raw .h264 or .h265 input; other inputs bring their own sound',
    )
  if (!input.includes('://') && !existsSync(input)) throw new InputError(`${input}: no such file`)
  return openFfmpeg(input)
}
