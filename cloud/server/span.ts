import { badRequest } from './errors.ts'
import type { Interval } from './store/index/types.ts'

/** @throws ApiError 400 that says how long the range is, and how long it may be */
export const checkSpan = ({ startMs, endMs }: Interval, maxMs: number): void => {
  const hours = (ms: number) => Math.round(ms / 36_000) / 100
  if (endMs - startMs > maxMs)
    throw badRequest(
      `the range is ${hours(endMs - startMs)} hours long, and may be at most ${hours(maxMs)} hours`,
    )
}
