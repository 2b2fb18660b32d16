/**
 * CRC-32/MPEG-2 of PSI sections: polynomial 0x04c11db7, MSB first, initial value all ones. Spec:
 * 13818-1 Annex A
 */
const POLYNOMIAL: u32 = 0x04c11db7;

/**
 * A nibble at a time: a table of 64 bytes is enough for sections of 60 bytes a few times a second.
 */
const TABLE = memory.data(64, 4);

/** Fills the table; open() calls it once. */
export function initCrc32(): void {
  for (let nibble: u32 = 0; nibble < 16; nibble++) {
    let crc = nibble << 28;
    for (let bit: i32 = 0; bit < 4; bit++) crc = (crc << 1) ^ ((crc >>> 31) != 0 ? POLYNOMIAL : 0);
    store<u32>(TABLE + (nibble << 2), crc);
  }
}

export function crc32(at: usize, length: i32): u32 {
  let crc: u32 = 0xffffffff;
  for (let i: i32 = 0; i < length; i++) {
    const byte: u32 = load<u8>(at + i);
    crc = (crc << 4) ^ load<u32>(TABLE + (((crc >>> 28) ^ (byte >>> 4)) << 2));
    crc = (crc << 4) ^ load<u32>(TABLE + (((crc >>> 28) ^ (byte & 15)) << 2));
  }
  return crc;
}
