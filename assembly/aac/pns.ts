// Perceptual noise substitution: a band that the bit rate leaves no room for, when it is noise anyway, is sent as its energy
// alone and the decoder fills it with noise of its own. Spec: 14496-3 4.6.13
//
// Used for what the trellis has left out, above FIRST_HZ, in long frames without TNS: a hole in the spectrum that comes and
// goes is heard as warbling, steady noise is not.

import { longEdge } from './bands';
import { put } from './bitstream';
import { putScaleFactorDelta, SCALE_FACTOR_DELTA_MAX } from './huffman';
import { log2 } from './math';
import { BANDS, ENERGY, FLATNESS, GLOBAL_GAIN, MASK, midSide, NOISE, SCALE_FACTOR, SEQUENCE, TNS_ORDER } from './state';
import { EIGHT_SHORT } from './frame';

/** NOISE of a band without noise substitution. */
export const NO_NOISE: i32 = -32768;

const FIRST_HZ: i32 = 3500;
/** Flatness of a noise-like band: the log2 of an exponential distribution lies 0.83 below that of its mean. */
const FLATNESS_LEAST: f32 = -1.3;
/** In the unit of noise energies, 1.5 dB: 1.5 dB less than there was, since the noise comes on top of leakage from neighbours. */
const LOWERED: f32 = 1;
const FIRST_ENERGY_BITS = 9; // Spec: 14496-3 4.6.13.3 (noise_pcm_flag)
const FIRST_ENERGY_OFFSET = 256;
const NOISE_OFFSET = 90;

let firstLine = 0;

export function pnsInit(rate: i32): void {
  firstLine = (FIRST_HZ * 2048) / rate;
}

// @ts-ignore: decorator
@inline
export function isNoise(ch: usize, b: i32): bool {
  return noiseOf(ch, b) != NO_NOISE;
}

export function dropNoise(ch: usize): void {
  for (let b = 0; b < load<i32>(ch + BANDS); b++) store<i32>(ch + NOISE + (<usize>b << 2), NO_NOISE);
}

// @ts-ignore: decorator
@inline
export function noiseOf(ch: usize, b: i32): i32 {
  return load<i32>(ch + NOISE + (<usize>b << 2));
}

/** Sets NOISE of every band, after the scale factors have been chosen. */
export function substituteNoise(ch: usize, index: i32, stereo: bool): void {
  const bands = load<i32>(ch + BANDS);
  const able = load<i32>(ch + SEQUENCE) != EIGHT_SHORT && load<i32>(ch + TNS_ORDER) == 0;
  let last = NO_NOISE;
  for (let b = 0; b < bands; b++) {
    const word = <usize>b << 2;
    let noise = NO_NOISE;
    const energy = load<f32>(ch + ENERGY + word);
    if (
      able && load<i32>(ch + SCALE_FACTOR + word) == 0 && longEdge(index, b) >= firstLine
      && !(stereo && load<u8>(midSide + b) != 0)
      && energy > load<f32>(ch + MASK + word) && load<f32>(ch + FLATNESS + word) > FLATNESS_LEAST
    ) {
      noise = <i32>nearest<f32>(2 * log2(energy) - LOWERED);
      if (last != NO_NOISE) noise = max(min(noise, last + SCALE_FACTOR_DELTA_MAX), last - SCALE_FACTOR_DELTA_MAX);
      last = noise;
    }
    store<i32>(ch + NOISE + word, noise);
  }
}

/** dpcm_noise_nrg of a band, `last` being that of the noise band before, or NO_NOISE. */
export function putNoise(ch: usize, noise: i32, last: i32): void {
  if (last != NO_NOISE) putScaleFactorDelta(noise - last);
  else {
    const base = load<i32>(ch + GLOBAL_GAIN) - NOISE_OFFSET - FIRST_ENERGY_OFFSET;
    put(max(min(noise - base, (1 << FIRST_ENERGY_BITS) - 1), 0), FIRST_ENERGY_BITS);
  }
}
