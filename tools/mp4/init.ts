import type { FaultLog } from '../check/fault-log.ts'
import { type Box, bodyOffset, fullBox, readBoxes } from './box.ts'
import type { Mp4RuleId } from './rules.ts'
import { parseSampleEntry, type SampleEntry } from './sample-entry.ts'
import { childBoxes } from './structure.ts'

type Log = FaultLog<Mp4RuleId>
type Children = Map<string, Box[]>

/** Defaults of a track's samples. Spec: 14496-12 8.8.3. */
export type Trex = { duration: number; size: number; flags: number }

export type Mp4Track = {
  id: number
  kind: 'video' | 'audio' | 'other'
  timescale: number
  entry: SampleEntry | undefined
  trex: Trex
  offset: number
  /** from tkhd, 16.16 fixed point taken as a number */
  width: number
  height: number
}

const SAMPLE_ENTRIES = new Set(['avc1', 'hvc1', 'hev1', 'mp4a'])
const HANDLERS: Record<
  string,
  { kind: 'video' | 'audio'; header: string; entries: readonly string[] }
> = {
  vide: { kind: 'video', header: 'vmhd', entries: ['avc1', 'hvc1', 'hev1'] },
  soun: { kind: 'audio', header: 'smhd', entries: ['mp4a'] },
}
const IN_MOVIE = 3

/** mvhd, tkhd and mdhd have 32-bit times in version 0, 64-bit ones in version 1. */
const timed = (box: Box, log: Log) => {
  const full = fullBox(box)
  log.expect(full.version <= 1, 'box.version', box.offset, `${box.type} version ${full.version}`)
  const time = () => (full.version === 1 ? full.fields.u64() : full.fields.u32())
  return { ...full, time }
}

const filled = (box: Box, left: number, overrun: boolean, log: Log): void => {
  log.expect(
    !overrun && left === 0,
    'box.fields',
    box.offset,
    `${box.type} is ${overrun ? 'too short' : `${left} bytes too long`}`,
  )
}

const parseMvhd = (box: Box, log: Log): { nextTrack: number } => {
  const { fields, time } = timed(box, log)
  time()
  time()
  const timescale = fields.u32()
  const duration = time()
  fields.skip(76) // rate, volume, reserved, matrix, pre_defined
  const nextTrack = fields.u32()
  filled(box, fields.left, fields.overrun, log)
  log.expect(timescale > 0, 'mvhd.timescale', box.offset, 'timescale 0')
  log.expect(duration === 0, 'mvhd.duration', box.offset, `duration ${duration}`)
  return { nextTrack }
}

const parseTkhd = (box: Box, log: Log) => {
  const { flags, fields, time } = timed(box, log)
  time()
  time()
  const id = fields.u32()
  fields.skip(4)
  const duration = time()
  fields.skip(52) // reserved, layer, alternate_group, volume, reserved, matrix
  const width = fields.u32() / 65536
  const height = fields.u32() / 65536
  filled(box, fields.left, fields.overrun, log)
  log.expect(duration === 0, 'mvhd.duration', box.offset, `tkhd duration ${duration}`)
  log.expect((flags & IN_MOVIE) === IN_MOVIE, 'tkhd.enabled', box.offset, `flags ${flags}`)
  return { id, width, height }
}

const parseMdhd = (box: Box, log: Log): number => {
  const { fields, time } = timed(box, log)
  time()
  time()
  const timescale = fields.u32()
  const duration = time()
  fields.skip(4)
  filled(box, fields.left, fields.overrun, log)
  log.expect(timescale > 0, 'mvhd.timescale', box.offset, 'mdhd timescale 0')
  log.expect(duration === 0, 'mvhd.duration', box.offset, `mdhd duration ${duration}`)
  return timescale
}

/** Data references: one, to this file. Spec: 14496-12 8.7.2. */
const checkDref = (box: Box, log: Log): void => {
  const { fields } = fullBox(box)
  const count = fields.u32()
  const [entry] = readBoxes(box.body.subarray(8), bodyOffset(box) + 8, (offset, message) =>
    log.report('box.size', offset, message),
  )
  const self = count === 1 && entry !== undefined && fullBox(entry).flags === 1
  log.expect(
    self,
    'dref.self',
    box.offset,
    `${count} data references, the first ${entry?.type ?? 'missing'}`,
  )
}

const checkSampleTables = (stbl: Children, log: Log): void => {
  for (const type of ['stts', 'stsc', 'stco', 'stsz']) {
    const box = stbl.get(type)?.[0]
    if (!box) continue
    const { fields } = fullBox(box)
    if (type === 'stsz') fields.u32() // sample_size
    const count = fields.u32()
    log.expect(count === 0, 'stbl.empty', box.offset, `${type} has ${count} entries`)
  }
}

const parseStsd = (box: Box, log: Log): SampleEntry | undefined => {
  const broken = (offset: number, message: string) => log.report('box.size', offset, message)
  const { fields } = fullBox(box)
  const count = fields.u32()
  const entries = readBoxes(box.body.subarray(8), bodyOffset(box) + 8, broken)
  const first = entries[0]
  const known =
    count === 1 && entries.length === 1 && first !== undefined && SAMPLE_ENTRIES.has(first.type)
  log.expect(
    known,
    'stsd.entries',
    box.offset,
    `${count} entries: ${entries.map((entry) => entry.type).join(', ')}`,
  )
  if (!first || !SAMPLE_ENTRIES.has(first.type)) return undefined
  return parseSampleEntry(first, log, (bytes, offset) => readBoxes(bytes, offset, broken))
}

