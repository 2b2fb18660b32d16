/**
 * Annex B start codes. Spec: H.264 B.1, H.265 B.2: NAL units stand behind 00 00 01; more zero bytes
 * may stand before and after. The vector loop looks for two zero bytes in a row (a | b == 0 with b
 * one byte further), once per 64 bytes; in coded video that is rare enough (emulation prevention
 * leaves 00 00 0x) for the exact look to cost nothing. No byte at or past `end` is read.
 */

/** Address of the next 00 00 01 that lies in [at, end) whole, or `end`. */
export function nextStartCode(at: usize, end: usize): usize {
  if (ASC_FEATURE_SIMD) {
    // 65 bytes: four vectors and the one byte by which the second load of each is ahead
    while (at + 65 <= end) {
      const least = i8x16.min_u(
        i8x16.min_u(
          v128.or(v128.load(at), v128.load(at, 1)),
          v128.or(v128.load(at, 16), v128.load(at, 17)),
        ),
        i8x16.min_u(
          v128.or(v128.load(at, 32), v128.load(at, 33)),
          v128.or(v128.load(at, 48), v128.load(at, 49)),
        ),
      );
      if (!i8x16.all_true(least)) {
        const stop = at + 66 < end ? at + 66 : end; // a code may begin at the last of the 64 bytes
        const found = startCodeNear(at, stop);
        if (found != stop) return found;
      }
      at += 64;
    }
  } else {
    while (at + 9 <= end) {
      const pairs = load<u64>(at) | load<u64>(at, 1); // a zero byte in it is a pair of zero bytes
      if (((pairs - 0x0101010101010101) & ~pairs & 0x8080808080808080) != 0) {
        const stop = at + 10 < end ? at + 10 : end;
        const found = startCodeNear(at, stop);
        if (found != stop) return found;
      }
      at += 8;
    }
  }
  return startCodeNear(at, end);
}

/** The plain loop: what the vectors must agree with, and what ends their work. */
export function startCodeNear(at: usize, end: usize): usize {
  let p = at + 2;
  while (p < end) {
    const third = load<u8>(p);
    if (third > 1) p += 3;
    else if (third == 0) p++;
    else if (load<u8>(p - 1) == 0 && load<u8>(p - 2) == 0) return p - 2;
    else p += 3;
  }
  return end;
}

/**
 * End of a NAL unit that stands before `next`: trailing_zero_8bits and the zero_byte of the next
 * start code are not its.
 */
export function trimZeros(from: usize, next: usize): usize {
  while (next > from && load<u8>(next - 1) == 0) next--;
  return next;
}

/** Number of NAL units in a byte stream: the scanner by itself, for measurements and inspection. */
export function countUnits(at: usize, length: i32): i32 {
  const end = at + length;
  let count: i32 = 0;
  let p = nextStartCode(at, end);
  while (p < end) {
    count++;
    p = nextStartCode(p + 3, end);
  }
  return count;
}
