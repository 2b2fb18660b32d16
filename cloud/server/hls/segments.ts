import type { Piece } from '../contract.ts'
import { playablePieces, sliceFileName } from '../slice.ts'
import type { Slice } from '../store/index/types.ts'
import { keyFileName, pieceIv } from './slice-key.ts'

/** One media segment: a byte range of a slice, as a rule one that starts with an IDR. Once listed it never changes. */
export type Segment = {
  /** file name of the slice */
  file: string
  offset: number
  bytes: number
  startMs: number
  durationMs: number
  startsWithIdr: boolean
  /** length of the init segment at the head of the file; 0 for TS */
  initBytes: number
  /** timestamps or codecs do not continue those of the segment before */
  discontinuity: boolean
  /** file name of its key, and its IV; absent when it is clear */
  key?: { file: string; iv: string }
  /** fMP4: its fragments, which a player can be given before it is whole */
  parts?: Part[]
  /** more parts may follow: it can be listed by its parts only */
  isGrowing?: boolean
}

export type Part = Pick<Segment, 'offset' | 'bytes' | 'durationMs' | 'startsWithIdr'>

/** A TS piece is a GOP; fMP4 fragments are grouped into GOPs, unless each is encrypted by itself. */
const groupPieces = (slice: Slice, withParts: boolean): Piece[][] => {
  if (slice.encryption) return playablePieces(slice).map((piece) => [piece])
  const groups: Piece[][] = []
  for (const piece of playablePieces(slice)) {
    const group = groups.at(-1)
    if (group && slice.format === 'fmp4' && piece.k === 0) group.push(piece)
    else groups.push([piece])
  }
  // the last GOP of an open fMP4 slice may get more fragments
  if (slice.format === 'fmp4' && slice.state === 'open' && !withParts) groups.pop()
  return groups
}

/**
 * Whether a slice goes on where another ended: the next one of the same boot, completed by its device, with the same
 * codecs. Everything else is announced as a discontinuity.
 */
export const continues = (before: Slice, next: Slice): boolean => {
  const [boot, number] = before.id.split('-')
  const [nextBoot, nextNumber] = next.id.split('-')
  return (
    !next.discontinuity &&
    before.state !== 'cut' &&
    boot === nextBoot &&
    Number(nextNumber) === Number(number) + 1 &&
    before.format === next.format &&
    before.codecs === next.codecs &&
    before.width === next.width &&
    before.height === next.height
  )
}

const partOf = ({ o, b, d, k }: Piece): Part => ({
  offset: o,
  bytes: b,
  durationMs: d,
  startsWithIdr: k === 1,
})

/**
 * Segments of slices that follow each other, each marked when it does not continue the one before.
 * @param withParts with the fragments of each, and with the last GOP of an open slice as far as it goes
 */
export const segmentsOf = (slices: readonly Slice[], withParts = false): Segment[] => {
  const segments: Segment[] = []
  let before: Slice | undefined
  for (const slice of slices) {
    let discontinuity = before !== undefined && !continues(before, slice)
    const hasParts = withParts && slice.format === 'fmp4' && !slice.encryption
    const groups = groupPieces(slice, withParts)
    for (const group of groups) {
      const first = group[0]!
      segments.push({
        file: sliceFileName(slice),
        offset: first.o,
        bytes: group.reduce((sum, piece) => sum + piece.b, 0),
        startMs: first.t,
        durationMs: group.reduce((sum, piece) => sum + piece.d, 0),
        startsWithIdr: first.k === 1,
        initBytes: slice.initBytes,
        discontinuity,
        ...(hasParts && {
          parts: group.map(partOf),
          isGrowing: slice.state === 'open' && group === groups.at(-1),
        }),
        ...(slice.encryption && {
          key: {
            file: keyFileName(slice),
            iv: pieceIv(
              slice.encryption.iv,
              slice.pieces.findIndex(({ o }) => o === first.o),
            ),
          },
        }),
      })
      discontinuity = false
    }
    before = slice
  }
  return segments
}

/** Segments of a range, and those before it up to an IDR: nothing can be shown from the middle of a GOP. */
export const segmentsWithin = (
  segments: readonly Segment[],
  fromMs: number,
  toMs: number,
): Segment[] => {
  let first = segments.findIndex(
    ({ startMs, durationMs }) => startMs < toMs && startMs + durationMs > fromMs,
  )
  while (first > 0 && !segments[first]!.startsWithIdr) first--
  return segments.filter(
    ({ startMs, durationMs }, at) =>
      startMs < toMs && (startMs + durationMs > fromMs || (first >= 0 && at >= first)),
  )
}
