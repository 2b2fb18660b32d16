/** CRC-32/MPEG-2, bit by bit: the slow textbook form, since the muxer has a table. Spec: 13818-1 Annex A. */
export const crc32Mpeg = (bytes: Uint8Array): number => {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  return crc >>> 0
}

export const TABLE_ID_PAT = 0x00
export const TABLE_ID_PMT = 0x02
/** section_length of PAT and PMT is at most 1021. Spec: 13818-1 2.4.4.5, 2.4.4.9 */
export const SECTION_LENGTH_MAX = 1021
const SECTION_HEADER_BYTES = 8
const CRC_BYTES = 4

/** What every long-form section begins and ends with. Spec: 13818-1 2.4.4.3, 2.4.4.8. */
export type Section = {
  tableId: number
  syntaxIndicator: number
  /** the bit behind it, '0' */
  zeroBit: number
  /** reserved bits before section_length and before version_number, both '11' */
  reserved1: number
  reserved2: number
  length: number
  extension: number
  version: number
  currentNext: number
  number: number
  lastNumber: number
  crcOk: boolean
  body: Uint8Array
}

/** A complete section: `bytes` reaches from table_id to the end of the CRC. */
export const parseSection = (bytes: Uint8Array): Section | undefined => {
  if (bytes.length < SECTION_HEADER_BYTES + CRC_BYTES) return undefined
  return {
    tableId: bytes[0]!,
    syntaxIndicator: bytes[1]! >> 7,
    zeroBit: (bytes[1]! >> 6) & 1,
    reserved1: (bytes[1]! >> 4) & 3,
    length: ((bytes[1]! & 15) << 8) | bytes[2]!,
    extension: (bytes[3]! << 8) | bytes[4]!,
    reserved2: bytes[5]! >> 6,
    version: (bytes[5]! >> 1) & 31,
    currentNext: bytes[5]! & 1,
    number: bytes[6]!,
    lastNumber: bytes[7]!,
    crcOk: crc32Mpeg(bytes) === 0,
    body: bytes.subarray(SECTION_HEADER_BYTES, bytes.length - CRC_BYTES),
  }
}

export type PatEntry = { program: number; pid: number; reserved: number }

/** Spec: 13818-1 2.4.4.3. Undefined when the body is not whole entries. */
export const parsePat = (body: Uint8Array): PatEntry[] | undefined => {
  if (body.length % 4 !== 0) return undefined
  const entries: PatEntry[] = []
  for (let at = 0; at < body.length; at += 4)
    entries.push({
      program: (body[at]! << 8) | body[at + 1]!,
      reserved: body[at + 2]! >> 5,
      pid: ((body[at + 2]! & 31) << 8) | body[at + 3]!,
    })
  return entries
}

export type Descriptor = { tag: number; data: Uint8Array }
export type PmtStream = {
  type: number
  pid: number
  reservedOk: boolean
  descriptors: Descriptor[]
}
export type Pmt = {
  pcrPid: number
  reservedOk: boolean
  descriptors: Descriptor[]
  streams: PmtStream[]
}

const parseDescriptors = (bytes: Uint8Array): Descriptor[] | undefined => {
  const descriptors: Descriptor[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1]
    if (length === undefined || at + 2 + length > bytes.length) return undefined
    descriptors.push({ tag: bytes[at]!, data: bytes.subarray(at + 2, at + 2 + length) })
    at += 2 + length
  }
  return descriptors
}

/** Spec: 13818-1 2.4.4.8. Undefined when loops do not add up. */
export const parsePmt = (body: Uint8Array): Pmt | undefined => {
  if (body.length < 4) return undefined
  const infoLength = ((body[2]! & 15) << 8) | body[3]!
  const descriptors = parseDescriptors(body.subarray(4, 4 + infoLength))
  if (!descriptors || 4 + infoLength > body.length) return undefined
  const pmt: Pmt = {
    pcrPid: ((body[0]! & 31) << 8) | body[1]!,
    reservedOk: body[0]! >> 5 === 7 && body[2]! >> 4 === 15,
    descriptors,
    streams: [],
  }
  for (let at = 4 + infoLength; at < body.length; ) {
    if (at + 5 > body.length) return undefined
    const length = ((body[at + 3]! & 15) << 8) | body[at + 4]!
    const own = parseDescriptors(body.subarray(at + 5, at + 5 + length))
    if (!own || at + 5 + length > body.length) return undefined
    pmt.streams.push({
      type: body[at]!,
      pid: ((body[at + 1]! & 31) << 8) | body[at + 2]!,
      reservedOk: body[at + 1]! >> 5 === 7 && body[at + 3]! >> 4 === 15,
      descriptors: own,
    })
    at += 5 + length
  }
  return pmt
}

/** stream_type. Spec: 13818-1 Table 2-34. */
export const STREAM_TYPES: Record<number, string> = {
  1: 'mpeg1video',
  2: 'mpeg2video',
  3: 'mpeg1audio',
  4: 'mpeg2audio',
  15: 'aac',
  17: 'aac-latm',
  27: 'h264',
  36: 'h265',
}
