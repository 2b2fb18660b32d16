// MSB-first bits into memory, or only counted: the same calls serve both, so a count can never differ from what is written.

let at: usize = 0; // next byte; 0 while counting
let pending: u64 = 0; // low `held` bits are not yet in memory
let held: i32 = 0;
let count: i32 = 0;

/** Starts writing at `address`, or only counting when it is 0. */
export function beginBits(address: usize): void {
  at = address;
  pending = 0;
  held = 0;
  count = 0;
}

/** Appends the low `width` (0..32) bits of value. */
export function put(value: u32, width: i32): void {
  count += width;
  if (at == 0) return;
  pending = (pending << width) | <u64>value;
  held += width;
  if (held < 32) return;
  held -= 32;
  store<u32>(at, bswap(<u32>(pending >> held)));
  at += 4;
}

/** Fills the last byte with zeros; returns the bits put before that. */
export function endBits(): i32 {
  const total = count;
  if (at != 0) {
    while (held > 0) {
      held -= 8;
      store<u8>(at++, <u8>(held >= 0 ? pending >> held : pending << -held));
    }
  }
  return total;
}

export function bitCount(): i32 {
  return count;
}
