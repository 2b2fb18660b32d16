import type { FaultLog } from '../check/fault-log.ts'
import { type Box, bodyOffset, readBoxes } from './box.ts'
import type { Mp4RuleId } from './rules.ts'

/** Children of a container: those that must be there, those that may, and which of them may occur more than once. */
type Content = {
  required: readonly string[]
  optional?: readonly string[]
  many?: readonly string[]
}

/** Spec: 14496-12 Table 1, for a fragmented movie. */
const CONTENTS: Record<string, Content> = {
  moov: {
    required: ['mvhd', 'trak', 'mvex'],
    optional: ['udta', 'meta', 'free'],
    many: ['trak', 'free'],
  },
  trak: {
    required: ['tkhd', 'mdia'],
    optional: ['edts', 'udta', 'meta', 'tref', 'free'],
    many: ['free'],
  },
  mdia: { required: ['mdhd', 'hdlr', 'minf'], optional: ['elng', 'free'], many: ['free'] },
  minf: {
    required: ['dinf', 'stbl'],
    optional: ['vmhd', 'smhd', 'nmhd', 'sthd', 'free'],
    many: ['free'],
  },
  dinf: { required: ['dref'] },
  stbl: {
    required: ['stsd', 'stts', 'stsc', 'stco'],
    optional: ['stsz', 'stz2', 'stss', 'ctts', 'sgpd', 'sbgp', 'free'],
    many: ['sgpd', 'sbgp', 'free'],
  },
  mvex: { required: ['trex'], optional: ['mehd', 'trep', 'free'], many: ['trex', 'free'] },
  moof: {
    required: ['mfhd', 'traf'],
    optional: ['free', 'pssh', 'meta'],
    many: ['traf', 'free', 'pssh'],
  },
  traf: {
    required: ['tfhd', 'trun'],
    optional: ['tfdt', 'sbgp', 'sgpd', 'subs', 'saiz', 'saio', 'senc', 'free'],
    many: ['trun', 'sbgp', 'sgpd', 'free'],
  },
}

/** Child boxes of a container, judged against the table above. */
export const childBoxes = (parent: Box, log: FaultLog<Mp4RuleId>): Map<string, Box[]> => {
  const boxes = readBoxes(parent.body, bodyOffset(parent), (offset, message) =>
    log.report('box.size', offset, message),
  )
  const byType = new Map<string, Box[]>()
  for (const box of boxes) byType.set(box.type, [...(byType.get(box.type) ?? []), box])
  const content = CONTENTS[parent.type]
  if (!content) return byType
  const { required, optional = [], many = [] } = content
  // an absent trun is judged with its own rule
  for (const type of required)
    if (type !== 'trun')
      log.expect(byType.has(type), 'box.required', parent.offset, `${parent.type} without ${type}`)
  for (const [type, found] of byType) {
    const known = required.includes(type) || optional.includes(type)
    log.expect(known, 'box.unknown', found[0]!.offset, `${JSON.stringify(type)} in ${parent.type}`)
    const single = found.length === 1 || many.includes(type) || !known
    log.expect(single, 'box.once', found[0]!.offset, `${found.length} ${type} in ${parent.type}`)
  }
  return byType
}
