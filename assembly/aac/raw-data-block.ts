// raw_data_block() of one single_channel_element or channel_pair_element. Spec: 14496-3 4.4.2
// The same code counts the bits and writes them (bitstream.ts).

import { EIGHT_SHORT, SHORT_WINDOWS } from './frame';
import { NOISE_BOOK, putBand, putScaleFactorDelta } from './huffman';
import { NO_NOISE, noiseOf, putNoise } from './pns';
import { beginBits, endBits, put } from './bitstream';
import { putSections } from './sections';
import {
  BANDS, BOOK, channel, EDGE, GLOBAL_GAIN, GROUP_LENGTH, GROUPS, MAX_SFB, midSide, QUANT, SCALE_FACTOR, SEQUENCE, SHAPE
} from './state';
import { putTns, tnsPresent } from './tns';

const ID_SCE = 0;
const ID_CPE = 1;
const ID_END = 7;

/** Writes the frame at `out`, or only counts it when that is 0. Returns the bits before byte alignment. */
export function rawDataBlock(out: usize, channels: i32): i32 {
  beginBits(out);
  if (channels == 1) {
    put(ID_SCE, 3);
    put(0, 4); // element_instance_tag
    individualChannelStream(channel(0), false);
  } else {
    put(ID_CPE, 3);
    put(0, 4); // element_instance_tag
    put(1, 1); // common_window
    icsInfo(channel(0));
    msMask();
    individualChannelStream(channel(0), true);
    individualChannelStream(channel(1), true);
  }
  put(ID_END, 3);
  return endBits();
}

/** ics_info(). Spec: 14496-3 table 4.50 */
function icsInfo(ch: usize): void {
  const sequence = load<i32>(ch + SEQUENCE);
  put(0, 1); // ics_reserved_bit
  put(sequence, 2); // window_sequence
  put(load<i32>(ch + SHAPE), 1); // window_shape
  if (sequence == EIGHT_SHORT) {
    put(load<i32>(ch + MAX_SFB), 4);
    put(scaleFactorGrouping(ch), SHORT_WINDOWS - 1);
  } else {
    put(load<i32>(ch + MAX_SFB), 6);
    put(0, 1); // predictor_data_present
  }
}

/** One bit per window after the first: it belongs to the group of the one before. */
function scaleFactorGrouping(ch: usize): i32 {
  let bits = 0;
  for (let g = 0; g < load<i32>(ch + GROUPS); g++) {
    if (g > 0) bits <<= 1;
    for (let w = 1; w < <i32>load<u8>(ch + GROUP_LENGTH + g); w++) bits = (bits << 1) | 1;
  }
  return bits;
}

/** ms_mask_present and ms_used. Spec: 14496-3 table 4.5 */
function msMask(): void {
  const bands = load<i32>(channel(0) + BANDS);
  let used = 0;
  for (let b = 0; b < bands; b++) used += load<u8>(midSide + b);
  if (used == 0) put(0, 2);
  else if (used == bands) put(2, 2);
  else {
    put(1, 2);
    for (let b = 0; b < bands; b++) put(load<u8>(midSide + b), 1);
  }
}

/** individual_channel_stream(). Spec: 14496-3 table 4.49 */
function individualChannelStream(ch: usize, commonWindow: bool): void {
  put(load<i32>(ch + GLOBAL_GAIN), 8);
  if (!commonWindow) icsInfo(ch);
  putSections(ch);
  putScaleFactors(ch);
  put(0, 1); // pulse_data_present
  const tns = tnsPresent(ch);
  put(<u32>tns, 1);
  if (tns) putTns(ch);
  put(0, 1); // gain_control_data_present
  putSpectrum(ch);
}

/** scale_factor_data(). Spec: 14496-3 table 4.53 */
function putScaleFactors(ch: usize): void {
  let last = load<i32>(ch + GLOBAL_GAIN);
  let lastNoise = NO_NOISE;
  for (let b = 0; b < load<i32>(ch + BANDS); b++) {
    const book = load<u8>(ch + BOOK + b);
    if (book == 0) continue;
    if (book == NOISE_BOOK) {
      const noise = noiseOf(ch, b);
      putNoise(ch, noise, lastNoise);
      lastNoise = noise;
      continue;
    }
    const sf = load<i32>(ch + SCALE_FACTOR + (<usize>b << 2));
    putScaleFactorDelta(sf - last);
    last = sf;
  }
}

/** spectral_data(). Spec: 14496-3 table 4.56 */
function putSpectrum(ch: usize): void {
  for (let b = 0; b < load<i32>(ch + BANDS); b++) {
    const book = load<u8>(ch + BOOK + b);
    if (book == 0 || book == NOISE_BOOK) continue;
    const first = load<u16>(ch + EDGE + (<usize>b << 1)), end = load<u16>(ch + EDGE + (<usize>b << 1), 2);
    putBand(book, ch + QUANT + (<usize>first << 1), <i32>end - <i32>first);
  }
}
