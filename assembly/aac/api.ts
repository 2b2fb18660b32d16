/**
 * The encoder as the rest of the core sees it: blocks of 1024 samples per channel in, raw_data_blocks out.
 *
 * Calling sequence: encoderOpen() once, encodeFrame() per block, then encoderFlush() until it returns 0. The first block gives
 * nothing (the encoder looks one block ahead); the access unit from a later one starts ENCODER_DELAY samples before that block.
 */
import { frequencyIndex } from '../audio/sampling-frequency';
import { loadSamples } from '../pcm/samples';
import { BUFFER_BITS } from './bit-rate';
import { encode, inputBlock, openEncoder } from './encoder';
import { FRAME } from './frame';
import { layout } from './state';

/** Samples from the start of an access unit's output back to the start of the block whose push gave it. */
export const ENCODER_DELAY: i32 = 2 * FRAME;
/** Largest raw_data_block of two channels. */
export const ACCESS_UNIT_MAX_BYTES: i32 = (2 * BUFFER_BITS) / 8;

const RATE_INDEX_MAX: i32 = 11; // 7350 Hz is in the table of rates, but no device has it

let open: usize = 0; // base of the open encoder
let channels: i32 = 0;
let left: i32 = 0; // access units that flush still owes

/** Whether the encoder takes this rate and channel count. */
export function encoderSupports(rate: i32, channelCount: i32): bool {
  const index = frequencyIndex(rate);
  return index >= 0 && index <= RATE_INDEX_MAX && (channelCount == 1 || channelCount == 2);
}

/** Bytes of state for a supported format. */
export function encoderBytes(rate: i32, channelCount: i32): i32 {
  const bytes = layout(0, channelCount);
  if (open != 0) layout(open, channels); // an encoder that runs keeps its places
  return <i32>bytes;
}

/** Starts at `base` (16-byte aligned, encoderBytes() long). A bit rate of 0 is the default for the format. */
export function encoderOpen(base: usize, rate: i32, channelCount: i32, bitRate: i32): void {
  open = base;
  channels = channelCount;
  left = 0;
  openEncoder(base, rate, channelCount, bitRate);
}

/** Encodes 1024 samples per channel; returns the bytes at out (at most ACCESS_UNIT_MAX_BYTES), 0 for the first block. */
export function encodeFrame(input: usize, kind: i32, out: usize): i32 {
  for (let c = 0; c < channels; c++) loadSamples(input, kind, channels, c, FRAME, inputBlock(c));
  left = ENCODER_DELAY / FRAME;
  return encode(out);
}

/** Encodes what the encoder still holds, one access unit per call; 0 when there is none. */
export function encoderFlush(out: usize): i32 {
  while (left > 0) {
    left--;
    for (let c = 0; c < channels; c++) memory.fill(inputBlock(c), 0, FRAME * 4);
    const bytes = encode(out);
    if (bytes > 0) return bytes;
  }
  return 0;
}
