/** Sampling rates by sampling_frequency_index. Spec: 14496-3 Table 1.18. */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]

/** Spec: 14496-3 Table 1.17: object type 2 is AAC LC; ADTS writes it minus one. */
export const AAC_LC = 2
export const AAC_FRAME_SAMPLES = 1024
const HEADER_BYTES = 7
const CRC_BYTES = 2
/** aac_frame_length is 13 bits. Spec: 14496-3 1.A.2.2.1 */
export const ADTS_FRAME_MAX_BYTES = 8191

export type AdtsHeader = {
  mpeg2: boolean
  layer: number
  protectionAbsent: boolean
  objectType: number
  sampleRateIndex: number
  sampleRate: number
  channelConfiguration: number
  frameBytes: number
  headerBytes: number
  bufferFullness: number
  rawDataBlocks: number
}

/** Fixed and variable header; undefined without a sync word or room for it. Spec: 14496-3 1.A.2.2. */
export const parseAdtsHeader = (bytes: Uint8Array, at = 0): AdtsHeader | undefined => {
  if (at + HEADER_BYTES > bytes.length) return undefined
  const b = (i: number): number => bytes[at + i]!
  if (b(0) !== 0xff || (b(1) & 0xf0) !== 0xf0) return undefined
  const sampleRateIndex = (b(2) >> 2) & 15
  const protectionAbsent = (b(1) & 1) === 1
  return {
    mpeg2: (b(1) & 8) !== 0,
    layer: (b(1) >> 1) & 3,
    protectionAbsent,
    objectType: (b(2) >> 6) + 1,
    sampleRateIndex,
    sampleRate: AAC_SAMPLE_RATES[sampleRateIndex] ?? 0,
    channelConfiguration: ((b(2) & 1) << 2) | (b(3) >> 6),
    frameBytes: ((b(3) & 3) << 11) | (b(4) << 3) | (b(5) >> 5),
    headerBytes: HEADER_BYTES + (protectionAbsent ? 0 : CRC_BYTES),
    bufferFullness: ((b(5) & 31) << 6) | (b(6) >> 2),
    rawDataBlocks: (b(6) & 3) + 1,
  }
}

/** A header that a decoder can act on. */
const isValid = (header: AdtsHeader): boolean =>
  header.layer === 0 && header.sampleRate > 0 && header.frameBytes > header.headerBytes

export class AdtsError extends Error {
  override name = 'AdtsError'
}

/**
 * ADTS frames of a stream of byte chunks, in order. Junk between frames is skipped, but a frame counts only when the
 * next one stands right behind it (a sync word is just twelve bits) or the stream ends there.
 * Each frame's bytes are valid until the next is asked for.
 */
export async function* readAdtsFrames(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<{ data: Uint8Array; header: AdtsHeader }> {
  let buffer = new Uint8Array(0)
  let frames = 0
  let skipped = 0
  const take = function* (ended: boolean): Generator<{ data: Uint8Array; header: AdtsHeader }> {
    let at = 0
    while (at + HEADER_BYTES <= buffer.length) {
      const header = parseAdtsHeader(buffer, at)
      if (header && isValid(header)) {
        const end = at + header.frameBytes
        const whole = end + 2 <= buffer.length
        if (!whole && !(ended && end <= buffer.length)) {
          if (!ended) break
        } else if (!whole || (buffer[end] === 0xff && (buffer[end + 1]! & 0xf0) === 0xf0)) {
          frames++
          yield { data: buffer.subarray(at, end), header }
          at = end
          continue
        }
      }
      at++
      skipped++
    }
    buffer = buffer.slice(at)
  }
  for await (const chunk of chunks) {
    const joined = new Uint8Array(buffer.length + chunk.length)
    joined.set(buffer)
    joined.set(chunk, buffer.length)
    buffer = joined
    yield* take(false)
    if (frames === 0 && skipped > ADTS_FRAME_MAX_BYTES * 2)
      throw new AdtsError(`no ADTS frame in the first ${skipped} bytes`)
  }
  yield* take(true)
  if (frames === 0) throw new AdtsError('no ADTS frame in it')
}
