import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.ts'

/** Real streams that are not part of the repository: conformance and camera clips kept beside it. */
const MEDIA_FOLDER = process.env.SKYRILL_MEDIA ?? join(ROOT, '..', 'shared', 'media')

/** Path of a file such as `h264/BA1_FT_C.264`; it need not exist. */
export const mediaPath = (name: string): string => join(MEDIA_FOLDER, name)

/** Value for a test's `skip` option: false when every file is there, else the reason. */
export const needMedia = (...names: string[]): false | string => {
  for (const name of names)
    if (!existsSync(mediaPath(name)))
      return `${name} is not there (set SKYRILL_MEDIA to the folder of test streams)`
  return false
}

export type MediaStream = { name: string; codec: 'h264' | 'h265'; bFrames: boolean }

/** Every raw video stream of the media folder. */
export const MEDIA_STREAMS: readonly MediaStream[] = [
  { name: 'h264/64x64-I-P.h264', codec: 'h264', bFrames: false },
  { name: 'h264/BA1_FT_C.264', codec: 'h264', bFrames: false },
  { name: 'h264/BA_MW_D.264', codec: 'h264', bFrames: false },
  { name: 'h264/CI1_FT_B.264', codec: 'h264', bFrames: false },
  { name: 'h264/MIDR_MW_D.264', codec: 'h264', bFrames: false },
  { name: 'h264/SVA_BA2_D.264', codec: 'h264', bFrames: false },
  { name: 'h264/Zhling_1280x720.264', codec: 'h264', bFrames: false },
  { name: 'h264/test-25fps.h264', codec: 'h264', bFrames: true },
  { name: 'h264/test_qcif_cabac.264', codec: 'h264', bFrames: false },
  { name: 'h265/64x64-I-P.h265', codec: 'h265', bFrames: false },
  { name: 'h265/64x64-I-P-B-P.h265', codec: 'h265', bFrames: true },
  { name: 'h265/bbb.h265', codec: 'h265', bFrames: true },
  { name: 'h265/bear.h265', codec: 'h265', bFrames: true },
  { name: 'h265/test-25fps.h265', codec: 'h265', bFrames: true },
]
