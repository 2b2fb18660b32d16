import { type SliceTracks, type TrackConfig, VIDEO_TIMESCALE } from '../sample.ts'
import { box, bytesOf, fullBox, type Part, u8, u16, u32, u64, zeros } from './box.ts'

export const VIDEO_TRACK = 1
export const AUDIO_TRACK = 2
const MOVIE_TIMESCALE = 1000

/** Identity, as 16.16 and 2.30 fixed point. Spec: 14496-12 8.2.2. */
const MATRIX = [...u32(0x10000), ...zeros(12), ...u32(0x10000), ...zeros(12), ...u32(0x40000000)]
/** `und`, three letters of five bits. Spec: 14496-12 8.4.2. */
const LANGUAGE = 0x55c4

const EMPTY_TABLES = [
  fullBox('stts', 0, 0, u32(0)),
  fullBox('stsc', 0, 0, u32(0)),
  fullBox('stsz', 0, 0, u32(0), u32(0)),
  fullBox('stco', 0, 0, u32(0)),
]

const trak = (
  id: number,
  { timescale, entry }: TrackConfig,
  size: { width: number; height: number } | undefined,
): Uint8Array => {
  const handler = size ? 'vide' : 'soun'
  const header: Part = size ? fullBox('vmhd', 0, 1, zeros(8)) : fullBox('smhd', 0, 0, zeros(4))
  return box(
    'trak',
    // enabled, in the movie, in the preview
    fullBox(
      'tkhd',
      0,
      7,
      zeros(8),
      u32(id),
      zeros(8),
      zeros(8),
      u16(0),
      u16(0),
      u16(size ? 0 : 0x100),
      u16(0),
      MATRIX,
      u32((size?.width ?? 0) * 0x10000),
      u32((size?.height ?? 0) * 0x10000),
    ),
    box(
      'mdia',
      fullBox('mdhd', 0, 0, zeros(8), u32(timescale), u32(0), u16(LANGUAGE), u16(0)),
      fullBox('hdlr', 0, 0, u32(0), handler, zeros(12), size ? 'video' : 'audio', u8(0)),
      box(
        'minf',
        header,
        box('dinf', fullBox('dref', 0, 0, u32(1), fullBox('url ', 0, 1))),
        box('stbl', fullBox('stsd', 0, 0, u32(1), entry), ...EMPTY_TABLES),
      ),
    ),
  )
}

const trex = (id: number): Uint8Array =>
  fullBox('trex', 0, 0, u32(id), u32(1), u32(0), u32(0), u32(0))

/**
 * Head of a fragmented file. Spec: 14496-12 8.1, 8.8. Its length does not depend on the duration, so that it can be written
 * again when that is known.
 */
export const initSegment = (
  { video, audio }: SliceTracks,
  size: { width: number; height: number },
  durationMs: number,
): Uint8Array =>
  bytesOf(
    box('ftyp', 'iso6', u32(1), 'iso6', 'mp41', 'dash'),
    box(
      'moov',
      fullBox(
        'mvhd',
        0,
        0,
        zeros(8),
        u32(MOVIE_TIMESCALE),
        u32(0),
        u32(0x10000),
        u16(0x100),
        zeros(10),
        MATRIX,
        zeros(24),
        u32(audio ? AUDIO_TRACK + 1 : VIDEO_TRACK + 1),
      ),
      trak(VIDEO_TRACK, video, size),
      ...(audio ? [trak(AUDIO_TRACK, audio, undefined)] : []),
      box(
        'mvex',
        fullBox('mehd', 1, 0, u64(Math.round((durationMs * MOVIE_TIMESCALE) / 1000))),
        trex(VIDEO_TRACK),
        ...(audio ? [trex(AUDIO_TRACK)] : []),
      ),
    ),
  )

export type IndexEntry = { bytes: number; durationTicks: number }
const SIDX_HEAD_BYTES = 40
const SIDX_ENTRY_BYTES = 12
/** Spec: 14496-12 8.16.3: the count has 16 bits. */
const ENTRIES_MAX = 65_535

/** Room for an index of so many fragments; what is left of it is a `free` box. */
export const indexRoom = (entries: number): number =>
  SIDX_HEAD_BYTES + SIDX_ENTRY_BYTES * Math.min(ENTRIES_MAX, entries) + 8

/**
 * Where each fragment lies, so that players find their way without reading all of the file. Each begins with a picture that can be decoded by
 * itself (SAP type 1). Spec: 14496-12 8.16.3.
 */
export const segmentIndex = (given: readonly IndexEntry[], roomBytes: number): Uint8Array => {
  // with more fragments than an index can have, several are one entry
  const stride = Math.max(1, Math.ceil(given.length / ENTRIES_MAX))
  const entries: IndexEntry[] = []
  for (let at = 0; at < given.length; at += stride) {
    const part = given.slice(at, at + stride)
    entries.push({
      bytes: part.reduce((sum, entry) => sum + entry.bytes, 0),
      durationTicks: part.reduce((sum, entry) => sum + entry.durationTicks, 0),
    })
  }
  const bytes = SIDX_HEAD_BYTES + SIDX_ENTRY_BYTES * entries.length
  const rest = roomBytes - bytes
  if (rest < 8) throw new Error('the index has no room')
  return bytesOf(
    fullBox(
      'sidx',
      1,
      0,
      u32(VIDEO_TRACK),
      u32(VIDEO_TIMESCALE),
      u64(0),
      u64(rest),
      u16(0),
      u16(entries.length),
      entries.flatMap((entry) => [
        ...u32(entry.bytes),
        ...u32(entry.durationTicks),
        ...u32(0x90000000),
      ]),
    ),
    box('free', zeros(rest - 8)),
  )
}
