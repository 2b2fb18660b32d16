import { readFileSync } from 'node:fs'

/**
 * A slow, plain reader of raw_data_block() for tests: every code word is looked up by comparing it with the JSON tables.
 * Spec: 14496-3 4.4.2
 */

type Codebook = { dim: number; signed: boolean; lav: number; len: number[]; code: number[] }
export type Tables = {
  codebooks: Record<string, Codebook>
  scalefactor: { len: number[]; code: number[] }
  sfb_offset_long_1024: Record<string, number[]>
  sfb_offset_short_128: Record<string, number[]>
}

export const tables = JSON.parse(
  readFileSync(new URL('./aac-tables.json', import.meta.url), 'utf8'),
) as Tables

export class Bits {
  at = 0
  constructor(readonly bytes: Uint8Array) {}
  read(width: number): number {
    let value = 0
    for (let i = 0; i < width; i++) {
      const byte = this.bytes[this.at >> 3]
      if (byte === undefined) throw new Error('read past the end of the frame')
      value = value * 2 + ((byte >> (7 - (this.at & 7))) & 1)
      this.at++
    }
    return value
  }
}

const indexes = new Map<object, Map<string, number>>()

/** Index of the next code word of a table. */
const decode = (bits: Bits, table: { len: number[]; code: number[] }): number => {
  let index = indexes.get(table)
  if (!index) {
    index = new Map(table.len.map((length, i) => [`${length}:${table.code[i]}`, i]))
    indexes.set(table, index)
  }
  let code = 0
  for (let length = 1; length < 20; length++) {
    code = code * 2 + bits.read(1)
    const found = index.get(`${length}:${code}`)
    if (found !== undefined) return found
  }
  throw new Error('no such code word')
}

export type Tns = { order: number; length: number; resolution: number; coefficients: number[] }
export type ChannelStream = {
  globalGain: number
  sequence: number
  shape: number
  maxSfb: number
  groups: number[]
  /** per group and band; the scale factor of codebook 13 is its noise energy */
  books: number[][]
  scaleFactors: number[][]
  tns: Tns[]
  /** 1024 quantised values in coding order */
  quant: Int16Array
}
export type RawDataBlock = { channels: ChannelStream[]; msUsed: boolean[][]; bits: number }

const readIcsInfo = (
  bits: Bits,
): Pick<ChannelStream, 'sequence' | 'shape' | 'maxSfb' | 'groups'> => {
  if (bits.read(1) !== 0) throw new Error('ics_reserved_bit')
  const sequence = bits.read(2)
  const shape = bits.read(1)
  if (sequence !== 2) {
    const maxSfb = bits.read(6)
    if (bits.read(1) !== 0) throw new Error('predictor_data_present in AAC-LC')
    return { sequence, shape, maxSfb, groups: [1] }
  }
  const maxSfb = bits.read(4)
  const groups = [1]
  for (let w = 1; w < 8; w++) {
    if (bits.read(1)) groups[groups.length - 1]!++
    else groups.push(1)
  }
  return { sequence, shape, maxSfb, groups }
}

const readQuad = (bits: Bits, book: number): number[] => {
  const table = tables.codebooks[book]!
  const index = decode(bits, table)
  const base = table.signed ? 1 : 0
  const values = [27, 9, 3, 1].map((weight) => (Math.floor(index / weight) % 3) - base)
  return table.signed ? values : values.map((v) => (v !== 0 && bits.read(1) ? -v : v))
}

const readPair = (bits: Bits, book: number): number[] => {
  const table = tables.codebooks[book]!
  const index = decode(bits, table)
  const modulus = table.signed ? 2 * table.lav + 1 : table.lav + 1
  const values = [Math.floor(index / modulus), index % modulus]
  if (table.signed) return values.map((v) => v - table.lav)
  const signs = values.map((v) => (v !== 0 && bits.read(1) ? -1 : 1))
  return values.map((v, i) => {
    if (book !== 11 || v !== 16) return v * signs[i]!
    let width = 4
    while (bits.read(1)) width++
    return (2 ** width + bits.read(width)) * signs[i]!
  })
}

