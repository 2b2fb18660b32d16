/** Program tables: one program, one packet each. Spec: 13818-1 2.4.4 */
import { crc32 } from '../bits/crc32-mpeg';
import { storeU16, storeU32 } from '../mem/copy';
import {
  AFC_PAYLOAD, PACKET_BYTES, packetHeader, PID_AUDIO, PID_PAT, PID_PMT, PID_VIDEO,
} from './packet';

// stream_type. Spec: 13818-1 Table 2-34
export const STREAM_AAC: i32 = 0x0f; // ADTS
export const STREAM_H264: i32 = 0x1b;
export const STREAM_H265: i32 = 0x24;

const TABLE_PAT: i32 = 0;
const TABLE_PMT: i32 = 2;
const PROGRAM: i32 = 1;
const STREAM_ID: i32 = 1; // transport_stream_id
const DESCRIPTOR_REGISTRATION: i32 = 5; // registration_descriptor. Spec: 13818-1 2.6.8
const HEVC: u32 = 0x48455643; // format_identifier; VLC and older Apple players look for it

/**
 * table_id .. last_section_number; returns the first byte behind. section_length is patched by
 * finish().
 */
function beginSection(at: usize, table: i32, extension: i32, version: i32): usize {
  store<u8>(at, 0); // pointer_field
  store<u8>(at, <u8>table, 1); // table_id
  storeU16(at + 4, extension); // transport_stream_id or program_number
  // reserved(2), version_number(5), current_next_indicator
  store<u8>(at, <u8>(0xc1 | (version << 1)), 6);
  store<u8>(at, 0, 7); // section_number
  store<u8>(at, 0, 8); // last_section_number
  return at + 9;
}

/** section_length, CRC_32 and stuffing up to the packet's end. */
function finish(section: usize, end: usize, packetEnd: usize): void {
  const length = <i32>(end - section) - 3 + 4; // behind section_length, CRC included
  // section_syntax_indicator, '0', reserved(2), section_length(12)
  storeU16(section + 1, 0xb000 | length);
  storeU32(end, crc32(section, <i32>(end - section)));
  memory.fill(end + 4, 0xff, packetEnd - end - 4);
}

/** program_association_section */
export function writePat(packet: usize, cc: i32): void {
  store<u32>(packet, packetHeader(PID_PAT, true, AFC_PAYLOAD, cc));
  const at = beginSection(packet + 4, TABLE_PAT, STREAM_ID, 0);
  storeU16(at, PROGRAM); // program_number
  storeU16(at + 2, 0xe000 | PID_PMT); // reserved(3), program_map_PID
  finish(packet + 5, at + 4, packet + PACKET_BYTES);
}

function writeStream(at: usize, type: i32, pid: i32, hevc: bool): usize {
  store<u8>(at, <u8>type); // stream_type
  storeU16(at + 1, 0xe000 | pid); // reserved(3), elementary_PID
  storeU16(at + 3, 0xf000 | (hevc ? 6 : 0)); // reserved(4), ES_info_length
  if (!hevc) return at + 5;
  store<u8>(at, <u8>DESCRIPTOR_REGISTRATION, 5); // descriptor_tag
  store<u8>(at, 4, 6); // descriptor_length
  storeU32(at + 7, HEVC);
  return at + 11;
}

/**
 * TS_program_map_section; a stream type of 0 leaves the track out. The version tells a receiver
 * that reads slice after slice that audio came or went: 0 without, 1 with.
 */
export function writePmt(packet: usize, cc: i32, videoType: i32, audioType: i32): void {
  store<u32>(packet, packetHeader(PID_PMT, true, AFC_PAYLOAD, cc));
  let at = beginSection(packet + 4, TABLE_PMT, PROGRAM, videoType != 0 && audioType != 0 ? 1 : 0);
  storeU16(at, 0xe000 | (videoType != 0 ? PID_VIDEO : PID_AUDIO)); // reserved(3), PCR_PID
  storeU16(at + 2, 0xf000); // reserved(4), program_info_length
  at += 4;
  if (videoType != 0) at = writeStream(at, videoType, PID_VIDEO, videoType == STREAM_H265);
  if (audioType != 0) at = writeStream(at, audioType, PID_AUDIO, false);
  finish(packet + 5, at, packet + PACKET_BYTES);
}
