import type { Upload } from '../../index/upload-store.ts'

/** Bytes of an object that is being written: where they lie. */
export type Extent = {
  /** in the object as it will be */
  start: number
  end: number
  /** key of the object that has them, from its first byte on */
  key: string
}

/** What was there before lies in the object itself, then each append in one of its own. */
export const extentsOf = (upload: Upload): Extent[] => {
  const extents: Extent[] = []
  if (upload.baseBytes > 0) extents.push({ start: 0, end: upload.baseBytes, key: upload.key })
  for (const { offset, bytes, part } of upload.appends)
    if (bytes > 0) extents.push({ start: offset, end: offset + bytes, key: part })
  return extents
}

export const lengthOf = (upload: Upload): number => {
  const last = upload.appends.at(-1)
  return last ? last.offset + last.bytes : upload.baseBytes
}

/** The part of each extent that lies in a range. */
export const extentsIn = (
  extents: readonly Extent[],
  start: number,
  end: number,
): { key: string; start: number; end: number }[] =>
  extents
    .filter((extent) => extent.start < end && extent.end > start)
    .map((extent) => ({
      key: extent.key,
      start: Math.max(start, extent.start) - extent.start,
      end: Math.min(end, extent.end) - extent.start,
    }))
