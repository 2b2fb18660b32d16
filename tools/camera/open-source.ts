import { existsSync } from 'node:fs'
import { InputError } from '../cli/usage-error.ts'
import { isCaptureDevice, openFfmpeg } from './ffmpeg-source.ts'
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
  audioRate?: number | undefined
  fps?: number | undefined
}

/** Raw streams are read here; everything else goes through ffmpeg. */
export const openSource = ({ input, audio, audioRate, fps }: InputOptions): MediaSource => {
  const codec = RAW[input.slice(input.lastIndexOf('.') + 1).toLowerCase()]
  if (codec) return openRawLoop({ path: input, codec, audioPath: audio, audioRate, fps })
  if (audio !== undefined)
    throw new InputError(
      '--audio goes with a raw .h264 or .h265 input; other inputs bring their own sound',
    )
  const path = isCaptureDevice(input) ? input.slice(input.indexOf(':') + 1) : input
  if (!input.includes('://') && !existsSync(path)) throw new InputError(`${path}: no such file`)
  return openFfmpeg(input)
}
