import { AacEncoder } from '../../core-wasm/aac-encoder.ts'
import { CoreError } from '../../core-wasm/index.ts'
import { InputError } from '../cli/usage-error.ts'
import type { AudioSource } from './audio-source.ts'

const openEncoder = async (
  { sampleRate, channels, coding }: AudioSource,
  bitRate: number,
): Promise<AacEncoder> => {
  if (channels !== 1 && channels !== 2)
    throw new InputError(`${channels} channels: only 1 and 2 can be encoded`)
  if (coding === 'aac') throw new InputError('the sound is AAC already')
  try {
    return await AacEncoder.create({ sampleRate, channels, input: coding, bitRate })
  } catch (error) {
    throw error instanceof CoreError ? new InputError(error.message) : error
  }
}

/** ADTS frames of samples, by the core's streaming encoder. Each is valid until the next is asked for. */
export async function* encodeAac(audio: AudioSource, bitRate: number): AsyncGenerator<Uint8Array> {
  const encoder = await openEncoder(audio, bitRate)
  for await (const block of audio.frames()) {
    const length = encoder.encodeBlock(block)
    if (length > 0) yield encoder.frame.subarray(0, length)
  }
  for (let length = encoder.flushBlock(); length > 0; length = encoder.flushBlock())
    yield encoder.frame.subarray(0, length)
}
