import type { Piece } from '../../contract.ts'

const FIELDS = 6

/**
 * Pieces as they stand in the index: a flat list of numbers, six a piece (length, ms since the piece before, duration,
 * pictures, IDR, open). Offsets follow from the lengths, as pieces have no gaps between them.
 */
export const packPieces = (pieces: readonly Piece[], startMs: number): string => {
  const numbers: number[] = []
  let atMs = startMs
  for (const piece of pieces) {
    numbers.push(piece.b, piece.t - atMs, piece.d, piece.n, piece.k, piece.open ?? 0)
    atMs = piece.t
  }
  return numbers.join(' ')
}

export const unpackPieces = (text: string, startMs: number, startOffset: number): Piece[] => {
  const numbers = text === '' ? [] : text.split(' ').map(Number)
  const pieces: Piece[] = []
  let o = startOffset
  let t = startMs
  for (let at = 0; at + FIELDS <= numbers.length; at += FIELDS) {
    const b = numbers[at]!
    t += numbers[at + 1]!
    const piece: Piece = { o, b, t, d: numbers[at + 2]!, n: numbers[at + 3]!, k: numbers[at + 4]! }
    if (numbers[at + 5] === 1) piece.open = 1
    pieces.push(piece)
    o += b
  }
  return pieces
}
