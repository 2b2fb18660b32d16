import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { z } from 'zod'
import {
  channelSchema,
  type Piece,
  pieceSchema,
  type SliceEnd,
  type SliceStart,
  sliceEndSchema,
  sliceStartSchema,
} from '../mqtt/messages.ts'
import {
  RECORD_BEGIN,
  RECORD_CHUNK,
  RECORD_END,
  readData,
  readRecord,
  type SpoolRecord,
} from './record.ts'

const bytesSchema = z.int().nonnegative()

/** The first record of a file; its data is the init segment (fMP4). */
const beginSchema = z.object({
  version: z.literal(1),
  channel: channelSchema,
  start: sliceStartSchema,
  from: bytesSchema,
  event: z.boolean(),
})
export type Begin = z.infer<typeof beginSchema>

/** Bytes of the slice from `offset` on, and the pieces that they bring news of. */
const chunkSchema = z.object({
  offset: bytesSchema,
  pieces: z.array(pieceSchema),
  event: z.boolean(),
})
export type Chunk = z.infer<typeof chunkSchema>

/** Nothing more comes of the slice; without an `end` it was cut while it grew. */
const endSchema = z.object({ end: sliceEndSchema.optional(), event: z.boolean() })
export type End = z.infer<typeof endSchema>

/** A slice in the spool, or what is left of one: bytes [from, to) of its file. */
export type StoredSlice = {
  channel: number
  start: SliceStart
  /** init segment (fMP4) */
  init: SpoolRecord
  from: number
  to: number
  chunks: (SpoolRecord & { offset: number })[]
  pieces: Piece[]
  end: SliceEnd | undefined
  /** the spool had no room for more of it */
  isCut: boolean
  isEvent: boolean
  /** up to here the file is good */
  fileBytes: number
}

/** Where the pictures of a slice end, by what is known of its pieces. */
export const endMsOf = ({ start, pieces }: Pick<StoredSlice, 'start' | 'pieces'>): number => {
  const last = pieces.at(-1)
  return last ? Math.round(last.t + last.d) : start.startUtcMs
}

/** The end of a slice whose own end was never written: the process or the power was gone before. */
export const endOfRest = (slice: Pick<StoredSlice, 'start' | 'pieces'>): SliceEnd => {
  const { start, pieces } = slice
  const frames = pieces.reduce((sum, piece) => sum + piece.n, 0)
  const endUtcMs = Math.max(endMsOf(slice), start.startUtcMs)
  return {
    endUtcMs,
    endPtsMs: start.startPtsMs + endUtcMs - start.startUtcMs,
    endSeq: start.startSeq + Math.max(0, frames - 1),
    frames,
    reason: 'stop',
  }
}

/** Cuts what follows the last whole piece: a part of a GOP or fragment is nothing that a player could be given. */
export const cutToPieces = (slice: StoredSlice): StoredSlice => {
  const pieces = slice.pieces.filter((piece) => piece.o + piece.b <= slice.to)
  const last = pieces.at(-1)
  const to = Math.max(slice.from, last ? last.o + last.b : slice.start.initBytes)
  return {
    ...slice,
    pieces: pieces.map(({ open: _, ...piece }) => piece),
    to: Math.min(to, slice.to),
  }
}

/** Takes a chunk's pieces in: those of a place replace what was known of it. */
const merge = (pieces: Piece[], news: readonly Piece[]): void => {
  for (const piece of news) {
    const at = pieces.findLastIndex((other) => other.o === piece.o)
    if (at >= 0) pieces[at] = piece
    else pieces.push(piece)
  }
}

/** Reads a file as far as it is good; undefined when not even its beginning is. Video is read only where `checks` asks for it. */
export const readStored = (
  fd: number,
  checks: 'all' | 'last' | 'none' = 'none',
): StoredSlice | undefined => {
  const fileBytes = fstatSync(fd).size
  const first = readRecord(fd, 0, fileBytes)
  if (first?.kind !== RECORD_BEGIN || readData(fd, first) === undefined) return undefined
  const begin = beginSchema.safeParse(first.json)
  if (!begin.success) return undefined
  const { channel, start, from, event } = begin.data
  const slice: StoredSlice = {
    channel,
    start,
    init: first,
    from,
    to: from,
    chunks: [],
    pieces: [],
    end: undefined,
    isCut: false,
    isEvent: event,
    fileBytes: first.end,
  }
  for (;;) {
    const record = readRecord(fd, slice.fileBytes, fileBytes)
    if (!record) break
    if (checks === 'all' && readData(fd, record) === undefined) break
    if (!take(slice, record)) break
    slice.fileBytes = record.end
    if (slice.end || slice.isCut) break
  }
  const last = slice.chunks.at(-1)
  if (checks !== 'last' || !last || readData(fd, last) !== undefined) return slice
  return readStored(fd, 'all')
}

const take = (slice: StoredSlice, record: SpoolRecord): boolean => {
  if (record.kind === RECORD_CHUNK) {
    const chunk = chunkSchema.safeParse(record.json)
    if (!chunk.success || chunk.data.offset !== slice.to) return false
    merge(slice.pieces, chunk.data.pieces)
    slice.chunks.push({ ...record, offset: chunk.data.offset })
    slice.to += record.dataBytes
    slice.isEvent ||= chunk.data.event
    return true
  }
  if (record.kind !== RECORD_END) return false
  const end = endSchema.safeParse(record.json)
  if (!end.success) return false
  slice.end = end.data.end
  slice.isCut = end.data.end === undefined
  slice.isEvent ||= end.data.event
  return true
}

/**
 * Opens a file of an earlier start of the program: what is torn off or damaged at its end is cut away, and what is left is a slice that has ended.
 * Undefined when nothing is left.
 */
export const recoverStored = (path: string): StoredSlice | undefined => {
  const fd = openSync(path, 'r+')
  try {
    const fileBytes = fstatSync(fd).size
    let slice = readStored(fd, 'last')
    // a slice without an end was being written when everything stopped
    if (slice && !slice.end) slice = readStored(fd, 'all')
    if (!slice) return undefined
    if (slice.fileBytes < fileBytes) ftruncateSync(fd, slice.fileBytes)
    const rest = slice.end ? slice : cutToPieces(slice)
    return rest.to > rest.from || rest.end ? rest : undefined
  } finally {
    closeSync(fd)
  }
}