const parseTrak = (trak: Box, log: Log): Mp4Track | undefined => {
  const children = childBoxes(trak, log)
  const tkhdBox = children.get('tkhd')?.[0]
  const mdiaBox = children.get('mdia')?.[0]
  if (!tkhdBox || !mdiaBox) return undefined
  const tkhd = parseTkhd(tkhdBox, log)
  const edts = children.get('edts')?.[0]
  log.expect(
    edts === undefined,
    'edts.none',
    edts?.offset ?? 0,
    `track ${tkhd.id} has an edit list`,
  )
  const mdia = childBoxes(mdiaBox, log)
  const mdhd = mdia.get('mdhd')?.[0]
  const hdlrBox = mdia.get('hdlr')?.[0]
  const minfBox = mdia.get('minf')?.[0]
  const timescale = mdhd ? parseMdhd(mdhd, log) : 0
  let handler = ''
  if (hdlrBox) {
    const { fields } = fullBox(hdlrBox)
    fields.u32()
    handler = fields.fourcc()
  }
  const minf = minfBox ? childBoxes(minfBox, log) : new Map<string, Box[]>()
  const dinf = minf.get('dinf')?.[0]
  const dref = dinf && childBoxes(dinf, log).get('dref')?.[0]
  if (dref) checkDref(dref, log)
  const stblBox = minf.get('stbl')?.[0]
  const stbl = stblBox ? childBoxes(stblBox, log) : new Map<string, Box[]>()
  checkSampleTables(stbl, log)
  const stsd = stbl.get('stsd')?.[0]
  const entry = stsd && parseStsd(stsd, log)
  const kindOf = HANDLERS[handler]
  const fits =
    kindOf !== undefined &&
    minf.has(kindOf.header) &&
    (!entry || kindOf.entries.includes(entry.type))
  log.expect(
    fits,
    'hdlr.type',
    hdlrBox?.offset ?? trak.offset,
    `handler ${JSON.stringify(handler)} with ${entry?.type ?? 'no sample entry'}`,
  )
  return {
    ...tkhd,
    kind: kindOf?.kind ?? 'other',
    timescale,
    entry,
    trex: { duration: 0, size: 0, flags: 0 },
    offset: trak.offset,
  }
}

const parseTrex = (box: Box, tracks: Map<number, Mp4Track>, seen: Set<number>, log: Log): void => {
  const { fields } = fullBox(box)
  const id = fields.u32()
  fields.u32() // default_sample_description_index
  const trex = { duration: fields.u32(), size: fields.u32(), flags: fields.u32() }
  filled(box, fields.left, fields.overrun, log)
  const track = tracks.get(id)
  log.expect(track !== undefined && !seen.has(id), 'trex.track', box.offset, `trex of track ${id}`)
  seen.add(id)
  if (track) track.trex = trex
}

/** moov of a fragmented movie. Spec: 14496-12 8.2.1, 8.8.1. */
export const parseMoov = (moov: Box, log: Log): Map<number, Mp4Track> => {
  const children = childBoxes(moov, log)
  const tracks = new Map<number, Mp4Track>()
  for (const trak of children.get('trak') ?? []) {
    const track = parseTrak(trak, log)
    if (!track) continue
    const unique = track.id > 0 && !tracks.has(track.id)
    log.expect(unique, 'tkhd.id', trak.offset, `track_ID ${track.id}`)
    tracks.set(track.id, track)
  }
  const mvhdBox = children.get('mvhd')?.[0]
  if (mvhdBox) {
    const { nextTrack } = parseMvhd(mvhdBox, log)
    const largest = Math.max(0, ...tracks.keys())
    log.expect(
      nextTrack > largest,
      'mvhd.next-track',
      mvhdBox.offset,
      `next_track_ID ${nextTrack}, tracks up to ${largest}`,
    )
  }
  const mvexBox = children.get('mvex')?.[0]
  const seen = new Set<number>()
  if (mvexBox)
    for (const trex of childBoxes(mvexBox, log).get('trex') ?? [])
      parseTrex(trex, tracks, seen, log)
  for (const id of tracks.keys())
    log.expect(
      seen.has(id),
      'trex.track',
      mvexBox?.offset ?? moov.offset,
      `track ${id} has no trex`,
    )
  return tracks
}

/** Brands that define default-base-is-moof. Spec: 14496-12 Annex E, 23000-19 (CMAF) */
const MODERN_BRANDS = new Set(['iso5', 'iso6', 'iso7', 'iso8', 'iso9', 'cmfc', 'cmf2'])

export const checkFtyp = (box: Box, log: Log): string[] => {
  const { body } = box
  const text = Buffer.from(body).toString('latin1')
  const compatible: string[] = []
  for (let at = 8; at + 4 <= body.length; at += 4) compatible.push(text.slice(at, at + 4))
  const major = text.slice(0, 4)
  log.expect(
    body.length >= 8 && body.length % 4 === 0,
    'box.fields',
    box.offset,
    `ftyp of ${body.length} bytes`,
  )
  const good = compatible.includes(major) && compatible.some((brand) => MODERN_BRANDS.has(brand))
  log.expect(good, 'ftyp.brands', box.offset, `major ${major}, compatible ${compatible.join(' ')}`)
  return [major, ...compatible]
}
