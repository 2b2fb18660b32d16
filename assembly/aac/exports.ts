/** The encoder alone, for hosts that want no container: core-wasm/aac-encoder.ts. An instance is either this or a channel. */
import {
  AUDIO_LENGTH, CONFIG_AUDIO_RANGE, CONFIG_BIT_RATE_RANGE, CONFIG_CHANNELS_RANGE, CONFIG_MEMORY, CONFIG_NOT_OPEN, CONFIG_RATE_RANGE, OK,
} from '../status';
import { HAS_ENCODER } from '../features';
import { sampleBytes } from '../pcm/samples';
import { ADTS_BYTES, writeAdts } from './adts';
import { ACCESS_UNIT_MAX_BYTES, encodeFrame, encoderBytes, encoderFlush, encoderOpen, encoderSupports } from './api';
import { FRAME } from './frame';

const PAGE: usize = 65536;
const INPUT_BYTES: usize = 4 * <usize>FRAME; // two channels of 16 bits
const OUTPUT_BYTES: usize = <usize>ACCESS_UNIT_MAX_BYTES + 16;

let input: usize = 0;
let output: usize = 0;
let rate: i32 = 0;
let channels: i32 = 0;
let kind: i32 = -1;

/** Opens the encoder for AUDIO_PCM, AUDIO_G711A or AUDIO_G711U. A bit rate of 0 is the default for the format. */
export function aac_open(sampleRate: i32, channelCount: i32, inputKind: i32, bitRate: i32): i32 {
  kind = -1;
  if (!HAS_ENCODER) return CONFIG_AUDIO_RANGE;
  if (!encoderSupports(sampleRate, 1)) return CONFIG_RATE_RANGE;
  if (!encoderSupports(sampleRate, channelCount)) return CONFIG_CHANNELS_RANGE;
  if (sampleBytes(inputKind) == 0) return CONFIG_AUDIO_RANGE;
  if (bitRate < 0) return CONFIG_BIT_RATE_RANGE;
  input = (__heap_base + 15) & ~15;
  output = input + INPUT_BYTES;
  const state = output + OUTPUT_BYTES;
  const end = state + <usize>encoderBytes(sampleRate, channelCount);
  const pages = <i32>((end + PAGE - 1) / PAGE) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) return CONFIG_MEMORY;
  rate = sampleRate;
  channels = channelCount;
  kind = inputKind;
  encoderOpen(state, rate, channels, bitRate);
  return OK;
}

/** Where the host puts a block of samples. */
export function aac_input(): usize {
  return input;
}

/** Where an ADTS frame lies after aac_encode() or aac_flush() returned its length. */
export function aac_output(): usize {
  return output;
}

/** Encodes the `length` bytes at aac_input(), 1024 samples per channel. Returns the ADTS frame's bytes, 0 for the first block. */
export function aac_encode(length: i32): i32 {
  if (!HAS_ENCODER || kind < 0) return CONFIG_NOT_OPEN;
  if (length != FRAME * channels * sampleBytes(kind)) return AUDIO_LENGTH;
  return wrap(encodeFrame(input, kind, output + ADTS_BYTES));
}

/** To be called after the last block until it returns 0: the frames that the encoder still holds. */
export function aac_flush(): i32 {
  if (!HAS_ENCODER || kind < 0) return CONFIG_NOT_OPEN;
  return wrap(encoderFlush(output + ADTS_BYTES));
}

function wrap(bytes: i32): i32 {
  if (bytes == 0) return 0;
  writeAdts(output, rate, channels, bytes);
  return bytes + ADTS_BYTES;
}
