/**
 * Writes assembly/aac/tables-huffman.ts and tables-sfb.ts from the facts in tests/assembly/aac/aac-tables.json.
 * Run after the JSON changes: `bun tools/gen-aac-tables.ts`
 */
import { readFileSync, writeFileSync } from 'node:fs'

type Codebook = { dim: number; signed: boolean; lav: number; len: number[]; code: number[] }
type Tables = {
  codebooks: Record<string, Codebook>
  scalefactor: { len: number[]; code: number[] }
  sfb_offset_long_1024: Record<string, number[]>
  sfb_offset_short_128: Record<string, number[]>
}

const root = new URL('../', import.meta.url)
const tables = JSON.parse(
  readFileSync(new URL('tests/assembly/aac/aac-tables.json', root), 'utf8'),
) as Tables

const WIDTH = 118

/** Numbers as an indented, wrapped list. */
const wrap = (values: readonly number[]): string => {
  const lines: string[] = []
  let line = ' '
  for (const value of values) {
    const text = ` ${value},`
    if (line.length + text.length > WIDTH) {
      lines.push(line)
      line = ' '
    }
    line += text
  }
  return [...lines, line].join('\n')
}

const table = (doc: string, name: string, type: string, values: readonly number[]): string =>
  `/** ${doc} */\nexport const ${name}: usize = memory.data<${type}>([\n${wrap(values)}\n]);\n`

const header = (what: string): string =>
  `// ${what}\n// Written by tools/gen-aac-tables.ts from tests/assembly/aac/aac-tables.json; do not edit.\n\n`

const books = Array.from({ length: 11 }, (_, i) => tables.codebooks[String(i + 1)]!)
const starts = books.map((_, i) =>
  books.slice(0, i).reduce((sum, book) => sum + book.len.length, 0),
)

const huffman =
  header('Spec: 14496-3 4.A.6.1 (tables 4.A.2 to 4.A.12), 4.A.1 (scale factors)') +
  `// The eleven spectrum codebooks stand one after another; book b starts at entry bookStart(b).\n\n` +
  table('First entry of spectrum codebook 1..11', 'BOOK_START', 'u16', starts) +
  '\n' +
  table(
    'Code word lengths',
    'BOOK_LENGTH',
    'u8',
    books.flatMap((book) => book.len),
  ) +
  '\n' +
  table(
    'Code words',
    'BOOK_CODE',
    'u16',
    books.flatMap((book) => book.code),
  ) +
  '\n' +
  table(
    'Scale factor code word lengths, index = difference + 60',
    'SCALE_FACTOR_LENGTH',
    'u8',
    tables.scalefactor.len,
  ) +
  '\n' +
  table('Scale factor code words', 'SCALE_FACTOR_CODE', 'u32', tables.scalefactor.code)
writeFileSync(new URL('assembly/aac/tables-huffman.ts', root), huffman)

/** Spec: 14496-3 table 1.18, in the order of samplingFrequencyIndex. */
const RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]

/** Band edges of several rates, equal lists stored once: a start and a length per rate index. */
const edges = (
  lists: readonly number[][],
): { start: number[]; count: number[]; values: number[] } => {
  const seen = new Map<string, number>()
  const values: number[] = []
  const start = lists.map((list) => {
    const key = list.join()
    const known = seen.get(key)
    if (known !== undefined) return known
    seen.set(key, values.length)
    values.push(...list)
    return seen.get(key)!
  })
  return { start, count: lists.map((list) => list.length - 1), values }
}

const long = edges(RATES.map((rate) => tables.sfb_offset_long_1024[String(rate)]!))
const short = edges(RATES.map((rate) => tables.sfb_offset_short_128[String(rate)]!))
const sfb =
  header('Spec: 14496-3 4.5.4 (tables 4.129 to 4.147), by samplingFrequencyIndex') +
  table('Bands of a long window', 'LONG_BANDS', 'u8', long.count) +
  '\n' +
  table('First entry in LONG_EDGES', 'LONG_START', 'u16', long.start) +
  '\n' +
  table('Band edges of long windows', 'LONG_EDGES', 'u16', long.values) +
  '\n' +
  table('Bands of a short window', 'SHORT_BANDS', 'u8', short.count) +
  '\n' +
  table('First entry in SHORT_EDGES', 'SHORT_START', 'u16', short.start) +
  '\n' +
  table('Band edges of short windows', 'SHORT_EDGES', 'u16', short.values)
writeFileSync(new URL('assembly/aac/tables-sfb.ts', root), sfb)
