/**
 * Short copies for headers and packet remainders, where a call of memory.copy costs more than the
 * bytes. Source and destination may overlap only when the destination lies at least 16 bytes below
 * the source.
 */

// @ts-ignore: decorator
@inline
export function copyForward(to: usize, from: usize, length: i32): void {
  let done: i32 = 0;
  if (ASC_FEATURE_SIMD) {
    if (length >= 16) {
      const last = length - 16;
      while (done < last) {
        v128.store(to + done, v128.load(from + done));
        done += 16;
      }
      v128.store(to + last, v128.load(from + last));
      return;
    }
  }
  while (length - done >= 8) {
    store<u64>(to + done, load<u64>(from + done));
    done += 8;
  }
  if (((length - done) & 4) != 0) {
    store<u32>(to + done, load<u32>(from + done));
    done += 4;
  }
  if (((length - done) & 2) != 0) {
    store<u16>(to + done, load<u16>(from + done));
    done += 2;
  }
  if (((length - done) & 1) != 0) store<u8>(to + done, load<u8>(from + done));
}

/** Bytes of both are the same. */
export function sameBytes(a: usize, b: usize, length: i32): bool {
  for (let i: i32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}

// big-endian stores

// @ts-ignore: decorator
@inline
export function storeU16(at: usize, value: u32): void {
  store<u16>(at, bswap<u16>(<u16>value));
}

// @ts-ignore: decorator
@inline
export function storeU32(at: usize, value: u32): void {
  store<u32>(at, bswap<u32>(value));
}
