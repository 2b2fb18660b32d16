import { readFileSync } from 'node:fs'
import { AccessUnitSplitter, readAccessUnits, type VideoCodec } from '../runtime/source/annexb.ts'
import { splitNals } from '../runtime/source/bitstream/nal.ts'
import { videoClip } from '../tests/support/ffmpeg.ts'

export const FPS = 25
const FRAME_MS = 1000 / FPS
const GOP = 50
const SECONDS = 6
const BITRATE_KBPS = 6000
const SMALL_FRAME_BYTES = 2048

export type Frame = { data: Uint8Array; key: boolean }

/** Pictures of one codec, as a camera would push them. */
export type Clip = {
  codec: VideoCodec
  width: number
  height: number
  frames: Frame[]
  bytes: number
  frameMs: number
  /** the parameter sets of the first picture with their start codes, for muxers that want them beforehand */
  parameterSets: Uint8Array
}

const clipOf = (codec: VideoCodec, frames: Frame[], parameterSets: Uint8Array): Clip => ({
  codec,
  width: 1920,
  height: 1080,
  frames,
  bytes: frames.reduce((sum, frame) => sum + frame.data.length, 0),
  frameMs: FRAME_MS,
  parameterSets,
})

/** Every NAL unit before the first slice that is a parameter set. */
const setsOf = (codec: VideoCodec, unit: Uint8Array): Uint8Array => {
  const sets = splitNals(unit).filter(({ start }) => {
    const header = unit[start]!
    const type = codec === 'h264' ? header & 31 : (header >> 1) & 63
    return codec === 'h264' ? type === 7 || type === 8 : type >= 32 && type <= 34
  })
  return Buffer.concat(
    sets.map(({ start, end }) =>
      Buffer.concat([Buffer.from([0, 0, 0, 1]), unit.subarray(start, end)]),
    ),
  )
}

/** 1080p as a camera sends it: 6 Mbit/s, an IDR every two seconds, no B frames, noise like a sensor's. Encoded once, kept under build/. */
export const cameraClip = async (codec: VideoCodec): Promise<Clip> => {
  const path = videoClip({
    codec,
    width: 1920,
    height: 1080,
    fps: FPS,
    frames: FPS * SECONDS,
    gop: GOP,
    bitrateKbps: BITRATE_KBPS,
    source: 'testsrc2=size=$SIZE:rate=$FPS,noise=alls=12:allf=t',
    preset: codec === 'h264' ? 'veryfast' : 'ultrafast',
  })
  const frames: Frame[] = []
  for await (const { data, key } of readAccessUnits(
    [readFileSync(path)],
    new AccessUnitSplitter(codec),
  ))
    frames.push({ data: data.slice(), key })
  return clipOf(codec, frames, setsOf(codec, frames[0]!.data))
}

/** An IDR and then P frames, all of 2048 bytes: what a call costs, rather than what a byte costs. */
export const smallFrameClip = (camera: Clip): Clip => {
  // muxers look at the headers only; the cut must not leave a trailing zero, which would not be part of the frame
  const cut = ({ data, key }: Frame): Frame => {
    const bytes = data.slice(0, SMALL_FRAME_BYTES)
    bytes[SMALL_FRAME_BYTES - 1] = 0x80
    return { data: bytes, key }
  }
  const large = camera.frames.filter((frame) => frame.data.length >= SMALL_FRAME_BYTES)
  const small = large.filter((frame) => !frame.key).map(cut)
  const first = large.find((frame) => frame.key)
  if (!first || small.length === 0) throw new Error('the camera clip has no frames of 2048 bytes')
  const frames = [cut(first)]
  while (frames.length < 1000) frames.push(small[(frames.length - 1) % small.length]!)
  return clipOf(camera.codec, frames, camera.parameterSets)
}
