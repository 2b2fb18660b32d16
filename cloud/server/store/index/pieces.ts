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
    const [b, since, d, n, k, open] = numbers.slice(at, at + FIELDS) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ]
    t += since
    pieces.push({ o, b, t, d, n, k, ...(open === 1 && { open }) })
    o += b
  }
  return pieces
}
