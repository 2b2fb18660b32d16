import { InputError } from '../cli/usage-error.ts'

/** wFormatTag. Spec: RIFF WAVE, Microsoft 1994 */
const FORMATS: Record<number, 'pcm' | 'g711a' | 'g711u'> = { 1: 'pcm', 6: 'g711a', 7: 'g711u' }
const EXTENSIBLE = 0xfffe

export type WavHeader = {
  coding: 'pcm' | 'g711a' | 'g711u'
  sampleRate: number
  channels: number
  /** where the samples begin, and how many bytes the header says there are */
  dataOffset: number
  dataBytes: number
}

/** Header of a WAV file from its first bytes. Only what a camera can send is accepted: 16-bit PCM and G.711. */
export const parseWavHeader = (head: Uint8Array, name: string): WavHeader => {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const id = (at: number) => Buffer.from(head.subarray(at, at + 4)).toString('latin1')
  let format: Omit<WavHeader, 'dataOffset' | 'dataBytes'> | undefined
  for (let at = 12; at + 8 <= head.length; ) {
    const size = view.getUint32(at + 4, true)
    const body = at + 8
    if (id(at) === 'fmt ' && body + 16 <= head.length) {
      const tag = view.getUint16(body, true)
      const real =
        tag === EXTENSIBLE && body + 26 <= head.length ? view.getUint16(body + 24, true) : tag
      const coding = FORMATS[real]
      const bits = view.getUint16(body + 14, true)
      if (!coding || bits !== (coding === 'pcm' ? 16 : 8))
        throw new InputError(
          `${name}: format ${real} with ${bits} bits per sample; only 16-bit PCM and 8-bit G.711 are supported`,
        )
      format = {
        coding,
        channels: view.getUint16(body + 2, true),
        sampleRate: view.getUint32(body + 4, true),
      }
    }
    if (id(at) === 'data') {
      if (!format) break
      // a recorder that was cut off, or a pipe, leaves the size 0 or at its largest
      const unknown = size === 0 || size === 0xffffffff
      return { ...format, dataOffset: body, dataBytes: unknown ? Number.POSITIVE_INFINITY : size }
    }
    at = body + size + (size & 1)
  }
  throw new InputError(
    `${name}: no format or no samples in the first ${head.length} bytes of the WAV file`,
  )
}

/** Cuts `[offset, offset + limit)` of a byte stream into blocks of `size`; the last one is filled up with `fill`. */
export function* sampleBlocks(
  chunks: Iterable<Uint8Array>,
  size: number,
  fill: number,
  offset = 0,
  limit = Number.POSITIVE_INFINITY,
): Generator<Uint8Array> {
  const block = new Uint8Array(size)
  let filled = 0
  let skip = offset
  let left = limit
  for (const chunk of chunks) {
    const from = Math.min(skip, chunk.length)
    skip -= from
    const end = Math.min(chunk.length, from + left)
    left -= end - from
    for (let at = from; at < end; ) {
      const take = Math.min(size - filled, end - at)
      block.set(chunk.subarray(at, at + take), filled)
      filled += take
      at += take
      if (filled < size) break
      yield block
      filled = 0
    }
    if (left === 0) break
  }
  if (filled === 0) return
  block.fill(fill, filled)
  yield block
}
