import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FRAME_I, FRAME_P } from '../../core-wasm/index.ts'
import { pcm } from '../../tests/conformance/synthetic/audio.ts'
import { type Clip, cameraClip, smallFrameClip } from '../clips.ts'

export const SOUND_RATE = 16_000
const SOUND_PUSHES = 100
export const SOUND_SECONDS = (1024 * SOUND_PUSHES) / SOUND_RATE

/** Count, then length and frame type of each picture, then the pictures: simple enough to read in every language. */
const serialize = (clip: Clip): Buffer => {
  const table = Buffer.alloc(4 + 8 * clip.frames.length)
  table.writeUInt32LE(clip.frames.length, 0)
  clip.frames.forEach(({ data, key }, i) => {
    table.writeUInt32LE(data.length, 4 + 8 * i)
    table.writeUInt32LE(key ? FRAME_I : FRAME_P, 8 + 8 * i)
  })
  return Buffer.concat([table, ...clip.frames.map(({ data }) => data)])
}

export type Inputs = {
  paths: [camera: string, small: string, sound: string]
  camera: Clip
  small: Clip
}

/** Files that every contender reads. */
export const writeInputs = async (): Promise<Inputs> => {
  const folder = fileURLToPath(new URL('../../build/bindings/bench/', import.meta.url))
  mkdirSync(folder, { recursive: true })
  const camera = await cameraClip('h264')
  const paths: Inputs['paths'] = [
    join(folder, 'camera.bin'),
    join(folder, 'small.bin'),
    join(folder, 'sound.pcm'),
  ]
  writeFileSync(paths[0], serialize(camera))
  const small = smallFrameClip(camera)
  writeFileSync(paths[1], serialize(small))
  writeFileSync(paths[2], pcm(1024 * SOUND_PUSHES, SOUND_RATE, 1))
  return { paths, camera, small }
}
