import type { SliceEncryption, SliceEnd } from '../../contract.ts'
import { sliceSpan } from '../../slice.ts'
import { packPieces, unpackPieces } from './pieces.ts'
import type { slices } from './schema.ts'
import type { Slice, SliceState } from './types.ts'

export type SliceRow = typeof slices.$inferSelect

export const toRow = (slice: Slice): typeof slices.$inferInsert => {
  const { startMs, endMs } = sliceSpan(slice)
  return {
    deviceId: slice.deviceId,
    channel: slice.channel,
    id: slice.id,
    state: slice.state,
    format: slice.format,
    codecs: slice.codecs,
    width: slice.width,
    height: slice.height,
    startMs,
    endMs,
    startPtsMs: slice.startPtsMs,
    startSeq: slice.startSeq,
    discontinuity: slice.discontinuity,
    initBytes: slice.initBytes,
    bytes: slice.bytes,
    pieces: packPieces(slice.pieces, startMs),
    endUtcMs: slice.end?.endUtcMs ?? null,
    endPtsMs: slice.end?.endPtsMs ?? null,
    endSeq: slice.end?.endSeq ?? null,
    frames: slice.end?.frames ?? null,
    reason: slice.end?.reason ?? null,
    shiftMs: slice.shiftMs ?? 0,
    encryption: slice.encryption ? JSON.stringify(slice.encryption) : null,
  }
}

/** A slice with the times that its device gave it: what is appended to it has them too. */
export const asLabelled = ({ shiftMs = 0, ...slice }: Slice): Slice =>
  shiftMs === 0
    ? slice
    : {
        ...slice,
        startUtcMs: slice.startUtcMs - shiftMs,
        pieces: slice.pieces.map((piece) => ({ ...piece, t: piece.t - shiftMs })),
        ...(slice.end && { end: { ...slice.end, endUtcMs: slice.end.endUtcMs - shiftMs } }),
      }

export const fromRow = (row: SliceRow): Slice => {
  const { startMs, endMs: _, pieces, encryption, shiftMs, ...others } = row
  const { endUtcMs, endPtsMs, endSeq, frames, reason, ...rest } = others
  return {
    ...rest,
    state: row.state as SliceState,
    format: row.format as Slice['format'],
    startUtcMs: startMs,
    pieces: unpackPieces(pieces, startMs, row.initBytes),
    ...(shiftMs !== 0 && { shiftMs }),
    ...(encryption !== null && { encryption: JSON.parse(encryption) as SliceEncryption }),
    ...(endUtcMs !== null && {
      end: {
        endUtcMs,
        endPtsMs: endPtsMs ?? 0,
        endSeq: endSeq ?? 0,
        frames: frames ?? 0,
        reason: reason as SliceEnd['reason'],
      },
    }),
  }
}
