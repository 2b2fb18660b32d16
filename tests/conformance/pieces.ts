/** Every input of the vectors, made once and in a fixed order, so the file stays the same from run to run. */
import { join } from './synthetic/annex-b.ts'
import { adtsFrame, g711, pcm } from './synthetic/audio.ts'
import { H264Encoder } from './synthetic/h264.ts'
import { H265Encoder } from './synthetic/h265.ts'

const SAMPLES = 1024 // per channel and push

const h264 = (): Record<string, Uint8Array> => {
  const e = new H264Encoder({ widthMbs: 2, heightMbs: 2, fps: 25 })
  const pieces: Record<string, Uint8Array> = {
    'h264.idr': e.idr(),
    'h264.p1': e.p(),
    'h264.p2': e.p(),
    'h264.p3': e.p({ slices: 2 }),
    'h264.idr-aud-sei': e.idr({ aud: true, sei: true }),
    'h264.p-aud': e.p({ aud: true }),
    'h264.idr-slices': e.idr({ slices: 4 }),
    'h264.idr-no-sets': e.idr({ sets: false }),
    'h264.b': e.b(),
    'h264.sets': join(e.sps(), e.pps()),
    'h264.sps': e.sps(),
  }
  pieces['h264.two'] = join(e.p(), e.p())
  const short = new H264Encoder({ widthMbs: 2, heightMbs: 2, startCode: 3 })
  pieces['h264.short.idr'] = short.idr({ sei: true })
  pieces['h264.short.p'] = short.p()
  const other = new H264Encoder({ widthMbs: 3, heightMbs: 1 })
  pieces['h264.other.idr'] = other.idr()
  const high = new H264Encoder({ widthMbs: 2, heightMbs: 2, profileIdc: 100 })
  pieces['h264.high.idr'] = high.idr()
  pieces['h264.high.p'] = high.p()
  const large = new H264Encoder({ widthMbs: 6, heightMbs: 4 })
  pieces['h264.large.idr'] = large.idr()
  pieces['h264.large.p'] = large.p()
  // emulation prevention at the very end, zeros behind the picture
  pieces['h264.p-trailing-zeros'] = join(e.p(), new Uint8Array(5))
  return pieces
}

const h265 = (): Record<string, Uint8Array> => {
  const e = new H265Encoder({ width: 64, height: 48 })
  return {
    'h265.idr': e.idr(),
    'h265.p1': e.p(),
    'h265.p2': e.p(),
    'h265.idr-aud': e.idr({ aud: true }),
    'h265.idr-no-sets': e.idr({ sets: false }),
    'h265.cra': e.cra(),
    'h265.rasl': e.rasl(),
    'h265.b': e.b(),
    'h265.sets': join(e.vps(), e.sps(), e.pps()),
  }
}

const audio = (): Record<string, Uint8Array> => {
  const mono = { rate: 16000, channels: 1 } as const
  const stereo = { rate: 48000, channels: 2 } as const
  const pieces: Record<string, Uint8Array> = {
    'aac.mono1': adtsFrame({ ...mono, gain: 90, fill: 3 }),
    'aac.mono2': adtsFrame({ ...mono, gain: 110, fill: 9 }),
    'aac.stereo': adtsFrame({ ...stereo, fill: 5 }),
    'aac.main-profile': adtsFrame({ ...mono, profile: 0 }),
    'aac.cut': adtsFrame(mono).subarray(0, 9),
  }
  pieces['aac.three'] = join(...[80, 100, 120].map((gain) => adtsFrame({ ...mono, gain })))
  for (let i = 0; i < 4; i++) pieces[`pcm.mono${i}`] = pcm(SAMPLES, 16000, 1, i * SAMPLES)
  for (let i = 0; i < 2; i++) pieces[`pcm.stereo${i}`] = pcm(SAMPLES, 48000, 2, i * SAMPLES)
  pieces.g711 = g711(SAMPLES)
  pieces['pcm.short'] = pcm(SAMPLES - 1, 16000, 1)
  return pieces
}

export const makePieces = (): Record<string, Uint8Array> => ({
  empty: new Uint8Array(0),
  garbage: Uint8Array.from({ length: 100 }, (_, i) => (i * 37 + 11) & 0xff),
  'start-code-only': Uint8Array.of(0, 0, 0, 1),
  ...h264(),
  ...h265(),
  ...audio(),
})
