import { ApiError, badRequest, notFound } from '../errors.ts'
import { requireReadable } from '../hls/slice-key.ts'
import type { Interval, Slice } from '../store/index/types.ts'
import { exportedSegments, findChange } from './write-mp4.ts'

const HOUR_MS = 3_600_000
/** A day, with a clock change in it. */
const HOURS_MAX = 25

/**
 * How many bytes an export of these slices reads, and so about writes.
 * @throws ApiError when the range cannot be one file
 */
export const checkExport = (slices: readonly Slice[], range: Interval): number => {
  const hours = (range.endMs - range.startMs) / HOUR_MS
  if (hours > HOURS_MAX)
    throw badRequest(
      `the range is ${Math.round(hours * 100) / 100} hours long; an export covers at most ${HOURS_MAX}`,
    )
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
