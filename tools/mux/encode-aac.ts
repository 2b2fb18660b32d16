import type { AudioSource } from './audio-source.ts'

/** ADTS frames of samples, by the core's streaming encoder. */
export async function* encodeAac(
  _audio: AudioSource,
  _bitRate: number,
): AsyncGenerator<Uint8Array> {
  yield* []
  throw new Error('the encoder is not there yet')
}
