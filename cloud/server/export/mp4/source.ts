import {
  ExportFault,
  type Group,
  type Sample,
  type SliceTracks,
  type TrackConfig,
  VIDEO_TIMESCALE,
} from '../sample.ts'
import { type Box, BoxReader, findBox, readBoxes } from './box.ts'

type Track = {
  id: number
  kind: 'video' | 'audio'
  timescale: number
  entry: Uint8Array
  defaults: { duration: number; size: number; flags: number }
}

const IS_NOT_SYNC = 0x10000

/** `tkhd` and `mdhd` have times before what is looked for, of 64 bits in version 1. */
const afterTimes = (box: Box): BoxReader => {
  const reader = new BoxReader(box)
  return reader.skip(reader.version === 1 ? 16 : 8)
}

const readTrack = (trak: Box, moov: Box): Track | undefined => {
  const header = findBox(trak.body, 'tkhd')
  const media = findBox(trak.body, 'mdia', 'mdhd')
  const handler = findBox(trak.body, 'mdia', 'hdlr')
  const stsd = findBox(trak.body, 'mdia', 'minf', 'stbl', 'stsd')
  if (!header || !media || !handler || !stsd) return undefined
  const kinds: Record<string, Track['kind']> = { vide: 'video', soun: 'audio' }
  const kind = kinds[Buffer.from(handler.body.subarray(8, 12)).toString('latin1')]
  const entry = readBoxes(stsd.body.subarray(8))[0]
  if (!kind || !entry) return undefined
  const id = afterTimes(header).u32()
  const trex = readBoxes(findBox(moov.body, 'mvex')?.body ?? new Uint8Array())
    .filter(({ type }) => type === 'trex')
    .map((one) => new BoxReader(one))
    .find((reader) => reader.u32() === id)
  trex?.skip(4)
  return {
    id,
    kind,
    timescale: afterTimes(media).u32(),
    entry: stsd.body.subarray(8 + entry.start, 8 + entry.start + entry.size),
    defaults: {
      duration: trex?.u32() ?? 0,
      size: trex?.u32() ?? 0,
      flags: trex?.u32() ?? 0,
    },
  }
}

const outTimescale = ({ kind, timescale }: Track): number =>
  kind === 'video' ? VIDEO_TIMESCALE : timescale

/** Reads fMP4 slices: the init segment once, then fragments. Spec: 14496-12 8.8. */
export class Mp4Source {
  readonly #tracks: Track[]
  readonly tracks: SliceTracks

  constructor(init: Uint8Array) {
    const moov = findBox(init, 'moov')
    if (!moov) throw new ExportFault('a slice has no init segment')
    this.#tracks = readBoxes(moov.body)
      .filter(({ type }) => type === 'trak')
      .flatMap((trak) => readTrack(trak, moov) ?? [])
    const config = (kind: Track['kind']): TrackConfig | undefined => {
      const track = this.#tracks.find((one) => one.kind === kind)
      return track && { timescale: outTimescale(track), entry: track.entry }
    }
    const video = config('video')
    if (!video) throw new ExportFault('a slice has no video')
    this.tracks = { video, audio: config('audio') }
  }

  /** Samples of whole fragments. */
  read(bytes: Uint8Array): Group {
    const group: Group = { video: [], audio: [] }
    for (const moof of readBoxes(bytes))
      if (moof.type === 'moof')
        for (const traf of readBoxes(moof.body))
          if (traf.type === 'traf') this.#readTraf(bytes, moof, traf, group)
    return group
  }

  #readTraf(bytes: Uint8Array, moof: Box, traf: Box, group: Group): void {
    const boxes = readBoxes(traf.body)
    const head = boxes.find(({ type }) => type === 'tfhd')
    const time = boxes.find(({ type }) => type === 'tfdt')
    if (!head || !time) throw new ExportFault('a fragment has no time')
    const tfhd = new BoxReader(head)
    const id = tfhd.u32()
    const track = this.#tracks.find((one) => one.id === id)
    if (!track) return
    // Spec: 14496-12 8.8.7: what is there, in this order
    if (tfhd.flags & 0x1) tfhd.skip(8)
    if (tfhd.flags & 0x2) tfhd.skip(4)
    const duration = tfhd.flags & 0x8 ? tfhd.u32() : track.defaults.duration
    const size = tfhd.flags & 0x10 ? tfhd.u32() : track.defaults.size
    const flags = tfhd.flags & 0x20 ? tfhd.u32() : track.defaults.flags
    const tfdt = new BoxReader(time)
    let dts = tfdt.version === 1 ? tfdt.u64() : tfdt.u32()
    let at = moof.start + moof.size + 8
    for (const run of boxes.filter(({ type }) => type === 'trun')) {
      const trun = new BoxReader(run)
      const count = trun.u32()
      if (trun.flags & 0x1) at = moof.start + trun.i32()
      const first = trun.flags & 0x4 ? trun.u32() : undefined
      for (let number = 0; number < count; number++) {
        const own = {
          duration: trun.flags & 0x100 ? trun.u32() : duration,
          size: trun.flags & 0x200 ? trun.u32() : size,
          flags: trun.flags & 0x400 ? trun.u32() : (number === 0 && first) || flags,
          offset: 0,
        }
        // signed in version 1; in version 0 offsets are small enough to be either
        if (trun.flags & 0x800) own.offset = trun.i32()
        if (at + own.size > bytes.length) throw new ExportFault('a fragment is not whole')
        group[track.kind].push(sampleOf(track, dts, own, bytes.subarray(at, at + own.size)))
        at += own.size
        dts += own.duration
      }
    }
  }
}

/** Times are scaled from the track's start, not added up: rounding does not gather. */
const sampleOf = (
  track: Track,
  dts: number,
  { duration, flags, offset }: { duration: number; flags: number; offset: number },
  data: Uint8Array,
): Sample => {
  const scale = outTimescale(track) / track.timescale
  const start = Math.round(dts * scale)
  return {
    data,
    dts: start,
    offset: Math.round(offset * scale),
    duration: Math.round((dts + duration) * scale) - start,
    isSync: track.kind === 'audio' || (flags & IS_NOT_SYNC) === 0,
  }
}
