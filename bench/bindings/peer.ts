/** Other people's native code on the same inputs: libavformat as muxer, ffmpeg's AAC encoder. */
import { spawnSync } from 'node:child_process'
import type { Clip } from '../clips.ts'
import { buildLibavformat, libavformat } from '../engines/libavformat.ts'
import type { Format } from '../engines/skyrill.ts'
import { BATCH_MS } from '../harness.ts'
import { type Inputs, SOUND_RATE, SOUND_SECONDS } from './inputs.ts'

/** As long as the others measure: libavformat's batches are shorter. */
const BATCHES = Math.round((25 * 40) / BATCH_MS)
/** Long enough that the start of ffmpeg does not count. */
const SOUND_LOOPS = 100
const SAMPLES_PER_FRAME = 1024
const BIT_RATE = 32_000

const muxNs = async (
  program: string,
  clip: Clip,
  name: string,
  format: Format,
): Promise<number> => {
  const peer = await libavformat(program, clip, `bindings-${name}`, format, 'copied')
  try {
    await peer.batch() // warms up
    let fastest = Number.POSITIVE_INFINITY
    for (let n = 0; n < BATCHES; n++) {
      const batch = await peer.batch()
      fastest = Math.min(fastest, batch.ns / batch.frames)
    }
    return fastest
  } finally {
    peer.close?.()
  }
}

/** ffmpeg's own account of its user time. */
const aacNs = (pcm: string): number => {
  const input = ['-stream_loop', String(SOUND_LOOPS - 1), '-f', 's16le', '-ar', String(SOUND_RATE)]
  const output = ['-c:a', 'aac', '-b:a', String(BIT_RATE), '-f', 'adts', '/dev/null']
  const done = spawnSync(
    'ffmpeg',
    ['-benchmark', '-nostdin', '-y', ...input, '-ac', '1', '-i', pcm, ...output],
    { encoding: 'utf8' },
  )
  const seconds = Number(/bench: utime=([\d.]+)s/.exec(done.stderr ?? '')?.[1])
  return (seconds * 1e9 * SAMPLES_PER_FRAME) / (SOUND_LOOPS * SOUND_SECONDS * SOUND_RATE)
}

/** Nanoseconds per frame by case, or why there are none. */
export const measurePeer = async (inputs: Inputs): Promise<Record<string, number> | string> => {
  const built = buildLibavformat()
  if ('missing' in built) return built.missing
  const { camera, small, paths } = inputs
  return {
    ts: await muxNs(built.program, camera, 'camera', 'ts'),
    fmp4: await muxNs(built.program, camera, 'camera', 'fmp4'),
    'ts-small': await muxNs(built.program, small, 'small', 'ts'),
    aac: aacNs(paths[2]),
  }
}
