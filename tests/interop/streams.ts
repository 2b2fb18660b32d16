import { videoClip } from '../support/ffmpeg.ts'

export type Stream = {
  name: string
  codec: 'h264' | 'h265'
  path: () => string
  frames: number
  seconds: number
}

const clip = (name: string, options: Parameters<typeof videoClip>[0]): Stream => ({
  name,
  codec: options.codec,
  frames: options.frames ?? 50,
  seconds: (options.frames ?? 50) / Number(options.fps ?? 25),
  path: () => videoClip(options),
})

/** Streams as cameras make them: several sizes, slices per picture, GOP lengths, with and without AUD. */
export const CAMERA_STREAMS: readonly Stream[] = (['h264', 'h265'] as const).flatMap((codec) => [
  clip(`${codec} 320x240 GOP 2 s`, { codec, frames: 350, gop: 50 }),
  clip(`${codec} 642x358 cropped, GOP 1 s`, {
    codec,
    width: 642,
    height: 358,
    frames: 100,
    gop: 25,
  }),
  clip(`${codec} 4 slices`, {
    codec,
    width: 640,
    height: 360,
    frames: 60,
    gop: 30,
    params: 'slices=4',
  }),
  clip(`${codec} with AUD`, { codec, frames: 60, gop: 30, params: 'aud=1' }),
  clip(`${codec} 1280x720 30 fps`, {
    codec,
    width: 1280,
    height: 720,
    fps: 30,
    frames: 90,
    gop: 60,
  }),
])
