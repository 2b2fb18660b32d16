/**
 * Transport packet and adaptation field. Spec: 13818-1 2.4.3.2, 2.4.3.4
 * ```
 *  0        1                          2          3
 *  47       TEI PUSI prio PID[12..8]   PID[7..0]  TSC(2) AFC(2) CC(4)
 * ```
 */
import { storeU16, storeU32 } from '../mem/copy';

export const PACKET_BYTES: i32 = 188;
export const PAYLOAD_BYTES: i32 = 184;
export const SYNC_BYTE: u32 = 0x47;

// The numbers that libavformat and most cameras use; nothing depends on them.
export const PID_PAT: i32 = 0;
export const PID_PMT: i32 = 0x1000;
export const PID_VIDEO: i32 = 0x100;
export const PID_AUDIO: i32 = 0x101;

export const AFC_PAYLOAD: u32 = 1;
export const AFC_FIELD: u32 = 2;
export const AFC_BOTH: u32 = 3;

// flags of the adaptation field
export const AF_RANDOM_ACCESS: i32 = 0x40; // random_access_indicator
export const AF_PCR: i32 = 0x10; // PCR_flag

/** adaptation_field_length, flags */
const AF_HEAD: i32 = 2;
const PCR_BYTES: i32 = 6;

/** Header as the u32 that is stored little-endian: sync byte first. */
// @ts-ignore: decorator
@inline
export function packetHeader(pid: i32, start: bool, afc: u32, cc: i32): u32 {
  return SYNC_BYTE | ((start ? 0x40 : 0) | (<u32>pid >> 8)) << 8 | (<u32>pid & 0xff) << 16 | (afc << 4 | <u32>cc) << 24;
}

/** Bytes of an adaptation field with these flags, without stuffing; 0 for none. */
// @ts-ignore: decorator
@inline
export function fieldBytes(flags: i32): i32 {
  return flags == 0 ? 0 : (flags & AF_PCR) != 0 ? AF_HEAD + PCR_BYTES : AF_HEAD;
}

/** program_clock_reference_base(33), reserved(6), program_clock_reference_extension(9) = 0 */
function writePcr(at: usize, base: i64): void {
  storeU32(at, <u32>(base >> 1));
  storeU16(at + 4, (<u32>base & 1) << 15 | 0x7e00);
}

/**
 * Writes an adaptation field that fills `bytes` (1..183, or 184 with AFC_FIELD), stuffed with 0xff.
 */
export function writeField(at: usize, bytes: i32, flags: i32, pcrBase: i64): void {
  store<u8>(at, <u8>(bytes - 1)); // adaptation_field_length
  if (bytes == 1) return;
  store<u8>(at, <u8>flags, 1);
  let used = AF_HEAD;
  if ((flags & AF_PCR) != 0) {
    writePcr(at + 2, pcrBase);
    used += PCR_BYTES;
  }
  memory.fill(at + used, 0xff, bytes - used); // stuffing_byte
}