const readChannelStream = (
  bits: Bits,
  rate: number,
  common?: ReturnType<typeof readIcsInfo>,
): ChannelStream => {
  const globalGain = bits.read(8)
  const info = common ?? readIcsInfo(bits)
  const short = info.sequence === 2
  const width = short ? 3 : 5
  const books = info.groups.map(() => {
    const group: number[] = []
    while (group.length < info.maxSfb) {
      const book = bits.read(4)
      let run = 0
      for (;;) {
        const more = bits.read(width)
        run += more
        if (more !== 2 ** width - 1) break
      }
      if (group.length + run > info.maxSfb) throw new Error('section longer than max_sfb')
      group.push(...Array<number>(run).fill(book))
    }
    return group
  })
  let last = globalGain
  let noise: number | undefined
  const scaleFactors = books.map((group) =>
    group.map((book) => {
      if (book === 0) return 0
      if (book === 13) {
        noise =
          noise === undefined
            ? globalGain - 90 - 256 + bits.read(9)
            : noise + decode(bits, tables.scalefactor) - 60
        return noise
      }
      if (book > 11) throw new Error(`codebook ${book}`)
      last += decode(bits, tables.scalefactor) - 60
      if (last < 0 || last > 255) throw new Error(`scale factor ${last}`)
      return last
    }),
  )
  if (bits.read(1) !== 0) throw new Error('unexpected pulse_data')
  const tns: Tns[] = []
  if (bits.read(1)) {
    for (let w = 0; w < (short ? 8 : 1); w++) {
      const filters = bits.read(short ? 1 : 2)
      if (filters === 0) continue
      const resolution = 3 + bits.read(1)
      for (let f = 0; f < filters; f++) {
        const length = bits.read(short ? 4 : 6)
        const order = bits.read(short ? 3 : 5)
        if (order === 0) continue
        if (order > (short ? 7 : 12)) throw new Error(`TNS order ${order}`)
        bits.read(1) // direction
        const size = resolution - bits.read(1)
        const coefficients = Array.from({ length: order }, () => {
          const raw = bits.read(size)
          return raw >= 2 ** (size - 1) ? raw - 2 ** size : raw
        })
        tns.push({ order, length, resolution, coefficients })
      }
    }
  }
  if (bits.read(1) !== 0) throw new Error('gain_control_data in AAC-LC')
  const edges = (short ? tables.sfb_offset_short_128 : tables.sfb_offset_long_1024)[rate]!
  const quant = new Int16Array(1024)
  let line = 0
  books.forEach((group, g) => {
    for (let b = 0; b < edges.length - 1; b++) {
      const lines = (edges[b + 1]! - edges[b]!) * info.groups[g]!
      const book = group[b] ?? 0
      if (book === 0 || book === 13) line += lines
      else
        for (const end = line + lines; line < end; ) {
          const values = book <= 4 ? readQuad(bits, book) : readPair(bits, book)
          quant.set(values, line)
          line += values.length
        }
    }
  })
  return { globalGain, ...info, books, scaleFactors, tns, quant }
}

/** Reads one raw_data_block(); throws on anything that AAC-LC does not allow. */
export const parseRawDataBlock = (bytes: Uint8Array, rate: number): RawDataBlock => {
  const bits = new Bits(bytes)
  const element = bits.read(3)
  bits.read(4)
  const channels: ChannelStream[] = []
  let msUsed: boolean[][] = []
  if (element === 0) channels.push(readChannelStream(bits, rate))
  else if (element === 1) {
    if (bits.read(1) !== 1) throw new Error('common_window expected')
    const info = readIcsInfo(bits)
    const present = bits.read(2)
    msUsed = info.groups.map(() =>
      Array.from({ length: info.maxSfb }, () =>
        present === 1 ? bits.read(1) === 1 : present === 2,
      ),
    )
    channels.push(readChannelStream(bits, rate, info), readChannelStream(bits, rate, info))
  } else throw new Error(`element ${element}`)
  if (bits.read(3) !== 7) throw new Error('ID_END expected')
  if (Math.ceil(bits.at / 8) !== bytes.length)
    throw new Error(`${bytes.length} bytes, ${bits.at} bits`)
  return { channels, msUsed, bits: bits.at }
}
