import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { isMain } from './cli/main-module.ts'
import { type Box, bodyOffset, CONTAINERS, type FullBox, fullBox, readBoxes } from './mp4/box.ts'
import { Cursor } from './mp4/cursor.ts'
import { parsePrft } from './mp4/prft.ts'

/** Bytes before the child boxes of the boxes that have both fields and children. Spec: 14496-12 8.5.2, 8.7.2, 12.1.3, 12.2.3 */
const CHILDREN_AT: Record<string, number> = {
  stsd: 8,
  dref: 8,
  avc1: 78,
  hvc1: 78,
  hev1: 78,
  mp4a: 28,
}

const time = ({ version, fields }: FullBox): number => (version === 1 ? fields.u64() : fields.u32())

type Describe = (full: FullBox, box: Box) => string

const trun: Describe = ({ version, flags, fields }) => {
  const count = fields.u32()
  const head = [`${count} samples`]
  if ((flags & 1) !== 0) head.push(`data_offset ${fields.i32()}`)
  if ((flags & 4) !== 0) head.push(`first_sample_flags ${fields.u32().toString(16)}`)
  const samples: string[] = []
  for (let i = 0; i < count && !fields.overrun; i++) {
    const parts: string[] = []
    if ((flags & 0x100) !== 0) parts.push(`duration ${fields.u32()}`)
    if ((flags & 0x200) !== 0) parts.push(`size ${fields.u32()}`)
    if ((flags & 0x400) !== 0) parts.push(`flags ${fields.u32().toString(16)}`)
    if ((flags & 0x800) !== 0)
      parts.push(`composition ${version === 0 ? fields.u32() : fields.i32()}`)
    samples.push(`\n    ${i}  ${parts.join('  ')}`)
  }
  return `${head.join('  ')}${samples.join('')}`
}

const tfhd: Describe = ({ flags, fields }) => {
  const parts = [`track ${fields.u32()}`]
  if ((flags & 1) !== 0) parts.push(`base ${fields.u64()}`)
  if ((flags & 2) !== 0) parts.push(`description ${fields.u32()}`)
  if ((flags & 8) !== 0) parts.push(`duration ${fields.u32()}`)
  if ((flags & 0x10) !== 0) parts.push(`size ${fields.u32()}`)
  if ((flags & 0x20) !== 0) parts.push(`flags ${fields.u32().toString(16)}`)
  return parts.join('  ')
}

const FULL_BOXES: Record<string, Describe> = {
  mvhd: (full) => {
    time(full)
    time(full)
    return `timescale ${full.fields.u32()}  duration ${time(full)}`
  },
  tkhd: (full) => {
    time(full)
    time(full)
    const id = full.fields.u32()
    full.fields.skip(4)
    const duration = time(full)
    full.fields.skip(52)
    return `track ${id}  duration ${duration}  ${full.fields.u32() / 65536}x${full.fields.u32() / 65536}`
  },
  mdhd: (full) => {
    time(full)
    time(full)
    return `timescale ${full.fields.u32()}  duration ${time(full)}`
  },
  hdlr: ({ fields }) => {
    fields.skip(4)
    return fields.fourcc()
  },
  trex: ({ fields }) =>
    `track ${fields.u32()}  description ${fields.u32()}  duration ${fields.u32()}  size ${fields.u32()}  flags ${fields.u32().toString(16)}`,
  mfhd: ({ fields }) => `sequence ${fields.u32()}`,
  tfhd,
  tfdt: (full) => `decode time ${time(full)}`,
  trun,
  prft: (_full, box) => {
    const prft = parsePrft(box)
    return prft
      ? `track ${prft.trackId}  utc ${new Date(Math.round(prft.utcMs)).toISOString()}  media time ${prft.mediaTime}`
      : 'cannot be parsed'
  },
  esds: (_full, box) => Buffer.from(box.body.subarray(4)).toString('hex'),
}

const plainText = (box: Box): string => {
  const { type, body } = box
  const c = new Cursor(body)
  switch (type) {
    case 'ftyp':
    case 'styp':
      return (
        Buffer.from(body.subarray(0, 4)).toString('latin1') +
        body
          .subarray(8)
          .reduce(
            (text, byte, i) => text + (i % 4 === 0 ? ' ' : '') + String.fromCharCode(byte),
            '',
          )
      )
    case 'avcC':
    case 'hvcC':
      return Buffer.from(body).toString('hex')
    case 'avc1':
    case 'hvc1':
    case 'hev1':
      c.skip(24)
      return `${c.u16()}x${c.u16()}`
    case 'mp4a': {
      c.skip(16)
      const channels = c.u16()
      c.skip(6)
      return `${channels} channels  ${c.u32() / 65536} Hz`
    }
    default:
      return ''
  }
}

const dumpBox = (box: Box, depth: number, lines: string[]): void => {
  const describe = FULL_BOXES[box.type]
  const full = describe && fullBox(box)
  const head = full
    ? `v${full.version} flags ${full.flags.toString(16)}  ${describe(full, box)}`
    : plainText(box)
  const indent = '  '.repeat(depth)
  const text = `${indent}${box.type}  at ${box.offset}  ${box.size} bytes  ${head}`.trimEnd()
  lines.push(text.replaceAll('\n', `\n${indent}`))
  const from = CONTAINERS.has(box.type) ? 0 : CHILDREN_AT[box.type]
  if (from === undefined) return
  const broken = (offset: number, message: string) =>
    lines.push(`${indent}  broken at ${offset}: ${message}`)
  for (const child of readBoxes(box.body.subarray(from), bodyOffset(box) + from, broken))
    dumpBox(child, depth + 1, lines)
}

/** The tree of boxes of an MP4 file, with the fields that matter; media data by its size only. */
export const dumpMp4 = (bytes: Uint8Array): string => {
  const lines: string[] = []
  const broken = (offset: number, message: string) => lines.push(`broken at ${offset}: ${message}`)
  for (const box of readBoxes(bytes, 0, broken)) dumpBox(box, 0, lines)
  return `${lines.join('\n')}\n`
}

if (isMain(import.meta.url))
  for (const path of argv.slice(2)) process.stdout.write(dumpMp4(readFileSync(path)))
