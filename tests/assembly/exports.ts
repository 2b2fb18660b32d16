/** Entry of asconfig's target `test`: the ABI, and internals under names that say where they are from. */
export * from '../../assembly/index';

// bits
export { openReader, readBits, readFlag, readUe, readSe, skipBits, bitsLeft, moreRbspData } from '../../assembly/bits/reader';
import { readerFailed } from '../../assembly/bits/reader';
export function reader_failed(): bool { return readerFailed; }
export { initCrc32, crc32 } from '../../assembly/bits/crc32-mpeg';

// nal
export { nextStartCode, startCodeNear, trimZeros, countUnits } from '../../assembly/nal/start-code';
export { unescape, rbspAddress } from '../../assembly/nal/rbsp';
export { clearSets, storeSet, findSet, setCount, setAddress, setLength, setKind, setsBytes } from '../../assembly/nal/parameter-sets';
export { makeSample, sampleLength } from '../../assembly/nal/length-prefix';
export { clearUnits, addUnit, unitAt } from '../../assembly/nal/unit-list';

// h264
import { parseSps as parseH264Sps, Sps as H264Sps } from '../../assembly/h264/sps';
const h264Sps = changetype<H264Sps>(memory.data(offsetof<H264Sps>(), 8));
export function h264_parse_sps(at: usize, length: i32): i32 { return parseH264Sps(at, length, h264Sps); }
export function h264_sps(): usize { return changetype<usize>(h264Sps); }
import { parseSliceStart, SliceHeader } from '../../assembly/h264/slice-header';
const sliceHeader = changetype<SliceHeader>(memory.data(offsetof<SliceHeader>(), 8));
export function h264_parse_slice(at: usize, end: usize): i32 { return parseSliceStart(at, end, sliceHeader); }
export function h264_slice(): usize { return changetype<usize>(sliceHeader); }
export { parsePps as h264_parse_pps } from '../../assembly/h264/pps';
import { beginsPicture } from '../../assembly/h264/boundary';
export function h264_begins_picture(a: usize, b: usize): bool { return beginsPicture(changetype<SliceHeader>(a), changetype<SliceHeader>(b)); }

// h265
import { parseSps as parseH265Sps, Sps as H265Sps } from '../../assembly/h265/sps';
import { ProfileTierLevel } from '../../assembly/h265/profile-tier-level';
const h265Sps = changetype<H265Sps>(memory.data(offsetof<H265Sps>(), 8));
const h265Ptl = memory.data(offsetof<ProfileTierLevel>(), 8);
export function h265_parse_sps(at: usize, length: i32): i32 { h265Sps.ptl = h265Ptl; return parseH265Sps(at, length, h265Sps); }
export function h265_sps(): usize { return changetype<usize>(h265Sps); }
export function h265_ptl(): usize { return h265Ptl; }
export { parsePps as h265_parse_pps } from '../../assembly/h265/pps';
export { parseVps as h265_parse_vps } from '../../assembly/h265/vps';

// ts
export { writePat, writePmt } from '../../assembly/ts/psi';
export { writeField, packetHeader } from '../../assembly/ts/packet';
export { writePesHeader } from '../../assembly/ts/pes';
export { pcrOf, ptsOf, ticksOf } from '../../assembly/ts/clock';
export { copyPayloads } from '../../assembly/ts/payload';
import { payloadFrom, payloadTo, payloadCc } from '../../assembly/ts/payload';
export function payload_from(): usize { return payloadFrom; }
export function payload_to(): usize { return payloadTo; }
export function payload_cc(): i32 { return payloadCc; }

// mem
export { copyForward } from '../../assembly/mem/copy';
export { openSink, put8, put16, put24, put32, put64, putZeros, patch32 } from '../../assembly/mem/sink';
import { sinkFailed, sinkLength } from '../../assembly/mem/sink';
export function sink_failed(): bool { return sinkFailed; }
export function sink_length(): i32 { return sinkLength; }

// audio
export { parseAdts } from '../../assembly/audio/adts';
export { frequencyIndex, frequencyOf } from '../../assembly/audio/sampling-frequency';
export { audioSpecificConfig } from '../../assembly/fmp4/esds';
