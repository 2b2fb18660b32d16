/**
 * Big-endian byte writer over a piece of memory. Overflow is latched: what does not fit is not
 * written, `sinkFailed` says so, and the caller looks once at the end. One sink at a time.
 */
let base: usize = 0;
let limit: i32 = 0;

export let sinkLength: i32 = 0;
export let sinkFailed: bool = false;

export function openSink(at: usize, bytes: i32): void {
  base = at;
  limit = bytes;
  sinkLength = 0;
  sinkFailed = false;
}

/** Address of the next `bytes` bytes, 0 when they do not fit. */
function take(bytes: i32): usize {
  if (sinkFailed || bytes > limit - sinkLength) {
    sinkFailed = true;
    return 0;
  }
  const at = base + sinkLength;
  sinkLength += bytes;
  return at;
}

export function put8(value: u32): void {
  const at = take(1);
  if (at != 0) store<u8>(at, <u8>value);
}

export function put16(value: u32): void {
  const at = take(2);
  if (at != 0) store<u16>(at, bswap<u16>(<u16>value));
}

export function put24(value: u32): void {
  put8(value >> 16);
  put16(value);
}

export function put32(value: u32): void {
  const at = take(4);
  if (at != 0) store<u32>(at, bswap<u32>(value));
}

export function put64(value: u64): void {
  const at = take(8);
  if (at != 0) store<u64>(at, bswap<u64>(value));
}

export function putZeros(bytes: i32): void {
  const at = take(bytes);
  if (at != 0) memory.fill(at, 0, bytes);
}

export function putBytes(from: usize, bytes: i32): void {
  const at = take(bytes);
  if (at != 0) memory.copy(at, from, bytes);
}

/** Overwrites 4 bytes that were put before. */
export function patch32(offset: i32, value: u32): void {
  if (!sinkFailed && offset + 4 <= sinkLength) store<u32>(base + offset, bswap<u32>(value));
}

export function patch8(offset: i32, value: u32): void {
  if (!sinkFailed && offset < sinkLength) store<u8>(base + offset, <u8>value);
}
