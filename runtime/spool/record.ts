import { readSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/**
 * One record of a spool file. Numbers are little-endian.
 *
 *     0        4      8             12            16         20          24
 *     | magic  | kind | JSON length | data length | data CRC | head CRC  | JSON … | data … |
 *
 * The head's checksum covers the five numbers before it and the JSON, the data has its own: a file can be looked through without reading its video.
 */
export const HEAD_BYTES = 24
const MAGIC = 0x4c53_4b53
/** What is longer was not written by us. */
const JSON_MAX_BYTES = 256 * 1024
const DATA_MAX_BYTES = 64 * 1024 * 1024

export const RECORD_BEGIN = 1
export const RECORD_CHUNK = 2
export const RECORD_END = 3

export type SpoolRecord = {
  kind: number
  json: unknown
  /** where in the file its data lies */
  dataAt: number
  dataBytes: number
  dataCrc: number
  /** where in the file the record ends */
  end: number
}

/** The parts of a record, to be written one after the other. */
export const recordParts = (
  kind: number,
  json: unknown,
  data: readonly Uint8Array[] = [],
): Uint8Array[] => {
  const text = Buffer.from(JSON.stringify(json))
  let bytes = 0
  let crc = 0
  for (const view of data) {
    bytes += view.length
    crc = crc32(view, crc)
  }
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(kind, 4)
  head.writeUInt32LE(text.length, 8)
  head.writeUInt32LE(bytes, 12)
  head.writeUInt32LE(crc, 16)
  head.writeUInt32LE(crc32(text, crc32(head.subarray(0, 20))), 20)
  return [head, text, ...data]
}

/** Reads exactly so many bytes; undefined when the file ends before. */
export const readExactly = (fd: number, at: number, bytes: number): Buffer | undefined => {
  const out = Buffer.allocUnsafe(bytes)
  for (let got = 0; got < bytes; ) {
    const more = readSync(fd, out, got, bytes - got, at + got)
    if (more === 0) return undefined
    got += more
  }
  return out
}

/** The record at a place of a file; undefined when there is none, or one that is torn or damaged. Its data is not looked at. */
export const readRecord = (fd: number, at: number, fileBytes: number): SpoolRecord | undefined => {
  if (at + HEAD_BYTES > fileBytes) return undefined
  const head = readExactly(fd, at, HEAD_BYTES)
  if (head?.readUInt32LE(0) !== MAGIC) return undefined
  const jsonBytes = head.readUInt32LE(8)
  const dataBytes = head.readUInt32LE(12)
  const dataAt = at + HEAD_BYTES + jsonBytes
  if (jsonBytes > JSON_MAX_BYTES || dataBytes > DATA_MAX_BYTES) return undefined
  if (dataAt + dataBytes > fileBytes) return undefined
  const text = readExactly(fd, at + HEAD_BYTES, jsonBytes)
  if (!text || crc32(text, crc32(head.subarray(0, 20))) !== head.readUInt32LE(20)) return undefined
  return {
    kind: head.readUInt32LE(4),
    json: JSON.parse(text.toString()),
    dataAt,
    dataBytes,
    dataCrc: head.readUInt32LE(16),
    end: dataAt + dataBytes,
  }
}

/** Data of a record; undefined when it is not what was written. */
export const readData = (fd: number, record: SpoolRecord): Buffer | undefined => {
  const data = readExactly(fd, record.dataAt, record.dataBytes)
  return data && crc32(data) === record.dataCrc ? data : undefined
}
