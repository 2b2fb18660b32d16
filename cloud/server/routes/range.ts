/** `isExact`: both ends were given and lie inside, so the same request gets the same bytes for good. */
export type ByteRange = { start: number; end: number; isExact: boolean }

/**
 * The bytes that `Range` asks of a representation of `size` bytes, end exclusive. `undefined`: all of it (no header, or
 * one that may be ignored); `unsatisfiable`: 416. Spec: RFC 9110 14.1.2.
 */
export const parseRange = (
  header: string | undefined,
  size: number,
): ByteRange | 'unsatisfiable' | undefined => {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '')
  if (!match) return undefined
  const [, first, last] = match
  if (first === '') {
    if (last === '') return undefined
    const suffix = Number(last)
    if (suffix === 0 || size === 0) return 'unsatisfiable'
    return { start: Math.max(0, size - suffix), end: size, isExact: false }
  }
  const start = Number(first)
  if (start >= size) return 'unsatisfiable'
  if (last === '') return { start, end: size, isExact: false }
  if (Number(last) < start) return undefined
  const end = Number(last) + 1
  return { start, end: Math.min(size, end), isExact: end <= size }
}
