import type { Piece } from '../../mqtt/messages.ts'

/** With a backlog GOPs are joined up to this: a request costs as much as the time of many bytes. */
export const JOINED_MAX_BYTES = 512 * 1024
/** Their figures go into the object's metadata. */
export const OBJECT_PIECES_MAX = 16

/**
 * Where the next object ends, as an offset in the slice: behind a GOP, or several small ones that wait. Undefined while no GOP is whole.
 * `pressed`: the buffer fills up, so fragments go out without waiting for the rest of their GOP.
 */
export const objectEnd = (
  pending: readonly Piece[],
  ended: boolean,
  pressed: boolean,
): number | undefined => {
  let end: number | undefined
  const from = pending[0]?.o ?? 0
  for (const [at, piece] of pending.entries()) {
    if (piece.open === 1 || at === OBJECT_PIECES_MAX) break
    const next = pending[at + 1]
    const to = piece.o + piece.b
    if (end !== undefined && to - from > JOINED_MAX_BYTES) break
    const isLast = next === undefined
    const wholeGop = isLast ? ended : next.k === 1
    if (wholeGop || pressed || at === OBJECT_PIECES_MAX - 1) end = to
  }
  return end
}
