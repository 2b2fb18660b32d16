/** One channel of an interleaved block as f32 in the scale of 16-bit samples. */
import { AUDIO_G711A, AUDIO_G711U, AUDIO_PCM } from '../abi';
import { expandA, expandU } from './g711';

/** Bytes of one sample, 0 for an input that is not made of samples. */
export function sampleBytes(kind: i32): i32 {
  return kind == AUDIO_PCM ? 2 : kind == AUDIO_G711A || kind == AUDIO_G711U ? 1 : 0;
}

/** `count` samples of channel `index` of `channels` at `from`. */
export function loadSamples(from: usize, kind: i32, channels: i32, index: i32, count: i32, to: usize): void {
  const end = to + (<usize>count << 2);
  const stride = <usize>(sampleBytes(kind) * channels);
  from += index * sampleBytes(kind);
  if (kind == AUDIO_PCM) for (; to < end; to += 4, from += stride) store<f32>(to, <f32>load<i16>(from));
  else if (kind == AUDIO_G711A) for (; to < end; to += 4, from += stride) store<f32>(to, <f32>expandA(load<u8>(from)));
  else for (; to < end; to += 4, from += stride) store<f32>(to, <f32>expandU(load<u8>(from)));
}
