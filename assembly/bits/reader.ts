/**
 * MSB-first bit reader over bytes without emulation prevention. Underflow is latched: reads past
 * the end give 0 and set `readerFailed`, so a parser checks once at its end. One reader at a time:
 * a parser opens it, reads, and is done.
 * Spec: H.264 7.2, 9.1 (ue, se); H.265 7.2, 9.2
 */
let base: usize = 0;
let position: i32 = 0; // bits
let end: i32 = 0; // bits

export let readerFailed: bool = false;

export function openReader(at: usize, bytes: i32): void {
  base = at;
  position = 0;
  end = bytes << 3;
  readerFailed = false;
}

export function bitsLeft(): i32 {
  return end - position;
}

export function bitPosition(): i32 {
  return position;
}

export function skipBits(count: i32): void {
  if (count < 0 || count > end - position) {
    readerFailed = true;
    position = end;
  } else position += count;
}

/** u(1) */
export function readFlag(): bool {
  if (position >= end) {
    readerFailed = true;
    return false;
  }
  const byte = load<u8>(base + (position >> 3));
  const bit = (byte >> <u8>(7 - (position & 7))) & 1;
  position++;
  return bit != 0;
}

/** u(n), n in 1..32 */
export function readBits(count: i32): u32 {
  if (count > end - position) {
    readerFailed = true;
    position = end;
    return 0;
  }
  let value: u64 = 0;
  let got: i32 = 0;
  let at = base + (position >> 3);
  const skip = position & 7;
  while (got < count + skip) {
    value = (value << 8) | load<u8>(at++);
    got += 8;
  }
  position += count;
  return <u32>((value >> <u64>(got - skip - count)) & ((<u64>1 << <u64>count) - 1));
}

/** ue(v): up to 32 leading zeros */
export function readUe(): u32 {
  let zeros: i32 = 0;
  while (!readFlag()) {
    if (readerFailed || ++zeros > 32) {
      readerFailed = true;
      position = end;
      return 0;
    }
  }
  if (zeros == 0) return 0;
  if (zeros == 32) {
    readBits(32);
    return u32.MAX_VALUE;
  }
  return <u32>((<u64>1 << <u64>zeros) - 1) + readBits(zeros);
}

/** se(v) */
export function readSe(): i32 {
  const code = readUe();
  return (code & 1) != 0 ? <i32>((code >> 1) + 1) : -<i32>(code >> 1);
}

/** more_rbsp_data(): something stands before the stop bit. Spec: H.264 7.2 */
export function moreRbspData(): bool {
  let last = end - 1;
  while (last >= position && ((load<u8>(base + (last >> 3)) >> <u8>(7 - (last & 7))) & 1) == 0) last--;
  return last > position;
}
