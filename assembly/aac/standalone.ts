import { encode, inputBlock, open, lastBits, lastPrice, passes } from './encoder';
import { layout } from './state';
import { TUNE } from './tuning';
const input = memory.data(8192, 16);
const output = memory.data(2048, 16);
export function inputAddress(): usize { return input; }
export function outputAddress(): usize { return output; }
export function setTune(i: i32, v: f32): void { store<f32>(TUNE + (<usize>i << 2), v); }
export function getPasses(): i32 { return passes; }
export function getPrice(): f32 { return lastPrice; }
export function aacOpen(rate: i32, channels: i32, bitrate: i32): i32 {
  const bytes = layout(__heap_base, channels);
  const pages = <i32>((__heap_base + bytes + 65535) >> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
  open(__heap_base, rate, channels, bitrate);
  return <i32>bytes;
}
export function aacEncode(channels: i32): i32 {
  for (let c = 0; c < channels; c++) {
    const at = inputBlock(c);
    for (let i = 0; i < 1024; i++) store<f32>(at + (<usize>i << 2), <f32>load<i16>(input + (<usize>(i * channels + c) << 1)));
  }
  return encode(output);
}
