import {
  OBJECT_META_HEADER,
  OBJECT_META_MAX_BYTES,
  type ObjectMeta,
  packObjectPieces,
} from '../../mqtt/bucket-layout.ts'
import type { Piece, SliceStart } from '../../mqtt/messages.ts'

export const CONTENT_TYPES = { ts: 'video/mp2t', fmp4: 'video/mp4' } as const

/** Metadata is a help for when the index is missing; an object is put without it rather than not at all. */
export const metaHeaders = (
  start: SliceStart,
  t: number,
  pieces: readonly Piece[],
  h: string,
): Record<string, string> => {
  const meta: ObjectMeta = { start, t, pieces: packObjectPieces(pieces), h }
  const text = JSON.stringify(meta)
  return text.length + OBJECT_META_HEADER.length > OBJECT_META_MAX_BYTES
    ? {}
    : { [OBJECT_META_HEADER]: text }
}
