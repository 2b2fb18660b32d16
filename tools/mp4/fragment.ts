import type { FaultLog } from '../check/fault-log.ts'
import { type Box, fullBox } from './box.ts'
import type { Mp4Track } from './init.ts'
import type { Mp4RuleId } from './rules.ts'
import { childBoxes } from './structure.ts'

type Log = FaultLog<Mp4RuleId>

export type Sample = { duration: number; size: number; flags: number; composition: number }

export type TrackRun = {
  track: Mp4Track
  /** baseMediaDecodeTime */
  decodeTime: number
  samples: Sample[]
  /** data_offset of each trun, from the start of moof, with the number of its samples */
  runs: { dataOffset: number | undefined; count: number; offset: number }[]
  offset: number
}

export type Fragment = { sequence: number; runs: TrackRun[]; offset: number }

/** tf_flags. Spec: 14496-12 8.8.7 */
const TFHD = {
  BASE_OFFSET: 1,
  DESCRIPTION: 2,
  DURATION: 8,
  SIZE: 0x10,
  FLAGS: 0x20,
  EMPTY: 0x10000,
  BASE_IS_MOOF: 0x20000,
}
const TFHD_KNOWN = Object.values(TFHD).reduce((all, flag) => all | flag, 0)
/** tr_flags. Spec: 14496-12 8.8.8 */
const TRUN = {
  DATA_OFFSET: 1,
  FIRST_FLAGS: 4,
  DURATION: 0x100,
  SIZE: 0x200,
  FLAGS: 0x400,
  COMPOSITION: 0x800,
}
const TRUN_KNOWN = Object.values(TRUN).reduce((all, flag) => all | flag, 0)

type Defaults = { duration: number; size: number; flags: number }

const parseTfhd = (box: Box, tracks: Map<number, Mp4Track>, log: Log) => {
  const { flags, fields } = fullBox(box)
  const track = tracks.get(fields.u32())
  log.expect(
    (flags & ~TFHD_KNOWN) === 0,
    'box.version',
    box.offset,
    `tf_flags ${flags.toString(16)}`,
  )
  const based = (flags & TFHD.BASE_OFFSET) === 0 && (flags & TFHD.BASE_IS_MOOF) !== 0
  log.expect(based, 'tfhd.base', box.offset, `tf_flags ${flags.toString(16)}`)
  if ((flags & TFHD.BASE_OFFSET) !== 0) fields.u64()
  if ((flags & TFHD.DESCRIPTION) !== 0) fields.u32()
  const defaults: Defaults = { ...(track?.trex ?? { duration: 0, size: 0, flags: 0 }) }
  if ((flags & TFHD.DURATION) !== 0) defaults.duration = fields.u32()
  if ((flags & TFHD.SIZE) !== 0) defaults.size = fields.u32()
  if ((flags & TFHD.FLAGS) !== 0) defaults.flags = fields.u32()
  log.expect(
    !fields.overrun && fields.left === 0,
    'box.fields',
    box.offset,
    'tfhd is not as long as its flags say',
  )
  return { track, defaults }
}

const parseTrun = (box: Box, defaults: Defaults, run: TrackRun, log: Log): void => {
  const { version, flags, fields } = fullBox(box)
  log.expect(
    version <= 1 && (flags & ~TRUN_KNOWN) === 0,
    'box.version',
    box.offset,
    `trun version ${version}, tr_flags ${flags.toString(16)}`,
  )
  const count = fields.u32()
  const dataOffset = (flags & TRUN.DATA_OFFSET) !== 0 ? fields.i32() : undefined
  const firstFlags = (flags & TRUN.FIRST_FLAGS) !== 0 ? fields.u32() : undefined
  log.expect(count > 0, 'trun.present', box.offset, 'trun without samples')
  run.runs.push({ dataOffset, count, offset: box.offset })
  for (let i = 0; i < count && !fields.overrun; i++) {
    const sample: Sample = { ...defaults, composition: 0 }
    if ((flags & TRUN.DURATION) !== 0) sample.duration = fields.u32()
    if ((flags & TRUN.SIZE) !== 0) sample.size = fields.u32()
    if ((flags & TRUN.FLAGS) !== 0) sample.flags = fields.u32()
    else if (i === 0 && firstFlags !== undefined) sample.flags = firstFlags
    if ((flags & TRUN.COMPOSITION) !== 0)
      sample.composition = version === 0 ? fields.u32() : fields.i32()
    run.samples.push(sample)
  }
  log.expect(
    !fields.overrun && fields.left === 0,
    'box.fields',
    box.offset,
    'trun is not as long as its flags and count say',
  )
}

const parseTraf = (traf: Box, tracks: Map<number, Mp4Track>, log: Log): TrackRun | undefined => {
  const children = childBoxes(traf, log)
  const tfhd = children.get('tfhd')?.[0]
  if (!tfhd) return undefined
  const { track, defaults } = parseTfhd(tfhd, tracks, log)
  if (
    !log.expect(track !== undefined, 'tfhd.track', tfhd.offset, 'track_ID is not in moov') ||
    !track
  )
    return undefined
  const run: TrackRun = { track, decodeTime: 0, samples: [], runs: [], offset: traf.offset }
  const tfdt = children.get('tfdt')?.[0]
  log.expect(tfdt !== undefined, 'tfdt.present', traf.offset, `track ${track.id} without tfdt`)
  if (tfdt) {
    const { version, fields } = fullBox(tfdt)
    run.decodeTime = version === 1 ? fields.u64() : fields.u32()
    log.expect(version === 1, 'tfdt.version', tfdt.offset, 'decode time of 32 bits')
    log.expect(
      !fields.overrun && fields.left === 0,
      'box.fields',
      tfdt.offset,
      'tfdt is not as long as its version says',
    )
  }
  const truns = children.get('trun') ?? []
  log.expect(truns.length > 0, 'trun.present', traf.offset, `track ${track.id} without trun`)
  for (const trun of truns) parseTrun(trun, defaults, run, log)
  return run
}

/** moof with its track fragments, defaults resolved. Spec: 14496-12 8.8.4. */
export const parseMoof = (moof: Box, tracks: Map<number, Mp4Track>, log: Log): Fragment => {
  const children = childBoxes(moof, log)
  const mfhd = children.get('mfhd')?.[0]
  const sequence = mfhd ? fullBox(mfhd).fields.u32() : 0
  const runs: TrackRun[] = []
  for (const traf of children.get('traf') ?? []) {
    const run = parseTraf(traf, tracks, log)
    if (!run) continue
    const once = !runs.some((other) => other.track === run.track)
    log.expect(once, 'tfhd.track', traf.offset, `track ${run.track.id} occurs twice`)
    runs.push(run)
  }
  return { sequence, runs, offset: moof.offset }
}
