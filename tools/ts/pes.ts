/** PTS and DTS count 90 kHz in 33 bits. Spec: 13818-1 2.4.3.7 */
export const PTS_WRAP = 2 ** 33
export const PTS_HZ = 90_000

/** Everything of a PES header that can be wrong. Spec: 13818-1 2.4.3.6. */
export type PesHeader = {
  startCodeOk: boolean
  streamId: number
  /** PES_packet_length; 0 is unbounded */
  length: number
  /** '10' before PES_scrambling_control */
  markerOk: boolean
  scrambling: number
  dataAlignment: boolean
  /** PTS_DTS_flags: 2 PTS, 3 PTS and DTS, 0 none, 1 forbidden */
  timeFlags: number
  pts?: number
  dts?: number
  /** prefixes '0010', '0011', '0001' and marker bits of both time stamps */
  timeMarkersOk: boolean
  /** fields fit into PES_header_data_length */
  lengthOk: boolean
  stuffingOk: boolean
  /** bytes before the elementary stream */
  headerBytes: number
}

const parseTime = (bytes: Uint8Array, at: number): number =>
  (((bytes[at]! >> 1) & 7) * 2 ** 30 +
    (bytes[at + 1]! << 22) +
    ((bytes[at + 2]! >> 1) << 15) +
    (bytes[at + 3]! << 7) +
    (bytes[at + 4]! >> 1)) %
  PTS_WRAP

const timeMarkersOk = (bytes: Uint8Array, at: number, prefix: number): boolean =>
  bytes[at]! >> 4 === prefix &&
  (bytes[at]! & 1) === 1 &&
  (bytes[at + 2]! & 1) === 1 &&
  (bytes[at + 4]! & 1) === 1

/** The header at the start of `bytes`; undefined when they are too few. */
export const parsePesHeader = (bytes: Uint8Array): PesHeader | undefined => {
  if (bytes.length < 9) return undefined
  const dataLength = bytes[8]!
  const headerBytes = 9 + dataLength
  const timeFlags = bytes[7]! >> 6
  const header: PesHeader = {
    startCodeOk: bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 1,
    streamId: bytes[3]!,
    length: (bytes[4]! << 8) | bytes[5]!,
    markerOk: bytes[6]! >> 6 === 2,
    scrambling: (bytes[6]! >> 4) & 3,
    dataAlignment: (bytes[6]! & 4) !== 0,
    timeFlags,
    timeMarkersOk: true,
    lengthOk: headerBytes <= bytes.length,
    stuffingOk: true,
    headerBytes,
  }
  if (!header.lengthOk) return header
  const timeBytes = timeFlags === 3 ? 10 : timeFlags === 2 ? 5 : 0
  if (timeBytes > dataLength) {
    header.lengthOk = false
    return header
  }
  if (timeBytes > 0) {
    header.pts = parseTime(bytes, 9)
    header.timeMarkersOk = timeMarkersOk(bytes, 9, timeFlags)
  }
  if (timeFlags === 3) {
    header.dts = parseTime(bytes, 14)
    header.timeMarkersOk &&= timeMarkersOk(bytes, 14, 1)
  }
  // the other optional fields do not occur in what cameras or our muxer write, so the rest must be stuffing
  if ((bytes[7]! & 0x3f) === 0)
    for (let at = 9 + timeBytes; at < headerBytes; at++)
      if (bytes[at] !== 0xff) header.stuffingOk = false
  return header
}

/** Difference of two 33-bit times, in -2^32 .. 2^32. */
export const ptsDifference = (a: number, b: number): number => {
  const difference = (((a - b) % PTS_WRAP) + PTS_WRAP) % PTS_WRAP
  return difference >= PTS_WRAP / 2 ? difference - PTS_WRAP : difference
}
