import type { Clip } from '../clips.ts'
import { type Contender, consume, timedPasses } from '../harness.ts'
import type { Row } from './skyrill.ts'

const RING_BYTES = 4 * 1024 * 1024

/**
 * What the machine can do at best: the same bytes copied, frame by frame, into a ring of the same size.
 * `in-place`: memmove within one memory; `copied`: from arrays of the host into another memory.
 */
export const memcpy = (clip: Clip, row: Row): Contender => {
  const { frames } = clip
  const memory = new Uint8Array(RING_BYTES + clip.bytes)
  const starts: number[] = []
  let at = RING_BYTES
  for (const { data } of frames) {
    memory.set(data, at)
    starts.push(at)
    at += data.length
  }
  let to = 0
  const pass = (): void => {
    for (let i = 0; i < frames.length; i++) {
      const { data } = frames[i]!
      if (to + data.length > RING_BYTES) to = 0
      if (row === 'in-place') memory.copyWithin(to, starts[i]!, starts[i]! + data.length)
      else memory.set(data, to)
      to += data.length
    }
    consume(memory[to - 1]!)
  }
  return {
    engine: 'memcpy',
    overheadBytes: 0,
    batch: () => timedPasses(pass, frames.length, clip.bytes),
  }
}
