/**
 * Boxes over the sink: open, fields, close. Indentation in the writers is the box tree. Spec:
 * 14496-12 4.2
 */
import { patch32, put24, put32, put8, sinkFailed, sinkLength } from '../mem/sink';

/** moov > trak > mdia > minf > stbl > stsd > avc1 > avcC is the deepest path. */
const DEPTH_MAX: i32 = 10;
const STARTS = memory.data(40, 4); // DEPTH_MAX * 4
let depth: i32 = 0;

/** To be called with openSink(). */
export function resetBoxes(): void {
  depth = 0;
}

export function open(type: u32): void {
  if (depth < DEPTH_MAX) store<i32>(STARTS + (depth << 2), sinkLength);
  depth++;
  put32(0); // size, patched by close()
  put32(type);
}

/** FullBox */
export function full(type: u32, version: u32, flags: u32): void {
  open(type);
  put8(version);
  put24(flags);
}

export function close(): void {
  depth--;
  const start = load<i32>(STARTS + (depth << 2));
  if (!sinkFailed) patch32(start, sinkLength - start);
}
