import { ApiError, notFound } from '../errors.ts'
import { requireReadable } from '../hls/slice-key.ts'
import { checkSpan } from '../span.ts'
import type { Interval, Slice } from '../store/index/types.ts'
import { exportedSegments, findChange } from './write-mp4.ts'

/** A day, with a clock change in it. */
const RANGE_MAX_MS = 25 * 3_600_000

/**
 * How many bytes an export of these slices reads, and so about writes.
 * @throws ApiError when the range cannot be one file
 */
export const checkExport = (slices: readonly Slice[], range: Interval): number => {
  checkSpan(range, RANGE_MAX_MS)
  const wanted = exportedSegments(slices, range)
  if (wanted.length === 0) throw notFound('nothing was recorded in the range')
  requireReadable(slices)
  const change = findChange(slices)
  if (change)
    throw new ApiError(
      409,
      'mixed_formats',
      `the recording changes ${change.what} at ${new Date(change.atMs).toISOString()}; export the parts before and after it`,
    )
  return wanted.reduce((sum, { segment }) => sum + segment.bytes, 0)
}
