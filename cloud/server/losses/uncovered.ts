import type { Loss } from '../contract.ts'
import type { Interval } from '../store/index/types.ts'

/** What is shorter than this is no hole that anybody sees: times of a loss are those of whole pictures. */
const SHORTEST_MS = 500

/** What recordings leave of an interval; both must be in order of time, and recordings must not overlap. */
const without = (interval: Interval, recordings: readonly Interval[]): Interval[] => {
  const rest: Interval[] = []
  let atMs = interval.startMs
  for (const { startMs, endMs } of recordings) {
    if (endMs <= atMs) continue
    if (startMs >= interval.endMs) break
    if (startMs > atMs) rest.push({ startMs: atMs, endMs: startMs })
    atMs = Math.max(atMs, endMs)
  }
  if (atMs < interval.endMs) rest.push({ startMs: atMs, endMs: interval.endMs })
  return rest
}

/**
 * Losses as people see them: what a later upload covers is none. A device tells of whole slices, and after a restart of all the time for which it
 * cannot vouch, so that most of a loss may be there. One that recordings cut in two has its id twice, its bytes shared out by time.
 */
export const uncovered = (
  losses: readonly Loss[],
  recordings: readonly Interval[],
): Omit<Loss, 'channel'>[] =>
  losses.flatMap(({ id, startMs, endMs, bytes, cause }) => {
    const rest = without({ startMs, endMs }, recordings)
    // a loss of one picture, or of frames refused within one, has no length of its own
    if (endMs - startMs < SHORTEST_MS) {
      const isCovered = rest.length === 0 && endMs > startMs
      return isCovered ? [] : [{ id, startMs, endMs, bytes, cause }]
    }
    return rest
      .filter((part) => part.endMs - part.startMs >= SHORTEST_MS)
      .map((part) => ({
        id,
        ...part,
        bytes: Math.round((bytes * (part.endMs - part.startMs)) / (endMs - startMs)),
        cause,
      }))
  })
