import type { AppendIndex, Piece } from '../contract.ts'
import { SLICE_MAX_MS } from '../slice.ts'
import type { Slice } from '../store/index/types.ts'

/** A fragment is at least half a second, but a device may send less; this bounds what one slice can cost. */
const PIECES_MAX = 4096
/** Clocks of pictures and of the slice's start are read separately. */
const START_TOLERANCE_MS = 1000

const same = (a: Piece, b: Piece): boolean =>
  a.o === b.o && a.b === b.b && a.t === b.t && a.d === b.d && a.n === b.n && a.k === b.k

/** Whether a device that was killed, or had no room for more, has kept a shorter state of a piece than it once told. */
const isEarlier = (piece: Piece, told: Piece): boolean =>
  piece.b < told.b && piece.t === told.t && piece.k === told.k

/** Takes one piece into a list. Returns what is wrong with it, or undefined. `endBytes`: all that there will be of the slice. */
const addPiece = (
  pieces: Piece[],
  piece: Piece,
  slice: Slice,
  endBytes: number | undefined,
): string | undefined => {
  const at = `piece at offset ${piece.o}`
  const known = pieces.findLastIndex((other) => other.o === piece.o)
  if (known >= 0) {
    const old = pieces[known]!
    if (endBytes !== undefined && isEarlier(piece, old)) {
      // what is here whole stays as it is; what will never be whole ends with the last pictures that are
      if (old.o + old.b > endBytes) pieces.splice(known, Number.POSITIVE_INFINITY, piece)
      return undefined
    }
    if (old.open === 1) {
      if (piece.b < old.b) return `${at}: an open piece shrank from ${old.b} to ${piece.b} bytes`
      pieces[known] = piece
      return undefined
    }
    return same(old, piece) && piece.open !== 1 ? undefined : `${at}: a finished piece changed`
  }
  const last = pieces.at(-1)
  const expected = last ? last.o + last.b : slice.initBytes
  if (last?.open === 1) return `${at}: the piece at ${last.o} is still open`
  if (piece.o !== expected) return `${at}: pieces have no gaps, the next one is at ${expected}`
  if (last && piece.t < last.t)
    return `${at}: time ${piece.t} is before ${last.t} of the last piece`
  if (!last && piece.t < slice.startUtcMs - START_TOLERANCE_MS)
    return `${at}: time ${piece.t} is before the slice's start ${slice.startUtcMs}`
  if (piece.t + piece.d > slice.startUtcMs + SLICE_MAX_MS)
    return `${at}: it ends more than ${SLICE_MAX_MS} ms after the slice's start`
  if (pieces.length >= PIECES_MAX) return `${at}: a slice has at most ${PIECES_MAX} pieces`
  pieces.push(piece)
  return undefined
}

/**
 * A slice's pieces after an append's index has been taken in, or what is wrong with that index. Pieces may be known
 * before their bytes. Taking the same index twice changes nothing. `bytes` is what the slice has with the append.
 */
export const applyIndex = (
  slice: Slice,
  index: AppendIndex,
  bytes: number,
): { pieces: Piece[] } | { fault: string } => {
  const pieces = slice.pieces.slice()
  for (const { o, b, t, d, n, k, open } of index.pieces) {
    const piece: Piece = { o, b, t, d, n, k, ...(open === 1 && { open }) }
    const fault = addPiece(pieces, piece, slice, index.end && bytes)
    if (fault !== undefined) return { fault }
  }
  return { pieces }
}
